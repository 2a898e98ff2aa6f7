from __future__ import annotations

import pytest

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform.exchange import Exchange, RecordFailed
from sagemaker_local.runners.transform.lines import OversizedRecord
from tests.unit.sagemaker_local.runners.transform.plans import plan


class Model:
    """Answers each line with `<line>!`, and remembers its requests."""

    def __init__(self, end: bytes = b"\n") -> None:
        self.requests: list[bytes] = []
        self._end = end

    def __call__(self, request: bytes) -> bytes:
        self.requests.append(request)
        return b"\n".join(line + b"!" for line in request.split(b"\n")) + self._end


def test_whole_object_is_one_request_and_the_answer_is_stored_as_it_is() -> None:
    model = Model()

    stored = b"".join(Exchange(plan(), model).run(b"a\nb\n"))

    assert model.requests == [b"a\nb\n"]
    assert stored == b"a!\nb!\n!\n"


def test_lines_are_filled_into_requests_up_to_the_payload() -> None:
    model = Model()

    stored = b"".join(Exchange(plan(splits_lines=True, payload_bytes=5), model).run(b"aa\nbb\ncc\n"))

    assert model.requests == [b"aa\nbb", b"cc"]
    assert stored == b"aa!\nbb!\ncc!\n"


def test_single_record_asks_for_each_line_alone() -> None:
    model = Model()

    stored = b"".join(Exchange(plan(splits_lines=True, is_single_record=True), model).run(b"a\nb"))

    assert model.requests == [b"a", b"b"]
    assert stored == b"a!\nb!\n"


def test_answers_without_line_ends_are_concatenated_unless_assembled_with_line() -> None:
    request = {"splits_lines": True, "is_single_record": True}

    raw = b"".join(Exchange(plan(**request), Model(end=b"")).run(b"a\nb"))
    assembled = b"".join(Exchange(plan(**request, assembles_lines=True), Model(end=b"")).run(b"a\nb"))

    assert raw == b"a!b!"
    assert assembled == b"a!\nb!\n"


def test_assembling_with_line_ends_the_answer_of_a_whole_object() -> None:
    assert b"".join(Exchange(plan(assembles_lines=True), Model(end=b"")).run(b"a")) == b"a!\n"


def test_empty_lines_are_no_records() -> None:
    model = Model()

    b"".join(Exchange(plan(splits_lines=True), model).run(b"\na\n\n\nb\n\n"))

    assert model.requests == [b"a\nb"]


def test_joined_csv_keeps_the_order_across_requests() -> None:
    rules = plan(
        splits_lines=True,
        assembles_lines=True,
        payload_bytes=3,
        processing={"InputFilter": "$[1:]", "JoinSource": "Input"},
    )
    model = Model()

    stored = b"".join(Exchange(rules, model).run(b"1,a\n2,b\n3,c\n"))

    assert model.requests == [b"a\nb", b"c"]
    assert stored == b"1,a,a!\n2,b,b!\n3,c,c!\n"


def test_payload_counts_what_is_sent_not_what_was_read() -> None:
    rules = plan(splits_lines=True, payload_bytes=1, processing={"InputFilter": "$[0]"})
    model = Model()

    b"".join(Exchange(rules, model).run(b"a,long long long\n"))

    assert model.requests == [b"a"]


def test_output_filter_alone_needs_no_answer_for_each_record() -> None:
    rules = plan(splits_lines=True, processing={"OutputFilter": "$[0]"})

    stored = b"".join(Exchange(rules, lambda _: b"only,one\n").run(b"a\nb\n"))

    assert stored == b"only\n"


def test_joining_answers_of_another_number_fails() -> None:
    rules = plan(splits_lines=True, assembles_lines=True, processing={"JoinSource": "Input"})

    with pytest.raises(JobFailed, match=r"the model gave 1 lines for records 1 to 2 \(2 records\)"):
        list(Exchange(rules, lambda _: b"0.5\n").run(b"a\nb\n"))


def test_whole_json_object_is_filtered_and_joined() -> None:
    rules = plan(
        content_type="application/json",
        accept="application/json",
        processing={"InputFilter": "$.x", "JoinSource": "Input"},
    )
    requests: list[bytes] = []

    def ask(request: bytes) -> bytes:
        requests.append(request)
        return b"0.5"

    stored = b"".join(Exchange(rules, ask).run(b'{"id": 1,\n "x": [1, 2]}'))

    assert requests == [b"[1,2]"]
    assert stored == b'{"SageMakerOutput":0.5,"id":1,"x":[1,2]}'


def test_json_lines_of_a_whole_object_are_one_request_joined_line_by_line() -> None:
    rules = plan(
        content_type="application/jsonlines",
        accept="application/jsonlines",
        payload_bytes=1000,
        processing={"InputFilter": "$.x", "JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"},
    )
    requests: list[bytes] = []

    def ask(request: bytes) -> bytes:
        requests.append(request)
        return b"10\n20\n"

    stored = b"".join(Exchange(rules, ask).run(b'{"id": "a", "x": 1}\n{"id": "b", "x": 2}\n'))

    assert requests == [b"1\n2"]
    assert stored == b'{"SageMakerOutput":10,"id":"a"}\n{"SageMakerOutput":20,"id":"b"}\n'


def test_record_that_cannot_be_filtered_is_told_with_its_place() -> None:
    rules = plan(splits_lines=True, processing={"InputFilter": "$[1]"})

    with pytest.raises(RecordFailed, match=r"asks for index 1, but the record has 1 fields") as caught:
        list(Exchange(rules, Model()).run(b"a,b\nc\n"))

    assert caught.value.index == 1


def test_record_whose_answer_cannot_be_filtered_is_told_with_its_place() -> None:
    rules = plan(
        splits_lines=True,
        assembles_lines=True,
        is_single_record=True,
        processing={"JoinSource": "Input", "OutputFilter": "$[2]"},
    )
    answers = iter([b"x,y", b"z"])

    with pytest.raises(RecordFailed) as caught:
        list(Exchange(rules, lambda _: next(answers)).run(b"a\nb\n"))

    assert caught.value.index == 1


def test_record_larger_than_a_request_is_told_with_its_place_and_size() -> None:
    with pytest.raises(OversizedRecord) as caught:
        list(Exchange(plan(splits_lines=True, payload_bytes=3), Model()).run(b"a\nlong\n"))

    assert (caught.value.index, caught.value.size) == (1, 4)

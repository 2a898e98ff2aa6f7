from __future__ import annotations

import pytest

from sagemaker_local.errors import JobFailed, ValidationException
from sagemaker_local.runners.transform.data_processing import DataProcessing, RecordFormat


def processing(record_format: RecordFormat, **members: str) -> DataProcessing:
    return DataProcessing.parse(members, record_format)


def test_csv_input_filter_drops_the_id_from_what_the_model_sees() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[1:]")

    assert rules.for_model(b"c1,2,3") == b"2,3"


def test_csv_join_appends_the_answer_to_the_whole_record() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[1:]", JoinSource="Input")

    assert rules.for_output(b"c1,2,3", b"0.5,1") == b"c1,2,3,0.5,1"


def test_csv_output_filter_counts_over_the_joined_record() -> None:
    rules = processing(RecordFormat.CSV, JoinSource="Input", OutputFilter="$[0,-1]")

    assert rules.for_output(b"c1,2,3", b"0.5") == b"c1,0.5"


def test_csv_output_filter_without_join_counts_over_the_answer() -> None:
    rules = processing(RecordFormat.CSV, OutputFilter="$[0]")

    assert rules.for_output(b"c1,2,3", b"0.5,1") == b"0.5"


def test_csv_fields_with_commas_and_quotes_stay_whole() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[1,-1]")

    assert rules.for_model(b'c1,"a, ""b""",3') == b'"a, ""b""",3'
    assert rules.for_output(b'c1,"a, ""b""",3', b"0.5") == b'"a, ""b""",0.5'


def test_csv_texts_of_numbers_are_not_rewritten() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[0:2]")

    assert rules.for_model(b"1.0,1e5,x") == b"1.0,1e5"


def test_csv_record_with_a_windows_line_end_loses_it() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[1:]", JoinSource="Input")

    assert rules.for_model(b"c1,2\r") == b"2"
    assert rules.for_output(b"c1,2\r", b"7\r") == b"c1,2,7"


def test_csv_record_with_an_open_quote_fails() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[1:]")

    with pytest.raises(JobFailed, match=r"CSV record 'c1,\"open' is malformed"):
        rules.for_model(b'c1,"open')


def test_csv_record_that_is_not_utf8_fails() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$[1:]")

    with pytest.raises(JobFailed, match="The record is not UTF-8"):
        rules.for_model(b"c1,\xff")


def test_csv_filter_by_key_is_refused_before_the_job_exists() -> None:
    with pytest.raises(ValidationException, match=r"OutputFilter '\$.id' cannot be applied to text/csv"):
        processing(RecordFormat.CSV, OutputFilter="$.id")


def test_json_input_filter_sends_the_named_value() -> None:
    rules = processing(RecordFormat.JSON_LINES, InputFilter="$.features")

    assert rules.for_model(b'{"id": 1, "features": [1, 2]}') == b"[1,2]"


def test_json_object_gets_the_answer_under_sagemaker_output() -> None:
    rules = processing(RecordFormat.JSON_LINES, JoinSource="Input")

    assert rules.for_output(b'{"key": 1}', b'{"label": 1}') == b'{"SageMakerOutput":{"label":1},"key":1}'


def test_json_object_with_the_reserved_key_has_it_overwritten() -> None:
    rules = processing(RecordFormat.JSON_LINES, JoinSource="Input")

    assert rules.for_output(b'{"SageMakerOutput": "mine"}', b"0.5") == b'{"SageMakerOutput":0.5}'


def test_json_record_that_is_no_object_is_wrapped() -> None:
    rules = processing(RecordFormat.JSON, JoinSource="Input")

    assert rules.for_output(b"[1, 2]", b"0.5") == b'{"SageMakerInput":[1,2],"SageMakerOutput":0.5}'


def test_json_output_filter_takes_id_and_prediction() -> None:
    rules = processing(RecordFormat.JSON_LINES, JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")

    assert rules.for_output(b'{"id": "\xc3\xbc", "x": 2}', b"0.5") == '{"SageMakerOutput":0.5,"id":"ü"}'.encode()


def test_json_answer_without_join_and_filter_stays_as_it_is() -> None:
    rules = processing(RecordFormat.JSON_LINES, InputFilter="$.features")

    assert rules.for_output(b"{}", b'{ "b" : 1, "a" : 2 }') == b'{ "b" : 1, "a" : 2 }'


@pytest.mark.parametrize(
    ("record", "answer", "message"),
    [
        (b"{", b"1", "The record is not JSON: '{'"),
        (b"{}", b"no", "The model's answer is not JSON: 'no'"),
    ],
)
def test_malformed_json_fails_and_is_shown(record: bytes, answer: bytes, message: str) -> None:
    rules = processing(RecordFormat.JSON_LINES, JoinSource="Input")

    with pytest.raises(JobFailed, match=message):
        rules.for_output(record, answer)


def test_defaults_are_idle() -> None:
    rules = processing(RecordFormat.CSV, InputFilter="$", OutputFilter="$", JoinSource="None")

    assert rules.is_idle

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.runners.transform.messages import Failure
from sagemaker_local.runners.transform.refusals import UnsupportedFormat
from sagemaker_local.runners.transform.worker import Worker
from tests.unit.sagemaker_local.runners.transform.plans import plan


class Server:
    """A ModelServer whose answers a function gives."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self.requests: list[tuple[bytes, str, str]] = []

    def answer(self, body: bytes, content_type: str, accept: str) -> bytes:
        self.requests.append((body, content_type, accept))
        return self._answer(body)


def perform(folder: Path, server: Server, body: bytes, **changes: Any) -> tuple[Failure | None, bytes]:
    """Transform a file; the failure and what was written."""
    (folder / "in").write_bytes(body)
    worker = Worker(plan(**changes), server, lambda: None)  # type: ignore[arg-type]  # a fake of its one method
    failure = worker.perform(folder / "in", 0, len(body), folder / "out")
    return failure, (folder / "out").read_bytes()


def test_answer_of_the_model_is_written(tmp_path: Path) -> None:
    server = Server(bytes.upper)

    failure, stored = perform(tmp_path, server, b"abc")

    assert (failure, stored) == (None, b"ABC")
    assert server.requests == [(b"abc", "text/csv", "text/csv")]


def test_whole_gzip_object_reaches_the_model_unpacked(tmp_path: Path) -> None:
    failure, stored = perform(tmp_path, Server(bytes.upper), gzip.compress(b"abc"), is_gzip=True)

    assert (failure, stored) == (None, b"ABC")


def test_whole_gzip_object_that_is_too_large_when_unpacked_fails(tmp_path: Path) -> None:
    failure, _ = perform(tmp_path, Server(bytes.upper), gzip.compress(b"a" * 21), is_gzip=True)

    assert failure is not None
    assert failure.kind == "ClientError"
    assert failure.record is None
    assert "21 bytes do not fit into one request of at most 20 bytes" in failure.text


def test_invocation_that_fails_once_is_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = iter([ValueError("not yet"), None])

    def answer(body: bytes) -> bytes:
        if error := next(outcomes):
            raise error
        return body

    failure, stored = perform(tmp_path, Server(answer), b"abc")

    assert (failure, stored) == (None, b"abc")
    assert capsys.readouterr().out == "Invocation failed, attempt 1 of 4: ValueError: not yet\n"


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (3, 4)])
def test_invocation_that_always_fails_is_given_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], retries: int, attempts: int
) -> None:
    def answer(body: bytes) -> bytes:
        raise ValueError("column 'age' is missing")

    server = Server(answer)

    failure, _ = perform(tmp_path, server, b"abc", max_retries=retries)

    assert failure == Failure("AlgorithmError", "ValueError: column 'age' is missing")
    assert len(server.requests) == attempts
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_format_that_the_container_does_not_know_is_not_tried_again(tmp_path: Path) -> None:
    def answer(body: bytes) -> bytes:
        raise UnsupportedFormat("no such format")

    server = Server(answer)

    failure, _ = perform(tmp_path, server, b"abc")

    assert failure == Failure("AlgorithmError", "no such format")
    assert len(server.requests) == 1


def test_record_that_cannot_be_joined_is_told_with_its_place(tmp_path: Path) -> None:
    failure, _ = perform(
        tmp_path, Server(bytes.upper), b"a,b\nc\n", splits_lines=True, processing={"InputFilter": "$[1]"}
    )

    assert failure is not None
    assert (failure.kind, failure.record) == ("ClientError", 1)


def test_first_record_that_is_too_large_is_told_with_its_place(tmp_path: Path) -> None:
    failure, _ = perform(tmp_path, Server(bytes.upper), b"a" * 21, splits_lines=True)

    assert failure is not None
    assert failure.record == 0


def test_answers_that_do_not_fit_the_records_are_the_datas_failure(tmp_path: Path) -> None:
    failure, _ = perform(
        tmp_path,
        Server(lambda _: b"one\n"),
        b"a\nb\n",
        splits_lines=True,
        assembles_lines=True,
        processing={"JoinSource": "Input"},
    )

    assert failure is not None
    assert "the model gave 1 lines for records 1 to 2" in failure.text

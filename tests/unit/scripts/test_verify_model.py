import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import verify_model
from dataset_schema import Kind, ModelRefused
from verification_rows import ScoredRow, VerificationRows
from verify_model import CSV, JSON_LINES, PARQUET, unpack, verify

from tests.fakes.models import pack

KINDS = {"amount": Kind.NUMERIC, "plan": Kind.CATEGORICAL}
ROWS = (
    ScoredRow("CUST_000001", {"amount": 1.5, "plan": 'a "b", c'}, 1.0, 0.75),
    ScoredRow("CUST_000002", {"amount": None, "plan": None}, 0.0, 0.25),
)


def compare(*answers: tuple[str, float, float | None], rows: tuple[ScoredRow, ...] = ROWS) -> None:
    verify_model._compare(PARQUET, rows, answers)


def archive_with(folder: Path, name: str, **member: Any) -> Path:
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        for key, value in member.items():
            setattr(entry, key, value)
        archive.addfile(entry, io.BytesIO(b""))
    return folder / "model.tar.gz"


def test_answers_within_float32_precision_are_equal() -> None:
    compare(("CUST_000001", 1.0, 0.75 + 7e-7), ("CUST_000002", 0.0, 0.25 - 7e-7))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            ("CUST_000002", 0.0, 0.2500009),
            r"prediction_probability is 0.2500009, the training's is 0.25, and at most 8e-",
        ),
        (("CUST_000002", 1.0, 0.25), r"prediction is 1.0, the training's is 0.0,"),
        (("CUST_000002", 0.0, None), r"prediction_probability is None, the training's is 0.25,"),
        (("CUST_000002", 0.0, float("nan")), r"prediction_probability is nan, the training's is 0.25,"),
        (("CUST_000003", 0.0, 0.25), r"id is 'CUST_000003', the training's is 'CUST_000002',"),
    ],
)
def test_answer_that_differs_is_refused_with_row_and_both_values(
    answer: tuple[str, float, float | None], expected: str
) -> None:
    with pytest.raises(ModelRefused, match=rf"{PARQUET}, row 2 \(id 'CUST_000002'\): {expected}"):
        compare(("CUST_000001", 1.0, 0.75), answer)


def test_row_that_did_not_come_back_is_refused() -> None:
    with pytest.raises(ModelRefused, match=f"{PARQUET}: 2 rows were sent, 1 came back. Do not register this model"):
        compare(("CUST_000001", 1.0, 0.75))


def test_difference_of_a_regression_is_a_share_of_the_largest_prediction() -> None:
    rows = (ScoredRow("a", {}, 2e6, None), ScoredRow("b", {}, -1.0, None))

    compare(("a", 2e6 + 1.5, None), ("b", -1.0, None), rows=rows)

    with pytest.raises(ModelRefused, match=r"row 1 \(id 'a'\): prediction is 2000002.5, the training's is 2000000.0"):
        compare(("a", 2e6 + 2.5, None), ("b", -1.0, None), rows=rows)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (CSV, b'CUST_000001,1.5,"a ""b"", c"\nCUST_000002,,\n'),
        (
            JSON_LINES,
            (
                b'{"customer_id": "CUST_000001", "amount": 1.5, "plan": "a \\"b\\", c"}\n'
                b'{"customer_id": "CUST_000002", "amount": null, "plan": null}\n'
            ),
        ),
    ],
)
def test_text_formats_hold_the_raw_rows(kind: str, body: bytes) -> None:
    assert verify_model._ENCODERS[kind](VerificationRows("customer_id", KINDS, ROWS), ROWS) == body


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (PARQUET, b"PAR1"),
        (CSV, b"CUST_000001,1\n"),
        (CSV, b"CUST_000001,yes,0.5\n"),
        (CSV, b"\xff,1,0.5\n"),
        (JSON_LINES, b"[1, 2, 3]\n"),
        (JSON_LINES, b"{\n"),
    ],
)
def test_answer_in_another_format_is_refused_by_what_came(kind: str, body: bytes) -> None:
    with pytest.raises(ModelRefused, match=f"{kind}: the answer is not id, prediction, probability: b['\"]") as caught:
        verify_model._decoded(kind, body)
    assert repr(body) in str(caught.value)


def test_probability_of_a_regression_is_empty_in_every_text_format() -> None:
    assert verify_model._decoded(CSV, b"a,2.5,\n") == [("a", 2.5, None)]
    assert verify_model._decoded(JSON_LINES, b'{"id": "a", "p": 2.5, "q": null}\n') == [("a", 2.5, None)]


@pytest.mark.parametrize(
    ("name", "member", "expected"),
    [
        ("../evil.py", {}, "'../evil.py' would be extracted to"),
        (
            "model.ubj",
            {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
            "'model.ubj' is a link to an absolute path",
        ),
        ("model.ubj", {"type": tarfile.CHRTYPE}, "'model.ubj' is a special file"),
    ],
)
def test_member_that_reaches_outside_is_refused(
    tmp_path: Path, name: str, member: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ModelRefused, match=rf"model.tar.gz' cannot be unpacked: {expected}"):
        unpack(archive_with(tmp_path, name, **member), tmp_path / "model")


@pytest.mark.parametrize("content", [None, b"no archive", b"\x1f\x8b\x08\x00"])
def test_archive_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "model.tar.gz").write_bytes(content)

    with pytest.raises(ModelRefused, match=r"(?s)model.tar.gz' cannot be unpacked: .*Train again"):
        verify(tmp_path / "model.tar.gz")


def test_archive_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()

    with pytest.raises(ModelRefused, match=r"The archive has no verification.json: is it one that train.py's job made"):
        verify(pack(tmp_path))

    VerificationRows("customer_id", KINDS, ()).save(tmp_path / "model")
    with pytest.raises(ModelRefused, match=r"model.tar.gz' names no row to verify it with. Train again"):
        verify(pack(tmp_path))


def test_archive_without_serving_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    VerificationRows("customer_id", KINDS, ROWS).save(tmp_path / "model")

    with pytest.raises(ModelRefused, match=r"has no code/inference.py, which serves the model. Train again"):
        verify(pack(tmp_path))


def test_rows_with_line_breaks_are_not_sent_as_csv() -> None:
    broken = ScoredRow("CUST_000003", {"amount": 1.0, "plan": "two\nlines"}, 1.0, 0.75)

    assert verify_model._sendable(CSV, [*ROWS, broken]) == list(ROWS)
    assert verify_model._sendable(JSON_LINES, [broken]) == [broken]


def test_requests_are_strict_json() -> None:
    for line in verify_model._json_lines(VerificationRows("customer_id", KINDS, ROWS), ROWS).splitlines():
        json.loads(line, parse_constant=pytest.fail)

"""What a good row is, and why the others are refused."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from customer_rows import Refusal, Rules, check_all, count_ids
from dataset_schema import DataRefused, Schema, find_files
from raw_rows import read

DOCUMENT: dict[str, Any] = {
    "version": 1,
    "problem_type": "binary_classification",
    "id_column": "id",
    "id_format": "C{:02d}",
    "event_time_column": "at",
    "target": "left",
    "classes": [0, 1],
    "features": [{"name": "age", "kind": "numeric"}, {"name": "plan", "kind": "categorical"}],
}
SCHEMA = Schema.from_document(DOCUMENT)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HEADER = "id,at,age,plan,left\n"
GOOD = "C01,2026-01-31T09:00:00Z,40,basic,0\n"


def checked(folder: Path) -> tuple[list[dict[str, Any]], list[Refusal]]:
    files = find_files(folder, (".csv", ".parquet"))
    _, repeated = count_ids(lambda: read(files, folder, SCHEMA), SCHEMA)
    rules = Rules(SCHEMA, {"age": (18.0, 120.0)}, NOW, repeated)
    good: list[dict[str, Any]] = []
    refused: list[Refusal] = []
    for batch, refusals in check_all(files, folder, rules):
        good += batch.to_pylist()
        refused += refusals
    return good, refused


def test_good_row_becomes_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "C01,2026-01-31T09:00:00.500Z,40.50,basic,1\n")

    good, refused = checked(tmp_path)

    assert good == [{"id": "C01", "at": "2026-01-31T09:00:00.500Z", "age": "40.5", "plan": "basic", "left": "1"}]
    assert refused == []


def test_missing_values_and_label_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "C01,2026-01-31T09:00:00Z,,,\n")

    good, _ = checked(tmp_path)

    assert (good[0]["age"], good[0]["plan"], good[0]["left"]) == (None, None, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",2026-01-31T09:00:00Z,40,basic,0", "id is missing"),
        ("X01,2026-01-31T09:00:00Z,40,basic,0", "id is not of the form C{:02d}"),
        ("C01,,40,basic,0", "at is missing"),
        ("C01,2026-01-31 09:00:00,40,basic,0", "at is not of the form YYYY-MM-DDThh:mm:ssZ"),
        ("C01,2026-01-31T09:00:00+01:00,40,basic,0", "at is not of the form YYYY-MM-DDThh:mm:ssZ"),
        ("C01,2026-02-30T09:00:00Z,40,basic,0", "at is no date of the calendar"),
        ("C01,2026-01-31T12:00:00.001Z,40,basic,0", "at is in the future"),
        ("C01,2026-01-31T09:00:00Z,old,basic,0", "age is no number"),
        ("C01,2026-01-31T09:00:00Z,inf,basic,0", "age is not a finite number"),
        ("C01,2026-01-31T09:00:00Z,17,basic,0", "age is below 18"),
        ("C01,2026-01-31T09:00:00Z,121,basic,0", "age is above 120"),
        ("C01,2026-01-31T09:00:00Z,40,basic,2", "left is none of the classes '0', '1'"),
    ],
)
def test_bad_row_is_refused_with_its_reason_and_place(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}{GOOD.replace('C01', 'C99')}{line}\n")

    good, (refused,) = checked(tmp_path)

    assert [row["id"] for row in good] == ["C99"]
    assert (refused.file, refused.row) == ("a.csv", 2)
    assert any(text.startswith(reason) for text in refused.reasons), refused.reasons
    assert refused.values["plan"] == "basic"


def test_row_with_several_faults_names_each(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}X,never,old,basic,2\n")

    _, (refused,) = checked(tmp_path)

    assert len(refused.reasons) == 4


def test_ids_that_occur_twice_are_all_refused_across_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + GOOD + GOOD.replace("C01", "C02"))
    (tmp_path / "b.csv").write_text(HEADER + GOOD)

    good, refused = checked(tmp_path)

    assert [row["id"] for row in good] == ["C02"]
    assert [(item.file, item.reasons) for item in refused] == [
        ("a.csv", ["id occurs more than once in the input"]),
        ("b.csv", ["id occurs more than once in the input"]),
    ]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_timestamps_of_parquet_become_event_times(tmp_path: Path, zone: str | None) -> None:
    at = pa.array([datetime(2026, 1, 31, 9, tzinfo=UTC)]).cast(pa.timestamp("us", "UTC"))
    at = at.cast(pa.timestamp("us", zone))
    columns = {"id": ["C01"], "at": at, "age": [40], "plan": ["basic"], "left": [0.0]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    (row,), refused = checked(tmp_path)

    assert refused == []
    assert (row["at"], row["left"]) == ("2026-01-31T09:00:00.000Z", "0")


def test_column_of_another_type_refuses_the_file(tmp_path: Path) -> None:
    columns = {"id": ["C01"], "at": ["2026-01-31T09:00:00Z"], "age": ["forty"], "plan": ["basic"], "left": [0]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    with pytest.raises(DataRefused, match=r"column 'age': .* expected is a number, not the type string"):
        checked(tmp_path)


def test_missing_column_refuses_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,age,plan\nC01,2026-01-31T09:00:00Z,1,basic\n")

    with pytest.raises(DataRefused, match="missing columns \\['left'\\]"):
        checked(tmp_path)


def test_rows_of_a_file_without_a_header_are_checked_as_any(tmp_path: Path) -> None:
    schema = Schema.from_document(DOCUMENT | {"csv_columns": ["plan", "age", "at", "left"]})
    (tmp_path / "a.csv").write_text("basic,40,2026-01-31T09:00:00Z,0\nbasic,15,2026-01-31T09:00:00Z,0\n")
    files = find_files(tmp_path, (".csv",))

    ((good, refused),) = check_all(files, tmp_path, Rules(schema, {"age": (18.0, None)}, NOW, {}))

    assert good.to_pylist() == [{"id": "C01", "at": "2026-01-31T09:00:00Z", "age": "40", "plan": "basic", "left": "0"}]
    assert [(refusal.row, refusal.values["id"], refusal.reasons) for refusal in refused] == [
        (2, "C02", ["age is below 18"])
    ]

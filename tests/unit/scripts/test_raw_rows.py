"""CSV files without a header, whose columns the schema knows, and whose ids may be made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import raw_rows
from dataset_schema import DataRefused, Schema, find_files

from tests.fakes.datasets import ABALONES, SMALL, abalone_rows, write_headerless, write_rows

ORDER = ["plan", "amount", "churned"]
MADE: dict[str, Any] = SMALL | {"csv_columns": ORDER}
NAMED: dict[str, Any] = SMALL | {"csv_columns": ["churned", "customer_id", *ORDER[:2]]}


def read(folder: Path, document: dict[str, Any], *, needs_target: bool = True) -> pa.Table:
    """All rows of a folder, as text."""
    schema = Schema.from_document(document)
    found = raw_rows.read(find_files(folder, raw_rows.SUFFIXES), folder, schema, needs_target=needs_target)
    return pa.concat_tables([pa.Table.from_batches([rows.batch]) for rows in found], promote_options="default")


def put(folder: Path, *lines: str, name: str = "a.csv") -> None:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def refusal(folder: Path, document: dict[str, Any], *, needs_target: bool = True) -> str:
    with pytest.raises(DataRefused) as caught:  # each caller checks the message
        read(folder, document, needs_target=needs_target)
    return str(caught.value)


def test_columns_without_a_header_are_in_the_schemas_order(tmp_path: Path) -> None:
    put(tmp_path, "0,CUST_000007,basic,1.5", '1,CUST_000008,"a, ""b""",')

    rows = read(tmp_path, NAMED)

    assert rows.to_pylist() == [
        {"churned": "0", "customer_id": "CUST_000007", "plan": "basic", "amount": "1.5"},
        {"churned": "1", "customer_id": "CUST_000008", "plan": 'a, "b"', "amount": None},
    ]


def test_number_of_a_row_in_its_file_becomes_its_id(tmp_path: Path) -> None:
    """Blank lines are no rows."""
    put(tmp_path, "basic,1.5,0", "", "plus,2.5,1", "basic,3.5,0", "")

    assert read(tmp_path, MADE)["customer_id"].to_pylist() == ["CUST_000001", "CUST_000002", "CUST_000003"]


@pytest.mark.parametrize(
    ("form", "ids"), [("{:d}", ["9", "10"]), ("C{:02d}", ["C09", "C10"]), ("{:03d}/x", ["009/x", "010/x"])]
)
def test_made_ids_have_the_schemas_form(tmp_path: Path, form: str, ids: Sequence[str]) -> None:
    put(tmp_path, *["basic,1,0"] * 10)

    assert read(tmp_path, MADE | {"id_format": form})["customer_id"].to_pylist()[-2:] == ids


def test_made_ids_go_on_where_a_block_of_the_file_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raw_rows.CSV_BLOCK_BYTES", 256)
    write_headerless(tmp_path / "a.csv", abalone_rows(500))

    ids = read(tmp_path, ABALONES)["abalone_id"]

    assert ids.num_chunks > 10
    assert ids.to_pylist() == [f"ABALONE_{number:06d}" for number in range(1, 501)]


def test_file_that_lacks_the_target_has_no_labels_where_none_are_needed(tmp_path: Path) -> None:
    put(tmp_path, "CUST_000007,basic,1.5")
    put(tmp_path, "1,CUST_000008,plus,2.5", name="b.csv")

    rows = read(tmp_path, NAMED, needs_target=False)

    assert rows["churned"].to_pylist() == [None, "1"]
    assert rows["customer_id"].to_pylist() == ["CUST_000007", "CUST_000008"]


def test_file_that_lacks_the_target_is_refused_where_labels_are_needed(tmp_path: Path) -> None:
    put(tmp_path, "basic,1.5")

    assert refusal(tmp_path, MADE) == (
        "File 'a.csv', row 1 is refused: it has 2 values; expected are 3, without a header: "
        "'plan', 'amount', 'churned'."
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["basic,1,0", "", "basic,1,0,x"],
            "row 2 is refused: it has 4 values; expected are 3, without a header: 'plan'",
        ),
        (["basic,1,0", "plus,2"], "row 2 is refused: it has 2 values; expected are 3"),
        (
            ["basic,1", "plus,2,0"],
            "row 2 is refused: it has 3 values; expected are 2, without a header: 'plan', 'amount'.",
        ),
        (["basic;1;0", "plus;2;0"], "row 1 is refused: it has 1 values; expected are 3"),
        (["basic,1,0,x", "plus,2,0"], "row 1 is refused: it has 4 values; expected are 3"),
    ],
)
def test_row_with_too_few_or_too_many_values_is_refused_by_number(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    put(tmp_path, *lines)

    assert message in refusal(tmp_path, MADE, needs_target=False)


def test_ill_row_far_down_is_refused_by_its_number_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raw_rows.CSV_BLOCK_BYTES", 256)
    put(tmp_path, *["basic,1,0"] * 1000, "plus,2", "basic,1,0")

    assert "File 'a.csv', row 1001 is refused: it has 2 values" in refusal(tmp_path, MADE)


@pytest.mark.parametrize("header", ["plan,amount,churned", "plan,amount"])
def test_header_by_mistake_is_refused_as_one(tmp_path: Path, header: str) -> None:
    put(tmp_path, header, ",".join(["1"] * len(header.split(","))))

    line = refusal(tmp_path, MADE, needs_target=False)

    assert line.startswith("File 'a.csv' has a header, and csv_columns says that it has none: remove its first row")


def test_files_whose_made_ids_would_be_the_same_are_refused_with_both_ways_out(tmp_path: Path) -> None:
    put(tmp_path, "basic,1,0")
    put(tmp_path, "basic,1,0", name="b.csv")

    line = refusal(tmp_path, MADE)

    assert "The input has 2 CSV files, 'a.csv', 'b.csv', and ids are made from the number of a row in its file" in line
    assert "give one file, or a column of ids ('customer_id') and name it in csv_columns" in line


def test_several_files_with_ids_are_read(tmp_path: Path) -> None:
    put(tmp_path, "0,CUST_000007,basic,1.5")
    put(tmp_path, "1,CUST_000008,plus,2.5", name="b.csv")

    assert read(tmp_path, NAMED).num_rows == 2


@pytest.mark.parametrize("document", [MADE, NAMED])
def test_parquet_names_its_columns_and_has_ids_all_the_same(tmp_path: Path, document: dict[str, Any]) -> None:
    rows = pa.table({"customer_id": ["CUST_000009"], "amount": [1.0], "plan": ["plus"], "churned": [0]})
    write_rows(tmp_path / "a.parquet", rows)

    assert read(tmp_path, document).to_pylist() == rows.to_pylist()


def test_parquet_without_ids_is_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"amount": [1.0], "plan": ["plus"], "churned": [0]}), tmp_path / "a.parquet")

    assert "missing columns ['customer_id']" in refusal(tmp_path, MADE)

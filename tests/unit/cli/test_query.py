"""What `query` prints and writes, for results of every type."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cli import athena, main
from cli.commands import query
from cli.errors import CommandError
from tests.unit.cli.fakes import context_with

RESULT = athena.QueryResult(
    columns=["id", "n", "score", "ok", "day", "at", "price", "tags"],
    types=["varchar", "bigint", "double", "boolean", "date", "timestamp", "decimal(10,2)", "array"],
    rows=[
        ['C "1", a', "7", "0.5", "true", "2026-01-31", "2026-01-31 12:30:00.000", "1.50", "[a, b]"],
        ["", "-1", "NaN", "false", "2026-02-01", "2026-02-01 00:00:00.250", "0.00", "[]"],
        [None] * 8,
    ],
    scanned_bytes=1234,
    seconds=0.5,
)
SUMMARY = "3 rows, 1,234 bytes scanned, 0.50 s\n"


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena, "run", lambda *_: RESULT)


def ask(*options: str) -> str:
    """What the command prints on standard output."""
    context, printed = context_with()
    query.query(context, main.build_parser().parse_args(["query", "SELECT 1", *options]))
    return printed.getvalue()


@pytest.mark.usefixtures("answered")
def test_table_is_followed_by_bytes_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    text = ask()

    assert "NULL" in text
    assert "[a, b]" in text
    assert text.endswith(SUMMARY)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("answered")
def test_csv_tells_null_from_empty_and_keeps_standard_output_clean(capsys: pytest.CaptureFixture[str]) -> None:
    text = ask("--format", "csv")

    assert text.splitlines() == [
        "id,n,score,ok,day,at,price,tags",
        '"C ""1"", a",7,0.5,true,2026-01-31,2026-01-31 12:30:00.000,1.50,"[a, b]"',
        '"",-1,NaN,false,2026-02-01,2026-02-01 00:00:00.250,0.00,[]',
        ",,,,,,,",
    ]
    assert capsys.readouterr().err == SUMMARY


@pytest.mark.usefixtures("answered")
def test_json_has_numbers_and_booleans_and_no_nan() -> None:
    first, second, third = json.loads(ask("--format", "json"), parse_constant=pytest.fail)

    assert (first["n"], first["score"], first["ok"], first["price"]) == (7, 0.5, True, "1.50")
    assert (second["id"], second["score"], second["ok"]) == ("", "NaN", False)
    assert set(third.values()) == {None}


@pytest.mark.usefixtures("answered")
def test_parquet_has_the_types_of_the_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.parquet"

    assert ask("--output", str(path)) == ""

    table = pq.ParquetFile(path).read()
    assert table.slice(0, 1).to_pylist() == [
        {
            "id": 'C "1", a',
            "n": 7,
            "score": 0.5,
            "ok": True,
            "day": date(2026, 1, 31),
            "at": datetime(2026, 1, 31, 12, 30),  # noqa: DTZ001  # Athena's timestamps have no zone
            "price": Decimal("1.50"),
            "tags": "[a, b]",
        }
    ]
    assert table.slice(2).to_pylist() == [dict.fromkeys(RESULT.columns)]
    assert f"3 rows in {path}, 1,234 bytes scanned" in capsys.readouterr().err


@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize(
    ("options", "begin"),
    [
        (["--output", "rows.csv"], "id,n,"),
        (["--output", "rows.json"], "[\n{"),
        (["--output", "rows.txt"], "┏"),
        (["--output", "rows.txt", "--format", "csv"], "id,n,"),
    ],
)
def test_file_has_the_format_of_its_ending_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], begin: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert ask(*options) == ""

    (path,) = tmp_path.iterdir()
    assert path.read_text(encoding="utf-8").startswith(begin)


@pytest.mark.usefixtures("answered")
def test_rows_beyond_the_limit_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--format", "csv", "--max-rows", "1").count("\n") == 2
    assert "2 more rows not shown, raise --max-rows" in capsys.readouterr().err


def test_file_stays_as_it_was_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.json"
    path.write_text("before")
    twice = athena.QueryResult(["n", "n"], ["bigint", "bigint"], [["1", "2"]], 0, 0)
    monkeypatch.setattr(athena, "run", lambda *_: twice)

    with pytest.raises(CommandError, match=r"the result has 'n' more than once, .* give each column an alias"):
        ask("--output", str(path))

    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("rows.json", "before")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "parquet"], "--format parquet needs a file: add --output FILE"),
        (["--output", "nowhere/rows.csv"], "--output 'nowhere/rows.csv' is refused: name a file in a folder"),
        (["--output", "."], "is refused: name a file in a folder that exists"),
    ],
)
def test_output_that_cannot_be_is_refused_before_the_query_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)

    def never(*_: Any) -> athena.QueryResult:
        raise AssertionError("the query was run")

    monkeypatch.setattr(athena, "run", never)

    with pytest.raises(CommandError, match=message):
        ask(*options)


def test_empty_result_is_an_empty_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena, "run", lambda *_: athena.QueryResult(["n"], ["bigint"], [], 0, 0))

    assert json.loads(ask("--format", "json")) == []
    assert ask("--format", "csv") == "n\n"


def test_format_that_is_unknown_is_refused_by_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main.build_parser().parse_args(["query", "SELECT 1", "--format", "xml"])

    assert "invalid choice: 'xml'" in capsys.readouterr().err


def test_cells_and_columns_are_shown_as_they_are_whatever_brackets_they_have() -> None:
    result = athena.QueryResult([r"\[/a]"], ["varchar"], [[r"\[/b]"], ["[red]c"], [None]], 0, 0.1)
    context, printed = context_with()

    context.console.print(query.as_table(result, 10))

    assert all(text in printed.getvalue() for text in (r"\[/a]", r"\[/b]", "[red]c", "NULL"))


@pytest.mark.usefixtures("answered")
def test_file_of_an_ending_that_is_no_format_is_refused_before_the_query(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"risk\.xlsx' is refused: .* allowed are \.csv, \.json, \.parquet and \.txt"
    ):
        ask("--output", str(tmp_path / "risk.xlsx"))

    assert not list(tmp_path.iterdir())

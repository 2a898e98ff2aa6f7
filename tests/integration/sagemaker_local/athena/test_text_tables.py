"""SELECT over delimited text."""

from __future__ import annotations

import gzip

import pytest

from tests.fakes.warehouse import LAZY_SIMPLE, OPEN_CSV, Warehouse

_HEADER = {"skip.header.line.count": "1"}


def _open_csv(warehouse: Warehouse, columns: dict[str, str], body: str, **options: object) -> None:
    warehouse.table("t", columns, serde=OPEN_CSV, **options)  # type: ignore[arg-type]  # passed through
    warehouse.text("t/a.csv", body)


def _lazy(warehouse: Warehouse, columns: dict[str, str], body: str, **options: object) -> None:
    parameters = {"field.delim": ","}
    warehouse.table("t", columns, serde=LAZY_SIMPLE, serde_parameters=parameters, **options)  # type: ignore[arg-type]
    warehouse.text("t/a.csv", body)


def test_open_csv_takes_quotes_off_and_skips_the_header(warehouse: Warehouse) -> None:
    body = 'id,n,f,ok\n"a ""q"", x",1,2.5,true\nb\\,c,-2,1e3,FALSE\n'
    _open_csv(warehouse, {"id": "string", "n": "bigint", "f": "double", "ok": "boolean"}, body, parameters=_HEADER)

    assert warehouse.rows("SELECT * FROM t ORDER BY n DESC") == [
        ['a "q", x', "1", "2.5", "true"],
        ["b,c", "-2", "1000.0", "false"],
    ]


def test_open_csv_reads_days_and_milliseconds(warehouse: Warehouse) -> None:
    _open_csv(warehouse, {"d": "date", "t": "timestamp"}, "20000,1767225600123\n")

    assert warehouse.rows("SELECT * FROM t") == [["2024-10-04", "2026-01-01 00:00:00.123"]]


@pytest.mark.parametrize(
    ("kind", "text"), [("int", ""), ("int", "x"), ("double", ""), ("bigint", "1.5"), ("int", "3000000000")]
)
def test_open_csv_number_that_is_none_fails_with_column_and_value(warehouse: Warehouse, kind: str, text: str) -> None:
    _open_csv(warehouse, {"id": "string", "n": kind}, f"a,1\nb,{text}\n")

    reason = warehouse.failure("SELECT n FROM t")

    assert reason.startswith("HIVE_BAD_DATA: Error parsing field value '")
    assert "for field n" in reason
    assert warehouse.rows("SELECT id FROM t") == [["a"], ["b"]]


def test_open_csv_type_that_the_serde_lacks_is_refused_by_name(warehouse: Warehouse) -> None:
    _open_csv(warehouse, {"x": "decimal(5,2)"}, "1.50\n")

    assert "Column 'x' has type decimal(5,2): OpenCSVSerde reads" in warehouse.failure("SELECT x FROM t")


def test_open_csv_empty_text_is_empty_and_missing_value_is_null(warehouse: Warehouse) -> None:
    _open_csv(warehouse, {"a": "string", "b": "string"}, 'x,\ny\n"",z\n')

    query = warehouse.run("SELECT a, b FROM t")

    assert warehouse.body(query) == b'"a","b"\n"x",""\n"y",\n"","z"\n'


def test_open_csv_with_other_separator_and_quote(warehouse: Warehouse) -> None:
    parameters = {"separatorChar": "|", "quoteChar": "`", "escapeChar": "\\"}
    warehouse.table("t", {"a": "string", "b": "string"}, serde=OPEN_CSV, serde_parameters=parameters)
    warehouse.text("t/a.csv", "`p|q`|r\n")

    assert warehouse.rows("SELECT b, a FROM t") == [["r", "p|q"]]


def test_lazy_keeps_quotes_and_turns_bad_numbers_into_null(warehouse: Warehouse) -> None:
    _lazy(warehouse, {"id": "string", "n": "int", "f": "double"}, '"a",1,\nb,x,3\n\\N,3000000000,1e2\nc,4,5,extra\nd\n')

    query = warehouse.run("SELECT * FROM t")

    assert warehouse.body(query).decode().splitlines()[1:] == [
        '"""a""","1",',
        '"b",,"3.0"',
        ',,"100.0"',
        '"c","4","5.0"',
        '"d",,',
    ]


def test_lazy_reads_every_simple_type(warehouse: Warehouse) -> None:
    columns = {"b": "boolean", "t": "tinyint", "d": "date", "ts": "timestamp", "m": "decimal(6,2)", "f": "float"}
    _lazy(warehouse, columns, "TRUE,127,2026-01-02,2026-01-02 03:04:05.678,12.345,0.5\nno,128,x,x,x,x\n")

    assert warehouse.rows("SELECT * FROM t") == [
        ["true", "127", "2026-01-02", "2026-01-02 03:04:05.678", "12.34", "0.5"],
        ["", "", "", "", "", ""],
    ]


def test_text_counts_rows_without_a_column(warehouse: Warehouse) -> None:
    _lazy(warehouse, {"a": "string", "b": "string"}, "h\n1,2\n3\n4,5,6\n", parameters=_HEADER)

    assert warehouse.rows("SELECT count(*) FROM t") == [["3"]]


def test_text_with_gz_is_unpacked_and_counts_its_packed_size(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "string"}, serde=LAZY_SIMPLE)
    packed = gzip.compress(b"x\ny\n", mtime=0)
    warehouse.objects.put("lake", "t/a.csv.gz", packed)

    query = warehouse.run("SELECT a FROM t")

    assert warehouse.body(query) == b'"a"\n"x"\n"y"\n'
    assert query.statistics.scanned_bytes == len(packed)


def test_text_in_partitions_has_their_values(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "string"}, keys={"dt": "date"}, serde=LAZY_SIMPLE)
    warehouse.text("t/one/a.csv", "x\n")
    warehouse.text("t/two/a.csv", "y\n")
    warehouse.partition("t", ["2026-01-01"], "t/one/")
    warehouse.partition("t", ["2026-01-02"], "t/two/")

    assert warehouse.rows("SELECT dt, a FROM t WHERE dt > date '2026-01-01'") == [["2026-01-02", "y"]]

"""The types of Athena's SQL, and what DuckDB, Arrow and result files call them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from sagemaker_local.records.query import ResultColumn

MAX_DECIMAL_PRECISION = 38


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type: `decimal` has arguments (precision, scale), `varchar` a length or none, `row` elements with labels."""

    name: str
    arguments: tuple[int, ...] = ()
    elements: tuple[SqlType, ...] = ()
    labels: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        if self.name == "row":
            members = (f"{label} {kind}" if label else str(kind) for label, kind in self.members)
            return f"row({', '.join(members)})"
        if self.elements:
            return f"{self.name}({', '.join(map(str, self.elements))})"
        if self.name == "decimal":
            return f"decimal({self.arguments[0]},{self.arguments[1]})"
        if self.arguments:
            return f"{self.name}({self.arguments[0]})"
        return _SHOWN_WITH_PRECISION.get(self.name, self.name)

    @property
    def members(self) -> list[tuple[str | None, SqlType]]:
        """(label, type) of a row's fields; an anonymous field has no label."""
        return list(zip(self.labels, self.elements, strict=True))

    @property
    def is_integer(self) -> bool:
        """One of the four whole-number types."""
        return self.name in INTEGERS

    @property
    def is_number(self) -> bool:
        """A type that arithmetic is defined for."""
        return self.is_integer or self.name in {"decimal", "real", "double"}

    @property
    def is_floating(self) -> bool:
        """A binary floating-point type."""
        return self.name in {"real", "double"}

    @property
    def is_moment(self) -> bool:
        """A date or a timestamp, with or without zone."""
        return self.name in {"date", "timestamp", "timestamp with time zone"}

    @property
    def duckdb(self) -> str:
        """The type in DuckDB's SQL."""
        if self.name == "array":
            return f"{self.elements[0].duckdb}[]"
        if self.name == "map":
            return f"MAP({self.elements[0].duckdb}, {self.elements[1].duckdb})"
        if self.name == "row":
            members = (f'"{field_label(i, label)}" {kind.duckdb}' for i, (label, kind) in enumerate(self.members))
            return f"STRUCT({', '.join(members)})"
        if self.name == "decimal":
            return f"DECIMAL({self.arguments[0]}, {self.arguments[1]})"
        return _DUCKDB[self.name]

    @property
    def arrow(self) -> pa.DataType:
        """The type of a column in an Arrow table."""
        if self.name == "array":
            return pa.list_(self.elements[0].arrow)
        if self.name == "map":
            return pa.map_(self.elements[0].arrow, self.elements[1].arrow)
        if self.name == "row":
            return pa.struct([(field_label(i, label), kind.arrow) for i, (label, kind) in enumerate(self.members)])
        if self.name == "decimal":
            return pa.decimal128(*self.arguments)
        return _ARROW[self.name]


INTEGERS = ("tinyint", "smallint", "integer", "bigint")
BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT = (SqlType(name) for name in ("boolean", *INTEGERS))
REAL, DOUBLE = SqlType("real"), SqlType("double")
VARCHAR, VARBINARY, JSON = SqlType("varchar"), SqlType("varbinary"), SqlType("json")
DATE, TIME, TIMESTAMP = SqlType("date"), SqlType("time"), SqlType("timestamp")
TIMESTAMP_TZ = SqlType("timestamp with time zone")
INTERVAL_DAYS, INTERVAL_MONTHS = SqlType("interval day to second"), SqlType("interval year to month")
UNKNOWN = SqlType("unknown")
"""The type of NULL: it fits everywhere."""

_SHOWN_WITH_PRECISION = {
    "timestamp": "timestamp(3)",
    "timestamp with time zone": "timestamp(3) with time zone",
    "time": "time(3)",
}
_DUCKDB = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "varbinary": "BLOB",
    "json": "JSON",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "unknown": "INTEGER",
}
_ARROW = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double": pa.float64(),
    "varchar": pa.string(),
    "varbinary": pa.binary(),
    "json": pa.string(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
    "interval day to second": pa.month_day_nano_interval(),
    "interval year to month": pa.month_day_nano_interval(),
    "unknown": pa.int32(),
}
# Type and precision of ColumnInfo, as live results show them; a type that is missing here has precision 0.
_RESULT_NAMES = {"real": "float"}
_RESULT_PRECISIONS = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "double": 17,
    "varchar": 2147483647,
    "varbinary": 1073741824,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "time": 3,
}


def decimal(precision: int, scale: int) -> SqlType:
    """`decimal(precision, scale)`, the precision cut to the 38 digits that Athena has."""
    return SqlType("decimal", (min(precision, MAX_DECIMAL_PRECISION), scale))


def text_of(length: int) -> SqlType:
    """`varchar(length)`: a varchar in every respect but CAST's, which cuts to the length."""
    return SqlType("varchar", (length,))


def array(element: SqlType) -> SqlType:
    """`array(element)`."""
    return SqlType("array", elements=(element,))


def map_of(key: SqlType, value: SqlType) -> SqlType:
    """`map(key, value)`."""
    return SqlType("map", elements=(key, value))


def row(members: list[tuple[str | None, SqlType]]) -> SqlType:
    """`row(label type, ...)`."""
    return SqlType("row", elements=tuple(kind for _, kind in members), labels=tuple(label for label, _ in members))


def field_label(position: int, label: str | None) -> str:
    """The name that a row's field has in DuckDB and Arrow, where none is anonymous."""
    return label if label is not None else f"field{position}"


def result_column(name: str, kind: SqlType) -> ResultColumn:
    """Describe a result's column as ColumnInfo does."""
    if kind.name == "decimal":
        return ResultColumn(name, "decimal", *kind.arguments)
    if kind.arguments:
        return ResultColumn(name, kind.name, kind.arguments[0])
    return ResultColumn(name, _RESULT_NAMES.get(kind.name, kind.name), _RESULT_PRECISIONS.get(kind.name, 0))

"""The properties in `WITH (format = 'PARQUET', partitioned_by = ARRAY['dt'])`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sagemaker_local.athena.ddl.cursor import Cursor
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.scope import OutputField

Properties = Mapping[str, str | list[str]]

DEFAULT_DELIMITER = "\x01"
_PARQUET_CODECS = {
    "GZIP": "gzip",
    "SNAPPY": "snappy",
    "ZSTD": "zstd",
    "LZ4": "lz4",
    "NONE": "none",
    "UNCOMPRESSED": "none",
}
_LINE_CODECS = {"GZIP": "gzip", "NONE": "none"}
_FORMATS = {"PARQUET": _PARQUET_CODECS, "TEXTFILE": _LINE_CODECS, "JSON": _LINE_CODECS}


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How files are written."""

    format: str
    codec: str = "gzip"
    level: int | None = None
    delimiter: str = DEFAULT_DELIMITER
    null_text: str = "\\N"
    partitioned_by: Sequence[str] = ()


def read_properties(cursor: Cursor) -> Properties:
    """Take `(name = value, ...)`; a value is a text, a number, a boolean or ARRAY of texts."""

    def pair() -> tuple[str, str | list[str]]:
        name = cursor.name()
        cursor.expect("=")
        if cursor.accept("ARRAY"):
            cursor.expect("[")
            items = [cursor.text()]
            while cursor.accept(","):
                items.append(cursor.text())
            cursor.expect("]")
            return name, items
        return name, cursor.value()

    return dict(cursor.list_of(pair))


def refuse_other_properties(properties: Properties, known: Sequence[str]) -> None:
    """Refuse a property that nobody looks at.

    Raises:
        QueryError: naming it.
    """
    for name in properties:
        if name not in known:
            raise invalid(f"The property '{name}' is not supported by the local endpoint; {', '.join(known)} are.")


def read_options(
    properties: Properties, *, default_format: str | None, codec: str | None, formats: Sequence[str] = tuple(_FORMATS)
) -> WriteOptions:
    """Check `format`, `field_delimiter`, `partitioned_by`, `compression_level` and the codec.

    Raises:
        QueryError: a value is missing or not supported.
    """
    name = text_of(properties, "format") or default_format
    if name is None:
        raise invalid("The property 'format' is missing: PARQUET, TEXTFILE or JSON.")
    name = name.upper()
    if name not in formats:
        raise QueryError(
            "NOT_SUPPORTED",
            f"The format '{name}' is not supported by the local endpoint; {', '.join(formats)} are.",
        )
    codecs, chosen = _FORMATS[name], (codec or "GZIP").upper()
    if chosen not in codecs:
        raise QueryError(
            "NOT_SUPPORTED",
            f"The compression '{chosen}' of {name} is not supported by the local endpoint; {', '.join(codecs)} are.",
        )
    return WriteOptions(
        format=name,
        codec=codecs[chosen],
        level=_level(properties, codecs[chosen]),
        delimiter=_delimiter(properties, name),
        partitioned_by=_names(properties),
    )


def text_of(properties: Properties, name: str) -> str | None:
    """A property that is a text.

    Raises:
        QueryError: it is a list.
    """
    value = properties.get(name)
    if isinstance(value, list):
        raise invalid(f"The property '{name}' is a text, not an ARRAY.")
    return value


def check_columns(columns: Sequence[OutputField], names: Sequence[str | None], partitioned_by: Sequence[str]) -> None:
    """Check that files can have these columns.

    Args:
        columns: the query's, with the names that results show.
        names: the names that the query gives; None: it gives none.
        partitioned_by: the last of them.

    Raises:
        QueryError: a column has no name, one of another column, a type that files cannot have, or a wrong place.
    """
    seen: set[str] = set()
    for number, (column, name) in enumerate(zip(columns, names, strict=True), 1):
        if name is None:
            raise QueryError("MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {number}")
        if name.lower() in seen:
            raise QueryError("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name}' specified more than once")
        seen.add(name.lower())
        if _has_unsupported(column):
            raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {column.type}, of column '{name}'; CAST it.")
    last = [str(name).lower() for name in names][len(names) - len(partitioned_by) :]
    if list(partitioned_by) != last or len(partitioned_by) == len(names):
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the table properties: "
            f"[{', '.join(partitioned_by)}]",
        )


def invalid(text: str) -> QueryError:
    """A property with a value that is not allowed."""
    return QueryError("INVALID_TABLE_PROPERTY", text)


def _names(properties: Properties) -> tuple[str, ...]:
    names = properties.get("partitioned_by", [])
    if isinstance(names, str):
        raise invalid("The property 'partitioned_by' is an ARRAY of texts.")
    return tuple(name.lower() for name in names)


def _delimiter(properties: Properties, format_name: str) -> str:
    delimiter = text_of(properties, "field_delimiter")
    if delimiter is None:
        return DEFAULT_DELIMITER
    if format_name != "TEXTFILE":
        raise invalid(f"The property 'field_delimiter' is for TEXTFILE, the format is {format_name}.")
    if len(delimiter) != 1:
        raise invalid(f"The property 'field_delimiter' is '{delimiter}'; it is a single character.")
    return delimiter


def _level(properties: Properties, codec: str) -> int | None:
    level = text_of(properties, "compression_level")
    if level is None:
        return None
    if codec != "zstd" or not level.isdigit() or not 1 <= int(level) <= 22:
        raise invalid(f"The property 'compression_level' is '{level}'; with ZSTD, it is from 1 to 22.")
    return int(level)


_UNSUPPORTED = {
    "json",
    "time",
    "timestamp with time zone",
    "interval day to second",
    "interval year to month",
    "unknown",
}


def _has_unsupported(column: OutputField) -> bool:
    kinds = [column.type]
    while kinds:
        kind = kinds.pop()
        if kind.name in _UNSUPPORTED:
            return True
        kinds += kind.elements
    return False

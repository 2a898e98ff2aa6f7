"""How a table's files are written down: ROW FORMAT, STORED AS, and what the catalog keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sagemaker_local.athena.ddl.cursor import Cursor

LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
DEFAULT_DELIMITER = "\x01"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What STORED AS means."""

    input_format: str
    output_format: str
    serde: str | None = None
    """None: ROW FORMAT says it."""


TEXTFILE = FileFormat(
    "org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
)
PARQUET = FileFormat(
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    PARQUET_SERDE,
)
_FORMATS = {"TEXTFILE": TEXTFILE, "PARQUET": PARQUET}
# Clauses of ROW FORMAT DELIMITED in Hive's order, and the SerDe's parameter for each (one misspelt by Hive itself).
_DELIMITERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("FIELDS", "TERMINATED", "BY"), "field.delim"),
    (("ESCAPED", "BY"), "escape.delim"),
    (("COLLECTION", "ITEMS", "TERMINATED", "BY"), "colelction.delim"),
    (("MAP", "KEYS", "TERMINATED", "BY"), "mapkey.delim"),
    (("LINES", "TERMINATED", "BY"), "line.delim"),
    (("NULL", "DEFINED", "AS"), "serialization.null.format"),
)


@dataclass(slots=True)
class RowFormat:
    """ROW FORMAT: the SerDe and its parameters."""

    serde: str = LAZY_SIMPLE
    parameters: dict[str, str] = field(default_factory=dict)


def read_row_format(cursor: Cursor) -> RowFormat | None:
    """Take ROW FORMAT DELIMITED ... or ROW FORMAT SERDE '...' [WITH SERDEPROPERTIES (...)], if it comes next."""
    if not cursor.accept("ROW", "FORMAT"):
        return None
    if cursor.accept("SERDE"):
        serde = cursor.text()
        parameters = cursor.properties() if cursor.accept("WITH", "SERDEPROPERTIES") else {}
        return RowFormat(serde, parameters)
    cursor.expect("DELIMITED")
    found: dict[str, str] = {}
    for words, parameter in _DELIMITERS:
        if cursor.accept(*words):
            found[parameter] = cursor.text()
    if "field.delim" in found:
        found["serialization.format"] = found["field.delim"]
    return RowFormat(LAZY_SIMPLE, found)


def read_stored_as(cursor: Cursor) -> FileFormat:
    """Take STORED AS ..., if it comes next; text is the default."""
    if not cursor.accept("STORED", "AS"):
        return TEXTFILE
    if cursor.accept("INPUTFORMAT"):
        input_format = cursor.text()
        cursor.expect("OUTPUTFORMAT")
        return FileFormat(input_format, cursor.text())
    for name, found in _FORMATS.items():
        if cursor.accept(name):
            return found
    raise cursor.unsupported(f"STORED AS {cursor.following} (PARQUET and TEXTFILE are there)")


def storage_descriptor(
    columns: list[dict[str, str]], location: str, rows: RowFormat | None, files: FileFormat
) -> dict[str, Any]:
    """The StorageDescriptor of a table, as Athena writes it into the catalog."""
    chosen = rows or RowFormat(files.serde or LAZY_SIMPLE)
    parameters: Mapping[str, str] = chosen.parameters or {"serialization.format": "1"}
    return {
        "Columns": columns,
        "Location": location,
        "InputFormat": files.input_format,
        "OutputFormat": files.output_format,
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {"SerializationLibrary": chosen.serde, "Parameters": dict(parameters)},
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": {},
        "StoredAsSubDirectories": False,
    }

"""Rows of Parquet files, with the types that the table declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs
import pyarrow.parquet as pq

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.table_files import DataFile
from sagemaker_local.athena.types import SqlType

_BATCH_ROWS = 65_536
_FORMAT = ds.ParquetFileFormat()
_FILE_SYSTEM = pyarrow.fs.LocalFileSystem()
_PARTITION = "partition key "
_SHOWN_TYPES = {"BYTE_ARRAY": "BINARY"}
_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}


@dataclass(frozen=True, slots=True)
class ParquetLayout:
    """What files have in common that can be read in one go: where each column is, and in which type."""

    schema: pa.Schema
    """Of the needed columns as the files have them."""
    names: tuple[tuple[str, str], ...]
    """(the table's column, the file's); a column that the files lack is not here."""


@dataclass(frozen=True, slots=True)
class ParquetGroup:
    """Files of one layout."""

    layout: ParquetLayout
    files: list[DataFile]


def read_layouts(files: Sequence[DataFile], columns: Mapping[str, SqlType]) -> tuple[list[ParquetGroup], int]:
    """Look at the footers: which files can be read together, and how many bytes the needed columns have.

    Raises:
        QueryError: a file is no Parquet file, or a column has another type than the table says.
    """
    groups: dict[tuple[object, ...], ParquetGroup] = {}
    scanned = 0
    for file in files:
        try:
            metadata = pq.read_metadata(file.path)
        except (pa.ArrowInvalid, OSError) as error:
            raise QueryError("HIVE_BAD_DATA", f"Not valid Parquet file: {file.uri}: {error}") from error
        layout = _layout(file, metadata, columns)
        scanned += _chunk_bytes(metadata, {name for _, name in layout.names})
        key = (layout.names, tuple(layout.schema.types))
        groups.setdefault(key, ParquetGroup(layout, [])).files.append(file)
    return list(groups.values()), scanned


def read_rows(
    group: ParquetGroup, columns: Mapping[str, SqlType], partition_keys: Mapping[str, SqlType]
) -> Iterator[pa.RecordBatch]:
    """Read the files of one layout; the batches have `columns`, then `partition_keys`."""
    keys = [pa.field(_PARTITION + name, kind.arrow) for name, kind in partition_keys.items()]
    schema = pa.schema([*group.layout.schema, *keys])
    fragments = [
        _FORMAT.make_fragment(
            str(file.path),
            filesystem=_FILE_SYSTEM,
            partition_expression=_partition_expression(file.partition.values, partition_keys),
        )
        for file in group.files
    ]
    dataset = ds.FileSystemDataset(fragments, schema, _FORMAT, _FILE_SYSTEM)
    names = dict(group.layout.names)
    projection = {name: _value(names.get(name), kind, group.layout.schema) for name, kind in columns.items()}
    projection |= {name: ds.field(_PARTITION + name) for name in partition_keys}
    # A query such as count(*) needs rows, but no column of them.
    projection = projection or {"row": ds.scalar(pa.scalar(True))}
    yield from dataset.scanner(columns=projection, batch_size=_BATCH_ROWS).to_batches()


def _layout(file: DataFile, metadata: pq.FileMetaData, columns: Mapping[str, SqlType]) -> ParquetLayout:
    schema = metadata.schema.to_arrow_schema()
    by_lower_name = {field.name.lower(): field for field in schema}
    fields, names = [], []
    for name, kind in columns.items():
        field = by_lower_name.get(name)
        if field is None:
            continue
        if not _fits(field.type, kind):
            raise QueryError(
                "HIVE_BAD_DATA",
                f"Field {name}'s type {_parquet_type(metadata, field)} in parquet file {file.uri} is incompatible "
                f"with type {kind} defined in table schema",
            )
        fields.append(pa.field(field.name, field.type))
        names.append((name, field.name))
    return ParquetLayout(pa.schema(fields), tuple(names))


def _parquet_type(metadata: pq.FileMetaData, field: pa.Field) -> str:
    for position in range(len(metadata.schema)):
        column = metadata.schema.column(position)
        if column.path == field.name:
            return _SHOWN_TYPES.get(column.physical_type, str(column.physical_type))
    return str(field.type)


def _chunk_bytes(metadata: pq.FileMetaData, names: set[str]) -> int:
    positions = [i for i in range(metadata.num_columns) if metadata.schema.column(i).path.partition(".")[0] in names]
    return sum(
        metadata.row_group(group).column(position).total_compressed_size
        for group in range(metadata.num_row_groups)
        for position in positions
    )


def _partition_expression(values: Mapping[str, Any], kinds: Mapping[str, SqlType]) -> pc.Expression | None:
    expression = None
    for name, kind in kinds.items():
        field, value = ds.field(_PARTITION + name), values[name]
        part = field.is_null() if value is None else field == pa.scalar(value, kind.arrow)
        expression = part if expression is None else expression & part
    return expression


def _value(file_name: str | None, kind: SqlType, schema: pa.Schema) -> pc.Expression:
    if file_name is None:
        return ds.scalar(pa.scalar(None, kind.arrow))
    field, found = ds.field(file_name), schema.field(file_name).type
    if kind.name == "timestamp":
        # Athena's timestamps have milliseconds; files may have more digits, and UTC as their zone.
        field = field.cast(pa.timestamp("us", found.tz), safe=False)
        return pc.round_temporal(field, 1, unit="millisecond").cast(kind.arrow)
    return field if found == kind.arrow else field.cast(kind.arrow)


def _fits(found: pa.DataType, kind: SqlType) -> bool:
    if pa.types.is_dictionary(found):
        return _fits(found.value_type, kind)
    if kind.is_integer:
        return _is_integer_up_to(found, _INTEGER_BITS[kind.name])
    if kind.elements:
        return _nested_fits(found, kind)
    return _SIMPLE[kind.name](found) if kind.name in _SIMPLE else False


def _is_integer_up_to(found: pa.DataType, bits: int) -> bool:
    if pa.types.is_signed_integer(found):
        return bool(found.bit_width <= bits)
    return bool(pa.types.is_unsigned_integer(found) and found.bit_width < bits)


def _is_text(found: pa.DataType) -> bool:
    return bool(pa.types.is_string(found) or pa.types.is_large_string(found) or _is_binary(found))


def _is_binary(found: pa.DataType) -> bool:
    return bool(pa.types.is_binary(found) or pa.types.is_large_binary(found) or pa.types.is_fixed_size_binary(found))


_SIMPLE = {
    "boolean": pa.types.is_boolean,
    "real": pa.types.is_float32,
    "double": lambda found: pa.types.is_float64(found) or pa.types.is_float32(found),
    "decimal": pa.types.is_decimal,
    "varchar": _is_text,
    "varbinary": _is_text,
    "date": pa.types.is_date32,
    "timestamp": pa.types.is_timestamp,
}


def _nested_fits(found: pa.DataType, kind: SqlType) -> bool:
    if kind.name == "array":
        is_list = pa.types.is_list(found) or pa.types.is_large_list(found)
        return bool(is_list and _fits(found.value_type, kind.elements[0]))
    if kind.name == "map":
        return bool(
            pa.types.is_map(found)
            and _fits(found.key_type, kind.elements[0])
            and _fits(found.item_type, kind.elements[1])
        )
    if not pa.types.is_struct(found):
        return False
    members = {field.name.lower(): field.type for field in found}
    return all(_fits(members[label], inner) for label, inner in kind.members if label in members)

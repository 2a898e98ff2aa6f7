"""INSERT INTO t SELECT ...: more files for a table, and its new partitions."""

from __future__ import annotations

from collections.abc import Sequence

from sagemaker_local.athena.coercion import coerce, coercion_cost
from sagemaker_local.athena.ddl.cursor import Cursor, only
from sagemaker_local.athena.ddl.partitions import partition_input
from sagemaker_local.athena.ddl.storage import LAZY_SIMPLE, PARQUET_SERDE
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.hive_paths import partition_name
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.projection import is_projected
from sagemaker_local.athena.scope import OutputField, Typed
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.tables import QueryTable
from sagemaker_local.athena.text_files import TextFormat
from sagemaker_local.athena.translation import Translation
from sagemaker_local.athena.types import SqlType
from sagemaker_local.athena.write.options import WriteOptions, check_columns
from sagemaker_local.athena.write.publication import publish, target_folder, write_rows
from sagemaker_local.athena.write.rows import Written
from sagemaker_local.errors import AlreadyExistsException
from sagemaker_local.records.s3_uri import S3Uri

_QUERY_WORDS = {"SELECT", "WITH", "VALUES", "TABLE", "("}
_CODECS = {"GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "LZ4": "lz4", "NONE": "none", "UNCOMPRESSED": "none"}


def plan_insert(sql: str) -> Action:
    """Read INSERT INTO t [(a, b)] query; running it adds all rows, or none."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("INSERT", "INTO")
    name = cursor.table_name()
    names = cursor.attempt(lambda: _names(cursor))
    query = only(sql, cursor.offset, len(sql))
    tree = parse(query)

    def run(execution: Execution) -> Outcome:
        table = execution.tables.get(name.database or execution.database, name.name, "line 1:1")
        options = _options(table)

        def checked() -> Translation:
            translation = execution.translated(query, bind(tree, execution.query.parameters))
            return _fitted(translation, table, names)

        def finish(written: Written) -> None:
            folders = {values: _folder(execution, table, values) for values in [(), *written.partitions]}
            publish(
                execution,
                written,
                folders.__getitem__,
                register=lambda: _register(execution, table, folders, written.partitions),
            )

        return write_rows(execution, checked, options, finish, is_counted=True)

    return run


def _names(cursor: Cursor) -> list[str]:
    names = cursor.list_of(cursor.name)
    if cursor.following not in _QUERY_WORDS:
        raise cursor.error("expecting a query")
    return names


def _options(table: QueryTable) -> WriteOptions:
    """How the table's files are: as its SerDe reads them."""
    definition = table.definition
    full_name = f"{definition.database}.{definition.name}"
    parameters = definition.definition.get("Parameters") or {}
    if is_projected(definition):
        raise QueryError("NOT_SUPPORTED", f"INSERT INTO {full_name}, which has partition projection.")
    serde = definition.storage.get("SerdeInfo") or {}
    library, keys = serde.get("SerializationLibrary") or LAZY_SIMPLE, tuple(table.partition_keys)
    if library == PARQUET_SERDE:
        codec = str(parameters.get("parquet.compression") or parameters.get("write.compression") or "GZIP").upper()
        if codec not in _CODECS:
            raise QueryError("NOT_SUPPORTED", f"{full_name} has parquet.compression {codec}; {', '.join(_CODECS)} are.")
        return WriteOptions("PARQUET", _CODECS[codec], partitioned_by=keys)
    if library != LAZY_SIMPLE:
        raise QueryError("NOT_SUPPORTED", f"INSERT INTO {full_name}, which has SerDe {library}, is not supported here.")
    form = TextFormat.of(library, serde.get("Parameters") or {}, parameters)
    if form.header_lines or form.escape is not None:
        raise QueryError(
            "NOT_SUPPORTED",
            f"INSERT INTO {full_name}, which has skip.header.line.count or escape.delim, is not supported here.",
        )
    codec = "none" if str(parameters.get("write.compression")).upper() == "NONE" else "gzip"
    return WriteOptions("TEXTFILE", codec, None, form.delimiter, form.null_text or "\\N", keys)


def _fitted(translation: Translation, table: QueryTable, names: Sequence[str] | None) -> Translation:
    """The query's columns in the places, and with the types, of the table's; a column that is not named is NULL."""
    wanted = {**table.columns, **table.partition_keys}
    names = list(wanted) if names is None else names
    for name in names:
        if name not in wanted:
            raise QueryError("COLUMN_NOT_FOUND", f"line 1:1: Insert column name does not exist in target table: {name}")
    if len(set(names)) != len(names):
        raise QueryError("DUPLICATE_COLUMN_NAME", "line 1:1: Insert column name is specified more than once")
    given = [column.type for column in translation.columns]
    expected = [wanted[name] for name in names]
    if len(given) != len(expected) or any(
        coercion_cost(kind, want) is None for kind, want in zip(given, expected, strict=False)
    ):
        raise QueryError(
            "TYPE_MISMATCH",
            "line 1:1: Insert query has mismatched column types: "
            f"Table: [{_shown(expected)}], Query: [{_shown(given)}]",
        )
    values = {
        name: coerce(Typed(f"q.c{position}", kind), want).sql
        for position, (name, kind, want) in enumerate(zip(names, given, expected, strict=True))
    }
    items = ", ".join(
        f"{values.get(name, f'CAST(NULL AS {kind.duckdb})')} AS c{i}" for i, (name, kind) in enumerate(wanted.items())
    )
    columns = [OutputField(name, kind) for name, kind in wanted.items()]
    check_columns(columns, list(wanted), tuple(table.partition_keys))
    return Translation(f"SELECT {items} FROM ({translation.sql}) AS q", translation.uses, columns)  # noqa: S608 - translated, not given


def _shown(kinds: Sequence[SqlType]) -> str:
    return ", ".join(map(str, kinds))


def _folder(execution: Execution, table: QueryTable, values: tuple[str, ...]) -> S3Uri:
    """Where a partition's files are, or will be; () is the table's own folder."""
    definition = table.definition
    base = target_folder(str(definition.storage.get("Location") or ""))
    if not values:
        return base
    page = execution.resources.catalog.partitions.page(
        definition.database, definition.name, keep=lambda found: found == values
    )
    for partition in page.partitions:
        return target_folder(str(partition.storage.get("Location") or ""))
    return base.join(partition_name(list(table.partition_keys), values))


def _register(
    execution: Execution,
    table: QueryTable,
    folders: dict[tuple[str, ...], S3Uri],
    partitions: Sequence[tuple[str, ...]],
) -> None:
    definition = table.definition
    for values in partitions:
        new = partition_input(definition, str(folders[values]))
        try:
            execution.resources.catalog.partitions.add(definition.database, definition.name, values, new)
        except AlreadyExistsException:
            # Another statement, or an earlier one, registered it: the files are in its folder.
            continue

"""The rows of one table in one query, as an Arrow stream that DuckDB can start as often as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.parquet_files import ParquetGroup, read_layouts, read_rows
from sagemaker_local.athena.parquet_views import query_of
from sagemaker_local.athena.table_files import DataFile
from sagemaker_local.athena.tables import TableUse
from sagemaker_local.athena.text_files import LAZY_SIMPLE, OPEN_CSV, TextFormat, read_texts
from sagemaker_local.athena.text_values import lazy_values, open_csv_values
from sagemaker_local.athena.types import SqlType

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


class TableScan:
    """Reads the needed columns of a table's files; `failure` is what stopped it."""

    def __init__(self, use: TableUse, files: Sequence[DataFile]) -> None:
        needed = use.needed
        self._table = use.table
        self._columns = {name: kind for name, kind in use.table.columns.items() if name in needed}
        self._keys = {name: kind for name, kind in use.table.partition_keys.items() if name in needed}
        self.failure: QueryError | None = None
        self.scanned_bytes = 0
        self.paths = [file.path for file in files]
        self._queries: list[str | None] = []
        self._parts: list[Callable[[], Iterator[pa.RecordBatch]]] = []
        for serde, group in groupby(files, key=self._serde):
            self._add(serde, list(group))

    @property
    def schema(self) -> pa.Schema:
        """Columns, then partition keys, in the table's order; one column of nothing when none is needed."""
        fields = [pa.field(name, kind.arrow) for name, kind in (self._columns | self._keys).items()]
        return pa.schema(fields or [pa.field("row", pa.bool_())])

    @property
    def query(self) -> str | None:
        """The same rows as a query of DuckDB over `paths`; None: only this module can read some of the files.

        DuckDB's own reader works in parallel, and skips row groups by their statistics.
        """
        queries = [query for query in self._queries if query is not None]
        return " UNION ALL ".join(queries) if queries and len(queries) == len(self._queries) else None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Start reading (the Arrow PyCapsule protocol)."""
        return pa.RecordBatchReader.from_batches(self.schema, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        schema = self.schema
        try:
            for part in self._parts:
                for batch in part():
                    yield _conformed(batch, schema)
        except QueryError as error:
            # Arrow's stream carries only a text; whoever runs the query looks here for the reason.
            self.failure = error
            raise

    def _serde(self, file: DataFile) -> str:
        for storage in (file.partition.storage, self._table.definition.storage):
            serde = (storage.get("SerdeInfo") or {}).get("SerializationLibrary")
            if serde:
                return str(serde)
        return LAZY_SIMPLE

    def _add(self, serde: str, files: list[DataFile]) -> None:
        if serde == _PARQUET:
            groups, scanned = read_layouts(files, self._columns)
            self.scanned_bytes += scanned
            self._parts += [self._parquet(group) for group in groups]
            self._queries += [query_of(group, self._columns, self._keys) for group in groups]
        elif serde in {OPEN_CSV, LAZY_SIMPLE}:
            self.scanned_bytes += sum(file.size for file in files)
            self._parts += [self._text(serde, file) for file in files]
            self._queries.append(None)
        else:
            raise QueryError(
                "NOT_SUPPORTED",
                f"Table {self._table.definition.database}.{self._table.definition.name} has SerDe {serde}; "
                f"{_PARQUET}, {OPEN_CSV} and {LAZY_SIMPLE} are supported here.",
            )

    def _parquet(self, group: ParquetGroup) -> Callable[[], Iterator[pa.RecordBatch]]:
        return lambda: read_rows(group, self._columns, self._keys)

    def _text(self, serde: str, file: DataFile) -> Callable[[], Iterator[pa.RecordBatch]]:
        storage = file.partition.storage if file.partition.storage.get("SerdeInfo") else self._table.definition.storage
        parameters = (storage.get("SerdeInfo") or {}).get("Parameters") or {}
        form = TextFormat.of(serde, parameters, self._table.definition.definition.get("Parameters") or {})

        def read() -> Iterator[pa.RecordBatch]:
            for texts in read_texts(file, form, list(self._table.columns), list(self._columns)):
                arrays: dict[str, pa.Array] = {}
                for name, kind in self._columns.items():
                    values = texts.column(name)
                    arrays[name] = (
                        open_csv_values(values, kind, name)
                        if serde == OPEN_CSV
                        else lazy_values(values, kind, form.null_text)
                    )
                yield _with_keys(arrays, file.partition.values, self._keys, texts.num_rows)

        return read


def _with_keys(
    arrays: dict[str, pa.Array], values: Mapping[str, Any], keys: Mapping[str, SqlType], count: int
) -> pa.RecordBatch:
    for name, kind in keys.items():
        arrays[name] = pa.repeat(pa.scalar(values[name], kind.arrow), count)
    return pa.RecordBatch.from_pydict(arrays or {"row": pa.repeat(pa.scalar(True), count)})


def _conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return batch if batch.schema.equals(schema) else batch.select(schema.names).cast(schema)

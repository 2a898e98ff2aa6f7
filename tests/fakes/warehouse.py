"""A small data lake in a temporary folder: S3 as a folder, the real catalog and the real query service."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sagemaker_local.athena.queries import Queries, QueryRequest
from sagemaker_local.records.names import Place
from sagemaker_local.records.query import Query
from sagemaker_local.store import catalog, queries
from sagemaker_local.store.catalog import CatalogStore
from sagemaker_local.store.database import Database
from sagemaker_local.store.queries import QueryStore
from tests.fakes.object_store import FolderObjectStore

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
PLACE = Place("us-west-2", "000000000000")
_TIMEOUT_SECONDS = 30


class Warehouse:
    """Bucket `lake` for data, bucket `results` for results, database `sales`."""

    def __init__(self, folder: Path, *, is_new: bool = True, **options: Any) -> None:
        self.database = Database(folder / "state.sqlite3", [catalog.SCHEMA, queries.SCHEMA])
        self.catalog = CatalogStore(self.database)
        if is_new:
            self.catalog.databases.add("sales", {})
        self.objects = FolderObjectStore(folder / "s3", "lake", "results")
        self.store = QueryStore(self.database)
        self.queries = Queries(self.store, self.catalog, self.objects, PLACE, **options)

    @classmethod
    def reopened(cls, folder: Path) -> Warehouse:
        """A second one on the same state, as after a restart."""
        return cls(folder, is_new=False)

    def close(self) -> None:
        self.queries.close()
        self.database.close()

    def table(
        self,
        name: str,
        columns: Mapping[str, str],
        *,
        keys: Mapping[str, str] | None = None,
        serde: str = PARQUET,
        serde_parameters: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        location: str | None = None,
    ) -> None:
        """Create sales.<name> at s3://lake/<name>/."""
        storage = {
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "Location": location or f"s3://lake/{name}/",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(serde_parameters or {})},
        }
        definition = {
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in (keys or {}).items()],
            "Parameters": dict(parameters or {}),
            "StorageDescriptor": storage,
        }
        self.catalog.tables.add("sales", name, definition)

    def partition(self, table: str, values: Sequence[str], location: str) -> None:
        """Register a partition at s3://lake/<location>."""
        storage = {"StorageDescriptor": {"Location": f"s3://lake/{location}"}}
        self.catalog.partitions.add("sales", table, values, storage)

    def parquet(self, key: str, columns: Mapping[str, Any]) -> int:
        """Write a Parquet file into the lake and give its size."""
        body = io.BytesIO()
        pq.write_table(pa.table(dict(columns)), body)
        self.objects.put("lake", key, body.getvalue())
        return len(body.getvalue())

    def text(self, key: str, body: str) -> None:
        """Write a text file into the lake."""
        self.objects.put("lake", key, body.encode())

    def start(self, sql: str, **request: Any) -> Query:
        """Start a query in database `sales`."""
        return self.queries.start(QueryRequest(sql, "s3://results/here/", **{"database": "sales", **request}))

    def run(self, sql: str, **request: Any) -> Query:
        """Start a query and wait for its end."""
        return self.queries.wait(self.start(sql, **request).query_id, _TIMEOUT_SECONDS)

    def body(self, query: Query) -> bytes:
        """The result file."""
        return self.objects.read("results", f"here/{query.query_id}.csv")

    def rows(self, sql: str, **request: Any) -> list[list[str]]:
        """The rows of a query that succeeds, without the header; NULL and empty text look alike here."""
        query = self.run(sql, **request)
        assert query.reason is None, query.reason
        return list(csv.reader(io.StringIO(self.body(query).decode())))[1:]

    def lines(self, sql: str, **request: Any) -> list[str]:
        """The lines of the .txt result of a statement that succeeds."""
        query = self.run(sql, **request)
        assert query.reason is None, query.reason
        return self.objects.read("results", f"here/{query.query_id}.txt").decode().splitlines()

    def failure(self, sql: str, **request: Any) -> str:
        """The StateChangeReason of a query that fails."""
        query = self.run(sql, **request)
        assert query.reason is not None, f"{sql} did not fail"
        return query.reason

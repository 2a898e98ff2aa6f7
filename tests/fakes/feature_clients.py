"""S3, SageMaker, the Feature Store runtime and Athena in memory, for the calls of the ingestion and of the query."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError


def refusal(code: str, message: str = "no") -> ClientError:
    """The error that boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class MemoryS3:
    """Objects by address."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803  # boto3's spelling
        self.objects[f"s3://{Bucket}/{Key}"] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's spelling
        if f"s3://{Bucket}/{Key}" not in self.objects:
            raise refusal("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[f"s3://{Bucket}/{Key}"])}

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803  # boto3's spelling
        del self.objects[f"s3://{Bucket}/{Key}"]

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.objects[f"s3://{bucket}/{key}"] = Path(path).read_bytes()

    def download_file(self, bucket: str, key: str, path: str) -> None:
        Path(path).write_bytes(self.objects[f"s3://{bucket}/{key}"])

    def get_paginator(self, _: str) -> MemoryS3:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803  # boto3's spelling
        start = f"s3://{Bucket}/"
        keys = [name.removeprefix(start) for name in sorted(self.objects) if name.startswith(start + Prefix)]
        yield {"Contents": [{"Key": key} for key in keys]} if keys else {}


class MemoryGroups:
    """The feature groups of SageMaker; a creation takes some looks."""

    def __init__(self, *, looks: int = 2) -> None:
        self.groups: dict[str, dict[str, Any]] = {}
        self.looks = looks
        self.outcome: Mapping[str, str] = {"FeatureGroupStatus": "Created"}
        self.on_create: Callable[[], None] = lambda: None

    def create_feature_group(self, **request: Any) -> None:
        self.on_create()
        if request["FeatureGroupName"] in self.groups:
            raise refusal("ResourceInUse")
        offline = {**request["OfflineStoreConfig"], "DataCatalogConfig": {"Database": "features", "TableName": "t"}}
        self.groups[request["FeatureGroupName"]] = {
            **request,
            "OfflineStoreConfig": offline,
            "FeatureGroupStatus": "Creating",
        }

    def describe_feature_group(self, *, FeatureGroupName: str) -> dict[str, Any]:  # noqa: N803  # boto3's spelling
        if FeatureGroupName not in self.groups:
            raise refusal("ResourceNotFound")
        group = self.groups[FeatureGroupName]
        if group["FeatureGroupStatus"] == "Creating":
            self.looks -= 1
            if self.looks <= 0:
                group.update(self.outcome)
        return group


class MemoryRecords:
    """The online store of one feature group, and every version that was sent."""

    def __init__(self, id_column: str = "customer_id") -> None:
        self.id_column = id_column
        self.online: dict[str, dict[str, str]] = {}
        self.versions: list[dict[str, str]] = []
        self.busy: list[str] = []
        """Error codes of the next entries that are sent, one each."""
        self.unprocessed = 0
        """So many of the next entries are handed back."""
        self.invalid: set[str] = set()

    def batch_get_record(self, *, Identifiers: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        (asked,) = Identifiers
        records = [
            {
                "FeatureGroupName": asked["FeatureGroupName"],
                "RecordIdentifierValueAsString": name,
                "Record": [{"FeatureName": key, "ValueAsString": value} for key, value in self.online[name].items()],
            }
            for name in asked["RecordIdentifiersValueAsString"]
            if name in self.online
        ]
        return {"Records": records, "Errors": [], "UnprocessedIdentifiers": []}

    def batch_write_record(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert len(Entries) <= 25
        errors, unprocessed = [], []
        for entry in Entries:
            if self.unprocessed:
                self.unprocessed -= 1
                unprocessed.append(entry)
                continue
            record = {cell["FeatureName"]: cell["ValueAsString"] for cell in entry["Record"]}
            code = self.busy.pop() if self.busy else None
            code = "ValidationError" if record[self.id_column] in self.invalid else code
            if code is not None:
                errors.append({"Entry": entry, "ErrorCode": code, "ErrorMessage": f"{code} says no"})
                continue
            self.keep(record)
        return {"Errors": errors, "UnprocessedEntries": unprocessed}

    def keep(self, record: dict[str, str]) -> None:
        self.online[record[self.id_column]] = record
        self.versions.append(record)


class OldRecords:
    """A boto3 that does not know BatchWriteRecord."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records
        self.batch_get_record = records.batch_get_record

    def put_record(self, *, FeatureGroupName: str, Record: list[dict[str, str]]) -> None:  # noqa: N803
        assert FeatureGroupName
        self._records.keep({cell["FeatureName"]: cell["ValueAsString"] for cell in Record})


class MemoryAthena:
    """Answers each UNLOAD with one table, and each other query with the next of some rows."""

    def __init__(self, s3: MemoryS3, rows: pa.Table, answers: list[list[str | None]] | None = None) -> None:
        self.s3, self.rows, self.answers = s3, rows, answers or []
        self.queries: list[str] = []
        self.failure: str | None = None

    def start_query_execution(self, *, QueryString: str, **_: Any) -> dict[str, str]:  # noqa: N803
        self.queries.append(QueryString)
        target = re.search(r"\) TO '([^']+)' WITH", QueryString)
        if target is not None and self.rows.num_rows:
            body = io.BytesIO()
            pq.write_table(self.rows, body)
            place = urlsplit(target[1])
            self.s3.put_object(Bucket=place.netloc, Key=f"{place.path.lstrip('/')}20260131_x", Body=body.getvalue())
        return {"QueryExecutionId": str(len(self.queries))}

    def get_query_execution(self, **_: str) -> dict[str, Any]:
        status = {"State": "FAILED", "StateChangeReason": self.failure} if self.failure else {"State": "SUCCEEDED"}
        return {"QueryExecution": {"Status": status}}

    def get_query_results(self, **_: str) -> dict[str, Any]:
        row = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        data = [{"VarCharValue": value} if value is not None else {} for value in row]
        return {"ResultSet": {"Rows": [{"Data": [{"VarCharValue": "a"}, {"VarCharValue": "b"}]}, {"Data": data}]}}

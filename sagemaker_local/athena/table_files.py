"""Which files a query reads: those below the table's location, or below its registered partitions'."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.errors import NoSuchBucket, ValidationException
from sagemaker_local.ports import ObjectInfo, ObjectStore
from sagemaker_local.records.catalog import CatalogTable
from sagemaker_local.records.s3_uri import S3Uri

# From this many partitions on, one listing of the whole table is cheaper than one for each.
_MANY_PARTITIONS = 20


@dataclass(frozen=True, slots=True)
class PartitionRows:
    """A partition that a query reads (a table without partition keys has one, without values)."""

    storage: Mapping[str, Any]
    values: Mapping[str, Any]
    """Typed values of the partition keys."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file with rows of a table."""

    uri: str
    path: Path
    size: int
    partition: PartitionRows


class TableFiles:
    """Finds the files of tables in S3."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def find(self, table: CatalogTable, partitions: Sequence[PartitionRows]) -> list[DataFile]:
        """List the files of the partitions, in the order of their names within each.

        Names that start with `_` or `.`, at any depth, are no data; neither are empty objects.

        Raises:
            QueryError: a location is missing, malformed, or in a bucket that does not exist.
        """
        folders = [_folder(table, partition) for partition in partitions]
        listings = self._listings(folders)
        files: list[DataFile] = []
        for folder, partition in zip(folders, partitions, strict=True):
            for info in _below(listings[_listing_key(folder, listings)], folder.key):
                if info.size and not _is_hidden(info.key.removeprefix(folder.key)):
                    path = self._objects.local_path(folder.bucket, info.key)
                    files.append(DataFile(str(S3Uri(folder.bucket, info.key)), path, info.size, partition))
        return files

    def _listings(self, folders: Sequence[S3Uri]) -> dict[tuple[str, str], list[ObjectInfo]]:
        wanted = {(folder.bucket, folder.key) for folder in folders}
        if len(wanted) > _MANY_PARTITIONS:
            wanted = {(bucket, _common_folder([key for name, key in wanted if name == bucket])) for bucket, _ in wanted}
        listings: dict[tuple[str, str], list[ObjectInfo]] = {}
        for bucket, prefix in wanted:
            try:
                listings[bucket, prefix] = self._objects.list(bucket, prefix)
            except NoSuchBucket as error:
                raise QueryError(
                    "HIVE_UNKNOWN_ERROR",
                    f"s3://{bucket}/{prefix}: the bucket '{bucket}' does not exist (NoSuchBucket).",
                ) from error
        return listings


def _folder(table: CatalogTable, partition: PartitionRows) -> S3Uri:
    location = partition.storage.get("Location") or ""
    try:
        uri = S3Uri.parse(location)
    except ValidationException as error:
        raise QueryError(
            "HIVE_METASTORE_ERROR", f"Table {table.database}.{table.name}: Location {location!r} is not an S3 address."
        ) from error
    return S3Uri(uri.bucket, uri.key if not uri.key or uri.key.endswith("/") else f"{uri.key}/")


def _listing_key(folder: S3Uri, listings: Mapping[tuple[str, str], object]) -> tuple[str, str]:
    if (folder.bucket, folder.key) in listings:
        return folder.bucket, folder.key
    return next(key for key in listings if key[0] == folder.bucket)


def _common_folder(keys: Sequence[str]) -> str:
    first, last = min(keys), max(keys)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[: first.rfind("/", 0, length) + 1]


def _below(listing: Sequence[ObjectInfo], prefix: str) -> Sequence[ObjectInfo]:
    # Listings are in the order of the keys' UTF-8 bytes.
    encoded = prefix.encode()
    start = bisect_left(listing, encoded, key=lambda info: info.key.encode())
    end = start
    while end < len(listing) and listing[end].key.startswith(prefix):
        end += 1
    return listing[start:end]


def _is_hidden(relative_key: str) -> bool:
    return any(part.startswith(("_", ".")) for part in relative_key.split("/"))

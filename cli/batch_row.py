"""Fetch one row out of what a transform job scored, without loading the rest."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli import s3_objects
from cli.errors import CommandError

PARQUET, CSV = "application/x-parquet", "text/csv"
_LINES_AT_A_TIME = 1 << 20
"""Bytes of a CSV file that are read at once."""


def fetch(s3: Any, job: Mapping[str, Any], id_column: str, wanted: str, path: Path) -> str:
    """Write the row of an id into a file, as it was sent to the model, and give the file's content type.

    Args:
        s3: a client.
        job: as DescribeTransformJob answers.
        id_column: of Parquet files; in CSV files the id comes first.
        wanted: the id.
        path: the file to write.

    Raises:
        CommandError: the input is not there any more, or has no such row.
    """
    given = job["TransformInput"]
    uri, kind = given["DataSource"]["S3DataSource"]["S3Uri"], given.get("ContentType", "")
    if kind not in {PARQUET, CSV}:
        raise CommandError(
            f"the transform job {job['TransformJobName']} read {kind or 'no known type'}; a row can be found in "
            f"{PARQUET} and {CSV} only."
        )
    bucket, _ = s3_objects.split(uri)
    keys = {key: size for key, size in s3_objects.below(s3, uri) if size}
    if not keys:
        raise CommandError(
            f"what was scored is not at {uri} any more, so it cannot be scored again. A lifecycle rule that removes "
            "batches must keep them as long as predictions shall be explained."
        )
    for key, size in keys.items():
        found = (
            _from_parquet(RemoteFile(s3, bucket, key, size), id_column, wanted, path)
            if kind == PARQUET
            else _from_csv(s3.get_object(Bucket=bucket, Key=key)["Body"], wanted, path)
        )
        if found:
            return str(kind)
    raise CommandError(
        f"none of the {len(keys)} files at {uri} has the id {wanted!r}, although its prediction is published: the "
        "files were changed after they had been scored."
    )


class RemoteFile(io.RawIOBase):
    """An object of S3 that is read by ranges."""

    def __init__(self, s3: Any, bucket: str, key: str, size: int) -> None:
        super().__init__()
        self._s3, self._bucket, self._key = s3, bucket, key
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True

    def tell(self) -> int:
        """Give the place."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._place = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence] + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Read from the place on, with one request."""
        last = self._size if size < 0 else min(self._place + size, self._size)
        if last <= self._place:
            return b""
        asked = f"bytes={self._place}-{last - 1}"
        body: bytes = self._s3.get_object(Bucket=self._bucket, Key=self._key, Range=asked)["Body"].read()
        self._place += len(body)
        return body


def _from_parquet(source: RemoteFile, id_column: str, wanted: str, path: Path) -> bool:
    # pyarrow takes 0.1 s to import: not for --help.
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.PythonFile(source, mode="r"))
    names = file.schema_arrow.names
    if id_column not in names:
        raise CommandError(f"the file that was scored has no column {id_column!r}; it has: {', '.join(names)}.")
    for group in _groups(file, names.index(id_column), wanted):
        ids = file.read_row_group(group, columns=[id_column]).column(0).cast(pa.string())
        place = pc.index(ids, wanted).as_py()
        if place >= 0:
            pq.write_table(file.read_row_group(group).slice(place, 1), path)
            return True
    return False


def _groups(file: Any, column: int, wanted: str) -> Iterator[int]:
    """The row groups that may have an id, by what the file's footer says of them."""
    for group in range(file.num_row_groups):
        statistics = file.metadata.row_group(group).column(column).statistics
        if statistics is not None and statistics.has_min_max and isinstance(statistics.min, str):
            if statistics.min <= wanted <= statistics.max:
                yield group
        else:
            yield group


def _from_csv(body: Any, wanted: str, path: Path) -> bool:
    for line in body.iter_lines(chunk_size=_LINES_AT_A_TIME):
        # Batch Transform cuts at line ends: a record has no line end within.
        if next(csv.reader([line.decode()]), [""])[0] == wanted:
            path.write_bytes(line + b"\n")
            return True
    return False

"""What the last ingestion brought into a feature group: whoever queries the group waits until all of it can be read."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from dataset_schema import SchemaRefused


@dataclass(frozen=True, slots=True)
class Manifest:
    """One ingestion, at its end."""

    feature_group: str
    execution_id: str
    git_commit: str
    input: str
    rows: int
    """Customers whose version from the input is in the group now, written by this ingestion or before."""
    ids_sha256: str
    """Of the sorted hashes of those customers' ids."""
    oldest_event_time: str
    newest_event_time: str
    written: int
    unchanged: int
    """There already, with the same values."""
    older: int
    """Left out: the group has a later version."""
    refused: int

    @property
    def oldest(self) -> datetime:
        """The oldest event time of `rows`."""
        return datetime.fromisoformat(self.oldest_event_time)

    @property
    def newest(self) -> datetime:
        """The newest event time of `rows`."""
        return datetime.fromisoformat(self.newest_event_time)

    def save(self, s3: Any, address: str) -> None:
        """Write it as one object: a reader sees the old one or this one."""
        body = json.dumps({"version": 1, **asdict(self)}, indent=2) + "\n"
        s3.put_object(**_place(address), Body=body.encode(), ContentType="application/json")

    @classmethod
    def load(cls, s3: Any, address: str) -> Self | None:
        """Read it; None: there was no ingestion yet.

        Raises:
            SchemaRefused: the object is no manifest.
        """
        try:
            body = s3.get_object(**_place(address))["Body"].read()
        except ClientError as error:
            # Without the right to list, S3 does not even say that an object is missing.
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        try:
            document = json.loads(body)
            manifest = cls(**{field.name: field.type(document[field.name]) for field in fields(cls)})  # type: ignore[operator]  # int and str
            _ = manifest.oldest, manifest.newest
        except (ValueError, KeyError, TypeError) as error:
            raise SchemaRefused(
                f"The manifest {address!r} is refused ({error!r}): run the pipeline feature-ingestion again."
            ) from error
        return manifest


def _place(address: str) -> dict[str, str]:
    parts = urlsplit(address)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}

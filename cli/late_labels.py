"""Labels that came after a day was scored: where they lie in S3, put there first when they are on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.context import Context
from cli.errors import CommandError

_KINDS = (".csv", ".csv.gz", ".parquet")
"""What the job reads (scripts/raw_labels.py); any other file fails it."""
_BLOCK_BYTES = 1 << 20


def address_of(context: Context, labels: str) -> str:
    """The S3 address of labels: given as one, or of a file or folder that is uploaded when it is not there yet.

    Raises:
        CommandError: there are no labels at that place, or a file is not one that the job reads.
    """
    if labels.startswith("s3://"):
        return _in_s3(context, labels)
    files = _files(labels)
    # Named by its content: the same labels again are found, others never take their place.
    address = f"{context.config.root_uri}/data/labels-late/{_digest(files)}/"
    place = urlsplit(address)
    for name, file in files.items():
        key = f"{place.path.lstrip('/')}{name}"
        if not _exists(context.client("s3"), place.netloc, key):
            context.client("s3").upload_file(str(file), place.netloc, key)
            context.console.print(f"{file} -> s3://{place.netloc}/{key}", markup=False)
    return address


def _in_s3(context: Context, labels: str) -> str:
    """The address of an object, or of a folder with its slash, so that no neighbour of a like name comes along."""
    place = urlsplit(labels, allow_fragments=False)
    key = labels.removeprefix(f"s3://{place.netloc}").lstrip("/")
    if not place.netloc:
        raise CommandError(f"--labels {labels!r} is refused: write s3://bucket/key, or a file of this machine.")
    client = context.client("s3")
    if key and not key.endswith("/") and _exists(client, place.netloc, key):
        return labels
    folder = f"{key.rstrip('/')}/" if key else ""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=folder)
    if not any(page.get("Contents") for page in pages):
        raise CommandError(
            f"--labels {labels!r} is refused: there is no such object, and nothing below it as a folder; "
            f"`aws s3 ls s3://{place.netloc}/` lists what there is."
        )
    return f"s3://{place.netloc}/{folder}"


def _files(labels: str) -> dict[str, Path]:
    """The files to upload by their name below the address."""
    path = Path(labels)
    if not path.exists():
        raise CommandError(f"--labels {labels!r} is refused: there is no such file or folder, and it is no s3:// URI.")
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = {
        (file.relative_to(path).as_posix() if path.is_dir() else file.name): file
        for file in found
        if file.is_file() and not file.name.startswith(("_", "."))
    }
    others = [name for name in files if not name.endswith(_KINDS)]
    if others or not files:
        reason = f"it has {others[0]!r}" if others else "it has no files"
        raise CommandError(
            f"--labels {labels!r} is refused: {reason}; allowed are names that end in {', '.join(_KINDS)}. "
            "Nothing was uploaded."
        )
    return files


def _digest(files: dict[str, Path]) -> str:
    """Of names and contents together; a line for each file."""
    lines = hashlib.sha256()
    for name, path in files.items():
        content = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                content.update(block)
        lines.update(f"{content.hexdigest()} {name}\n".encode())
    return lines.hexdigest()


def _exists(client: Any, bucket: str, key: str) -> bool:
    try:
        client.head_object(Bucket=bucket, Key=key)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True

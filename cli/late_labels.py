"""Labels that came after a day was scored: where they lie in S3, put there first when they are on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cli import s3_objects
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
    for name, file in files.items():
        target = f"{address}{name}"
        if not s3_objects.is_there(context, target):
            context.client("s3").upload_file(str(file), *s3_objects.split(target))
            context.console.print(f"{file} -> {target}", markup=False)
    return address


def _in_s3(context: Context, labels: str) -> str:
    """The address of an object, or of a folder with its slash, so that no neighbour of a like name comes along."""
    bucket, key = s3_objects.split(labels)
    if not bucket:
        raise CommandError(f"--labels {labels!r} is refused: write s3://bucket/key, or a file of this machine.")
    is_there = s3_objects.is_there(context, labels) if key and not key.endswith("/") else False
    if is_there is None:
        raise CommandError(
            f"--labels {labels!r} is refused: you may not look at it. Ask for s3:GetObject on it and s3:ListBucket on "
            f"s3://{bucket}/, or name a file of this machine."
        )
    if is_there:
        return labels
    folder = f"s3://{bucket}/{key.rstrip('/')}/" if key else f"s3://{bucket}/"
    if next(s3_objects.below(context.client("s3"), folder), None) is None:
        raise CommandError(
            f"--labels {labels!r} is refused: there is no such object, and nothing below it as a folder; "
            f"`aws s3 ls s3://{bucket}/` lists what there is."
        )
    return folder


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

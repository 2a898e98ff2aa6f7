"""`upload`, `files`, `remove`: the files of customers where the pipelines read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.table import Table
from rich.text import Text

from cli.confirm import confirm
from cli.context import Context
from cli.errors import CommandError
from cli.executions import history

_KINDS = (".csv", ".parquet")
"""What the jobs read; any other file below the prefix fails them."""


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser(
        "upload", parents=[shared], help="put CSV or Parquet files under the configured input prefix"
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--to", metavar="S3_URI", help="another prefix than the configured one")
    command.set_defaults(run=upload)

    command = commands.add_parser("files", parents=[shared], help="the files below the configured input prefix")
    command.set_defaults(run=list_files)

    command = commands.add_parser("remove", parents=[shared], help="remove files below the configured input prefix")
    command.add_argument("names", nargs="+", metavar="FILE", help="as `files` prints it")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.set_defaults(run=remove)


def upload(context: Context, options: argparse.Namespace) -> None:
    """Upload each file under the prefix, keeping its name; nothing is sent when one of them is refused."""
    prefix = options.to or context.config.input_uri
    for path in options.paths:
        _check(path)
    for path in options.paths:
        context.console.print(f"{path} -> {put(context, path, prefix)}", markup=False)


def put(context: Context, path: Path, prefix: str) -> str:
    """Upload one file and give its S3 address.

    Raises:
        CommandError: no such file, not one that the jobs read, or not an S3 prefix.
    """
    _check(path)
    bucket, folder = _place(prefix)
    key = f"{folder}{path.name}"
    context.client("s3").upload_file(str(path), bucket, key)
    return f"s3://{bucket}/{key}"


def list_files(context: Context, _: argparse.Namespace) -> None:
    """Print the files below the input prefix."""
    files = _files(context)
    if not files:
        context.console.print(
            f"There are no files below {context.config.input_uri} yet. "
            f"`python pipeline.py upload FILE{context.options_text}` puts one there."
        )
        return
    table = Table("file", "bytes", "uploaded (UTC)", title=context.config.input_uri)
    for name, entry in files.items():
        table.add_row(Text(name), f"{entry['Size']:,}", history.utc_text(entry["LastModified"]))
    context.console.print(table)


def remove(context: Context, options: argparse.Namespace) -> None:
    """Remove files below the input prefix after a question.

    Raises:
        CommandError: no such file; then none is removed.
    """
    files, prefix = _files(context), context.config.input_uri
    names = list(dict.fromkeys(options.names))
    missing = [name for name in names if name not in files]
    if missing:
        raise CommandError(
            f"there is no file {', '.join(map(repr, missing))} below {prefix}, and nothing was removed. "
            f"`python pipeline.py files{context.options_text}` lists the files."
        )
    if not options.yes:
        confirm(f"Remove {', '.join(names)} below {prefix}?", "Nothing was removed")
    for name in names:
        context.client("s3").delete_object(Bucket=_place(prefix)[0], Key=files[name]["Key"])
        context.console.print(f"Removed {name}", markup=False)


def _check(path: Path) -> None:
    if path.is_dir():
        raise CommandError(f"{str(path)!r} is a folder; name the files in it, such as {path / '*.csv'!s}.")
    if not path.is_file():
        raise CommandError(f"{str(path)!r} is not a file.")
    if not path.name.endswith(_KINDS):
        raise CommandError(
            f"{str(path)!r} is neither CSV nor Parquet, and the pipelines read nothing else; allowed are names that "
            f"end in {' or '.join(_KINDS)}. Nothing was uploaded."
        )


def _place(prefix: str) -> tuple[str, str]:
    """The bucket, and what every key begins with: nothing, or a folder with its slash."""
    target = urlsplit(prefix)
    if target.scheme != "s3" or not target.netloc:
        raise CommandError(f"{prefix!r} is not an S3 prefix; write it as s3://bucket/prefix/.")
    folder = target.path.strip("/")
    return target.netloc, f"{folder}/" if folder else ""


def _files(context: Context) -> dict[str, dict[str, Any]]:
    """What lies below the input prefix, by its name from there on."""
    bucket, folder = _place(context.config.input_uri)
    pages = context.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    # A key that is the folder itself is what consoles make of an empty folder.
    return {name: entry for entry in entries if (name := entry["Key"].removeprefix(folder))}

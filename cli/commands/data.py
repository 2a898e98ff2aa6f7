"""`upload`: bring a file of customers to where the pipelines read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.context import Context
from cli.errors import CommandError


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser(
        "upload", parents=[shared], help="put CSV or Parquet files under the configured input prefix"
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--to", metavar="S3_URI", help="another prefix than the configured one")
    command.set_defaults(run=upload)


def upload(context: Context, options: argparse.Namespace) -> None:
    """Upload each file under the prefix, keeping its name."""
    prefix = options.to or context.config.input_uri
    for path in options.paths:
        context.console.print(f"{path} -> {put(context, path, prefix)}")


def put(context: Context, path: Path, prefix: str) -> str:
    """Upload one file and give its S3 address.

    Raises:
        CommandError: no such file, or not an S3 prefix.
    """
    target = urlsplit(prefix)
    if target.scheme != "s3" or not target.netloc:
        raise CommandError(f"{prefix!r} is not an S3 prefix; write it as s3://bucket/prefix/.")
    if not path.is_file():
        raise CommandError(f"{str(path)!r} is not a file.")
    key = "/".join(part for part in (target.path.strip("/"), path.name) if part)
    context.client("s3").upload_file(str(path), target.netloc, key)
    return f"s3://{target.netloc}/{key}"

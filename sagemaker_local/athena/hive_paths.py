"""Partitions as folders: `dt=2026-01-31/kind=a%2Fb`, as Hive writes and reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = re.compile(r"[\x00-\x1f\"#%'*/:=?\\\x7f{\[\]^]")


def partition_name(keys: Sequence[str], values: Sequence[str]) -> str:
    """`dt=2026-01-31/kind=a%2Fb` for keys (dt, kind)."""
    return "/".join(f"{_escaped(key)}={_escaped(value)}" for key, value in zip(keys, values, strict=True))


def partition_values(keys: Sequence[str], path: str) -> tuple[str, ...] | None:
    """The values in `dt=2026-01-31/kind=a/file`; None: the folders are not those of the keys."""
    parts = path.split("/")[: len(keys)]
    pairs = [part.partition("=") for part in parts]
    if [unquote(key) for key, _, _ in pairs] != list(keys):
        return None
    return tuple(unquote(value) for _, _, value in pairs)


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", text)

"""Tags in a step's arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def split_tags(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Part a Create request from its tags, which are kept by ARN."""
    request = {name: value for name, value in arguments.items() if name != "Tags"}
    return request, {tag["Key"]: tag["Value"] for tag in arguments.get("Tags") or ()}

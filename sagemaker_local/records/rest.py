"""Services that are asked through paths and methods, as botocore's models describe them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from sagemaker_local.records import shapes

_PARAMETER = re.compile(r"\\{(\w+)\\}")


def find_operation(service: str, method: str, raw_path: str, query: str) -> tuple[str, dict[str, Any]] | None:
    """Say which operation `PUT /FeatureGroup/customers` is, and which members the address has; None: it is none.

    Args:
        service: botocore's name of it.
        method: of HTTP, in capitals.
        raw_path: as it was sent, with its percent signs: an ARN in it has %2F.
        query: what follows the question mark.
    """
    for operation, (its_method, pattern) in _patterns(service).items():
        found = pattern.fullmatch(raw_path) if its_method == method else None
        if found is not None:
            return operation, _members(service, operation, found.groupdict(), query)
    return None


def document(body: bytes, members: Mapping[str, Any]) -> bytes:
    """Put the members of the address into the body, as if all had come there; what is no JSON object stays as it is."""
    if not members:
        return body
    try:
        given = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return body
    return json.dumps({**given, **members}, ensure_ascii=False).encode() if isinstance(given, dict) else body


def _members(service: str, operation: str, path: Mapping[str, str], query: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    given = parse_qs(query, keep_blank_values=True)
    shape = shapes.input_shape(service, operation)
    for name, member in shape["members"].items():
        located = member.get("locationName", name)
        if member.get("location") == "uri":
            members[name] = unquote(path[located])
        elif member.get("location") == "querystring" and located in given:
            found = shapes.member_shape(service, shape, name) or {}
            members[name] = given[located] if found.get("type") == "list" else given[located][-1]
    return members


@functools.cache
def _patterns(service: str) -> Mapping[str, tuple[str, re.Pattern[str]]]:
    return {
        operation: (http["method"], re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(http["requestUri"]))))
        for operation, http in shapes.http_requests(service).items()
    }

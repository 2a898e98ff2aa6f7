"""Paths into JSON documents, as step properties and JsonGet write them: `Outputs['train'].S3Output`, `metrics[0]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sagemaker_local.errors import StepFailed, ValidationException

Path = tuple[str | int, ...]

_SEGMENT = re.compile(
    r"""\.?(?P<member>[^.\[\]'"*?@$()\s]+)   # a member: after a dot, or first
      | \[(?P<index>\d+)\]                   # an element by its place
      | \['(?P<single>[^']*)'\]              # a member, or an element by its natural key
      | \["(?P<double>[^"]*)"\]
    """,
    re.VERBOSE,
)

# Lists of AWS whose elements are addressed by one of their members; the first member that an element has counts.
_NATURAL_KEYS = ("OutputName", "InputName", "ChannelName", "MetricName", "Name", "Key")


def parse_path(text: str) -> Path:
    """Read `Outputs['train'].S3Uri` as ("Outputs", "train", "S3Uri") and `$.a[0]` as ("a", 0).

    Raises:
        ValidationException: empty, or more than members, keys and indices (no wildcards, filters or slices).
    """
    rest = text.removeprefix("$")
    segments: list[str | int] = []
    while rest:
        found = _SEGMENT.match(rest)
        if found is None or (segments and found["member"] and not rest.startswith(".")):
            raise ValidationException(
                f"{text!r} is not a path at {rest!r}; write members, keys and indices only, as in a.b['c'][0]."
            )
        segments.append(int(found["index"]) if found["index"] else _name(found))
        rest = rest[found.end() :]
    if not segments:
        raise ValidationException(f"{text!r} is not a path; name at least one member.")
    return tuple(segments)


def read_path(document: Any, path: Path) -> Any:
    """Follow a path through a document.

    Raises:
        StepFailed: the document ends earlier; the message says where, and what is there instead.
    """
    value = document
    for position, segment in enumerate(path):
        try:
            value = _step_into(value, segment)
        except (KeyError, IndexError):
            raise StepFailed(
                f"there is no {show_path(path[: position + 1])!r}: {_offer(value, path[:position])}"
            ) from None
    return value


def show_path(path: Path) -> str:
    """Write a path as the SDK does: members with dots, indices and odd keys in brackets."""
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif re.fullmatch(r"[A-Za-z_]\w*", segment):
            text += f".{segment}" if text else segment
        else:
            text += f"['{segment}']"
    return text


def natural_key(element: Mapping[str, Any]) -> str | None:
    """The member by whose value an element of a list is addressed, if it has one."""
    return next((member for member in _NATURAL_KEYS if member in element), None)


def _name(found: re.Match[str]) -> str:
    return next(text for text in (found["member"], found["single"], found["double"]) if text is not None)


def _step_into(value: Any, segment: str | int) -> Any:
    if isinstance(segment, str) and isinstance(value, Mapping):
        return value[segment]
    if isinstance(value, list | tuple):
        if isinstance(segment, int):
            return value[segment]
        for element in value:
            if isinstance(element, Mapping) and element.get(natural_key(element) or "") == segment:
                return element
    raise KeyError(segment)


def _offer(value: Any, before: Path) -> str:
    where = repr(show_path(before)) if before else "the document"
    if isinstance(value, Mapping):
        return f"{where} has {', '.join(map(str, value)) or 'no members'}."
    if isinstance(value, list | tuple):
        keys = [
            str(element[natural_key(element)])
            for element in value
            if isinstance(element, Mapping) and natural_key(element)
        ]
        return f"{where} is a list of {len(value)} elements{': ' + ', '.join(keys) if keys else ''}."
    return f"{where} is {value!r}."

"""Checks that an expression gives the type of value that its place in a request wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sagemaker_local.engine.expressions import Expression
from sagemaker_local.records.shapes import Shape, element_shape, input_shape, member_shape

_SERVICE = "sagemaker"

# What each type of the service model can be filled with; a timestamp takes what it gets.
_FILLED_BY: Mapping[str, tuple[str, ...]] = {
    "integer": ("integer",),
    "long": ("integer",),
    "float": ("float", "integer"),
    "double": ("float", "integer"),
}


def places(operation: str, arguments: Mapping[str, Any]) -> Iterator[tuple[str, Expression, str]]:
    """Yield each expression in a request with its place and the type that the service model wants there."""
    yield from _places(input_shape(_SERVICE, operation), arguments, "")


def fits(given: str | None, wanted: str) -> bool:
    """Whether a value of type `given` (None: not known yet) may stand where the service model says `wanted`."""
    return given is None or wanted == "timestamp" or given in _FILLED_BY.get(wanted, (wanted,))


def _places(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, Expression, str]]:
    if isinstance(value, Expression):
        yield path, value, shape["type"]
    for where, inner, item in _parts(shape, value):
        yield from _places(inner, item, f"{path}{where}".removeprefix("."))


def _parts(shape: Shape, value: Any) -> Iterator[tuple[str, Shape, Any]]:
    """Yield what an object or a list holds: its place, its shape, itself."""
    if isinstance(value, Mapping) and shape["type"] == "structure":
        for name, item in value.items():
            member = member_shape(_SERVICE, shape, name)
            if member is not None:
                yield f".{name}", member, item
    elif isinstance(value, Mapping):
        yield from ((f"['{name}']", element_shape(_SERVICE, shape), item) for name, item in value.items())
    elif isinstance(value, list):
        yield from ((f"[{index}]", element_shape(_SERVICE, shape), item) for index, item in enumerate(value))

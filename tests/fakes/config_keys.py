"""Every key of the configuration, as its page should show it: name, type, default."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from pipelines.config.section import Section

_WORDS = {bool: "true or false", int: "whole number", float: "number", str: "text", Any: "values", type(None): "null"}
# Longer defaults are read in the example file.
_LONGEST_DEFAULT = 80
EXAMPLE = "configs/pipeline_config.yaml"


@dataclass(frozen=True)
class Key:
    """One line of the page."""

    section: str
    """The keys above it: `training.hyperparameters`; empty at the top."""
    name: str
    type: str
    default: str
    value: Any


def keys_of(model: type[Section], above: str = "") -> Iterator[Key]:
    """Yield all keys of a section, those of its sections after them."""
    inner: list[tuple[str, type[Section]]] = []
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            inner.append((f"{above}.{name}".removeprefix("."), field.annotation))
            continue
        inner += [(f"{above}.{name}".removeprefix("."), section) for section in _sections_in(field.annotation)]
        yield Key(above, name, shown_type(field), shown_default(field), field.default)
    for path, section in inner:
        yield from keys_of(section, path)


def shown_type(field: FieldInfo) -> str:
    """`whole number, 1 to 64`, `at_least or at_most`, `list of texts`."""
    bounds = {type(item).__name__: getattr(item, type(item).__name__.lower(), None) for item in field.metadata}
    words = _type(field.annotation)
    if "Ge" in bounds and "Le" in bounds:
        return f"{words}, {bounds['Ge']} to {bounds['Le']}"
    limits = {"Ge": "at least", "Gt": "above", "Le": "at most", "Lt": "below"}
    return ", ".join([words, *(f"{text} {bounds[name]}" for name, text in limits.items() if name in bounds)])


def shown_default(field: FieldInfo) -> str:
    """As one would write it in YAML."""
    if field.is_required():
        return "required"
    text = _yaml(field.default)
    return text if len(text) <= _LONGEST_DEFAULT else f"as in {EXAMPLE}"


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(argument) for argument in arguments)
    if origin is dict:
        return f"section, each key: {_type(arguments[1])}"
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    return "section" if annotation in _sections_in(annotation) else str(_WORDS[annotation])


def _sections_in(annotation: Any) -> list[type[Section]]:
    """The sections that may stand there: of `Section | None`, of `tuple[Section, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for argument in get_args(annotation) for section in _sections_in(argument)]


def _yaml(value: Any) -> str:
    if value == {}:
        return "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)

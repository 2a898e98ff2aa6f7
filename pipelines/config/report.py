"""Refusals of the configuration in words: key, file, value, what is allowed, what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from pipelines.config.source import KeyPath, Source

_WORDS = {
    "Input should be a valid tuple": "allowed: a list",
    "Input should be a valid string": "allowed: a text",
    "Input should be a valid integer": "allowed: a whole number",
    "Input should be a valid number": "allowed: a number",
    "Input should be a valid boolean": "allowed: true or false",
    "Input should be a valid dictionary": "allowed: a section of keys",
    "Input should be": "allowed:",
    "String should have": "allowed: a text with",
    "Tuple should have": "allowed: a list with",
    " after validation, not 0": "",
}
"""What pydantic calls things, and what the author of a YAML file calls them."""


def explain(error: ValidationError, model: type[BaseModel], source: Source, paths: Sequence[Path]) -> list[str]:
    """Say each refusal as one sentence."""
    return [_explain(item, model, source, paths) for item in error.errors(include_url=False)]


def _explain(item: Mapping[str, Any], model: type[BaseModel], source: Source, paths: Sequence[Path]) -> str:
    loc = tuple(str(part) for part in item["loc"])
    name = ".".join(loc)
    if item["type"] == "missing":
        advice = "add it, or give the file that this one overrides first: --config BASE --config …"
        return f"{name!r} is missing in {_files(paths)}; {advice}."
    place = source.place(loc) or _files(paths)
    if item["type"] == "extra_forbidden":
        return f"{place}: unknown key {name!r}. {_advice(loc, model)}"
    reason = str(item["msg"]).partition(" or instance of ")[0]
    reason = reason.removeprefix("Value error, ")
    for pydantics, ours in _WORDS.items():
        reason = reason.replace(pydantics, ours)
    if not name or (_is_section(model, loc) and item["type"] == "value_error"):
        return f"{place}: {name + ': ' if name else ''}{reason}."
    return f"{place}: {name}: {item['input']!r} is refused; {reason}."


def _files(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths) or "the configuration"


def _advice(loc: KeyPath, model: type[BaseModel]) -> str:
    section = _section(model, loc[:-1])
    allowed = sorted(_keys(section)) if section is not None else []
    parts = [f"Allowed here: {', '.join(allowed)}."]
    nearest = _nearest(loc, allowed, model)
    if nearest is not None:
        parts.insert(0, f"Did you mean {nearest!r}?")
    return " ".join(parts)


def _nearest(loc: KeyPath, allowed: Iterable[str], model: type[BaseModel]) -> str | None:
    """Look in the same section first, then everywhere: a key may just be indented wrongly."""
    near = difflib.get_close_matches(loc[-1], list(allowed), n=1)
    if near:
        return ".".join((*loc[:-1], near[0]))
    # Of keys of the same name, the first.
    everywhere = {key[-1]: ".".join(key) for key in reversed(list(all_keys(model)))}
    near = difflib.get_close_matches(loc[-1], list(everywhere), n=1)
    return everywhere[near[0]] if near else None


def all_keys(model: type[BaseModel], above: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of every key, sections included."""
    for name in _keys(model):
        yield (*above, name)
        section = _section(model, (name,))
        if section is not None:
            yield from all_keys(section, (*above, name))


def _section(model: type[BaseModel], loc: KeyPath) -> type[BaseModel] | None:
    names = iter(loc)
    for name in names:
        if name.isdecimal():  # a place in a list of sections
            continue
        found = _keys(model).get(name)
        inner = _inner(found.annotation) if found is not None else None
        if inner is None:
            return None
        model = inner
        if found is not None and get_origin(found.annotation) is dict:
            next(names, None)  # a key that the file chooses
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The section in an annotation: itself, or in `Section | None` and `tuple[Section, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _inner(argument)) is not None), None)


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Name the fields as a file does: a word of Python (lambda) cannot be a field's name, but can be a key."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_section(model: type[BaseModel], loc: KeyPath) -> bool:
    return _section(model, loc) is not None

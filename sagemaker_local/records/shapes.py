"""Checks requests and responses against AWS's own service models, as botocore carries them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from botocore.loaders import Loader

from sagemaker_local.errors import SerializationException, UnknownOperationException, ValidationException
from sagemaker_local.records.patterns import matcher

Shape = Mapping[str, Any]
Allow = Callable[[Any], bool]

_SHOWN_CHARACTERS = 256
# JSON knows no limit; the numbers of AWS's services are Java's.
_NUMBERS: Mapping[str, Shape] = {
    "integer": {"min": -(2**31), "max": 2**31 - 1},
    "long": {"min": -(2**63), "max": 2**63 - 1},
    "float": {},
    "double": {},
}


def never(value: Any) -> bool:  # noqa: ARG001  # the default of `allow`: no value goes unchecked
    """Check every value."""
    return False


def check(
    service: str, operation: str, params: Mapping[str, Any], *, allow: Allow = never, optional: Collection[str] = ()
) -> None:
    """Refuse a request that AWS would refuse for its shape, with all its problems in one message.

    A member that is None counts as absent, as in AWS's JSON protocol.

    Args:
        service: botocore's name of it: sagemaker, glue, athena.
        operation: as on the wire: CreatePipeline.
        params: the request as its JSON was read; timestamps are numbers, ISO 8601 texts or datetimes.
        allow: true means that this value is accepted unchecked, for example an expression of a pipeline definition.
        optional: top-level members that may be missing although AWS requires them, because someone adds them later.

    Raises:
        SerializationException: a value has another type than the model says.
        ValidationException: a member is unknown or missing, too long, too small, or does not match.
        UnknownOperationException: the service has no such operation.
    """
    shape = input_shape(service, operation)
    waived = {**shape, "required": [name for name in shape.get("required", ()) if name not in optional]}
    _refuse(list(_Checker(service, allow).problems(waived, params, "")))


def check_shape(service: str, shape_name: str, value: Any, *, allow: Allow = never) -> None:
    """Refuse a value that does not fit the named shape of the service model; raises what `check` raises."""
    _refuse(list(_Checker(service, allow).problems(_shapes(service)[shape_name], value, "")))


def check_response(service: str, operation: str, response: Mapping[str, Any]) -> None:
    """Refuse a response that the service model does not describe; raises what `check` raises."""
    _refuse(list(_Checker(service, never).problems(output_shape(service, operation), response, "")))


def operations(service: str) -> Collection[str]:
    """The names of all operations that AWS's service has."""
    return frozenset(_model(service)["operations"])


def http_requests(service: str) -> Mapping[str, Mapping[str, Any]]:
    """`{"method": "PUT", "requestUri": "/FeatureGroup/{FeatureGroupName}"}` of every operation."""
    return {name: operation["http"] for name, operation in _model(service)["operations"].items()}


def input_shape(service: str, operation: str) -> Shape:
    """The raw shape of an operation's request; raises UnknownOperationException."""
    return _side(service, operation, "input")


def output_shape(service: str, operation: str) -> Shape:
    """The raw shape of an operation's response; raises UnknownOperationException."""
    return _side(service, operation, "output")


def member_shape(service: str, shape: Shape, member: str) -> Shape | None:
    """The raw shape of a structure's member, or None when the structure has no such member."""
    reference = shape.get("members", {}).get(member)
    return None if reference is None else _shapes(service)[reference["shape"]]


def element_shape(service: str, shape: Shape) -> Shape:
    """The raw shape of a list's elements or of a map's values."""
    reference = shape["member"] if shape["type"] == "list" else shape["value"]
    return _shapes(service)[reference["shape"]]


@functools.cache
def _model(service: str) -> Mapping[str, Any]:
    # Only botocore's own folder: what a user keeps below ~/.aws/models must not change what we accept.
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    model: Mapping[str, Any] = loader.load_service_model(service, "service-2")
    return model


def _shapes(service: str) -> Mapping[str, Shape]:
    shapes: Mapping[str, Shape] = _model(service)["shapes"]
    return shapes


def _side(service: str, operation: str, side: str) -> Shape:
    found = _model(service)["operations"].get(operation)
    if found is None:
        raise UnknownOperationException(f"The {service} API has no operation {operation!r}.")
    return _shapes(service)[found[side]["shape"]] if side in found else {"type": "structure", "members": {}}


class _Problem(str):
    """One constraint that a value misses."""

    __slots__ = ()


class _WrongType(_Problem):
    """A value that AWS cannot even read."""

    __slots__ = ()


def _refuse(problems: list[_Problem]) -> None:
    if not problems:
        return
    count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
    refusal = SerializationException if any(isinstance(p, _WrongType) for p in problems) else ValidationException
    raise refusal(count + "; ".join(problems))


def _problem(value: Any, path: str, constraint: str, shape: Shape | None = None) -> _Problem:
    """Say it as AWS does: Value 'a_b' at 'pipelineName' failed to satisfy constraint: Member must …."""
    where = f" at '{path}'" if path else ""
    return _Problem(f"Value{_shown(value, shape or {})}{where} failed to satisfy constraint: {constraint}")


def _shown(value: Any, shape: Shape) -> str:
    if shape.get("sensitive"):
        return ""
    if value is None:
        return " null"
    text = str(value)
    return f" '{text[:_SHOWN_CHARACTERS]}…'" if len(text) > _SHOWN_CHARACTERS else f" '{text}'"


def _join(path: str, member: str) -> str:
    """AWS prints members with a small first letter, joined by dots."""
    return f"{path}.{member}" if path else member


class _Checker:
    """Walks a value and its shape side by side."""

    def __init__(self, service: str, allow: Allow) -> None:
        self._shapes = _shapes(service)
        self._allow = allow

    def problems(self, shape: Shape, value: Any, path: str) -> Iterator[_Problem]:
        """Yield every constraint of `shape` that `value` misses, in the order of the model."""
        if self._allow(value) or shape.get("document"):
            return
        if not _has_type(shape, value):
            wrong = f"{_kind(value)} can not be converted to {_wanted(shape)}"
            yield _WrongType(f"Value{_shown(value, shape)} at '{path}' failed to satisfy constraint: {wrong}")
            return
        kind = shape["type"]
        if kind == "structure":
            yield from self._structure(shape, value, path)
        elif kind == "list":
            yield from self._list(shape, value, path)
        elif kind == "map":
            yield from self._map(shape, value, path)
        elif kind == "string":
            yield from _text(shape, value, path)
        elif kind in _NUMBERS and value not in _WORDS_FOR_NUMBERS:
            yield from _bounds({**_NUMBERS[kind], **shape}, value, value, path, "value")

    def _structure(self, shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[_Problem]:
        members = shape["members"]
        given = {name: item for name, item in value.items() if item is not None}
        for name in shape.get("required", ()):
            if name not in given:
                yield _problem(None, _join(path, _lower(name)), "Member must not be null")
        for name, item in given.items():
            if name in members:
                yield from self.problems(self._shapes[members[name]["shape"]], item, _join(path, _lower(name)))
            else:
                yield _unknown(name, members, path)
        if shape.get("union") and len(given) != 1:
            yield _problem(sorted(given), path, f"Member must have exactly one of [{', '.join(members)}]")

    def _list(self, shape: Shape, value: list[Any], path: str) -> Iterator[_Problem]:
        yield from _bounds(shape, len(value), value, path, "length")
        member = self._shapes[shape["member"]["shape"]]
        for position, item in enumerate(value, start=1):
            here = _join(path, f"{position}.member")
            if item is None:
                yield _problem(None, here, "Member must not be null")
            else:
                yield from self.problems(member, item, here)

    def _map(self, shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[_Problem]:
        yield from _bounds(shape, len(value), value, path, "length")
        key_shape, value_shape = (self._shapes[shape[side]["shape"]] for side in ("key", "value"))
        for key, item in value.items():
            yield from self.problems(key_shape, key, _join(path, f"{key}.key"))
            here = _join(path, f"{key}.value")
            if item is None:
                yield _problem(None, here, "Member must not be null")
            else:
                yield from self.problems(value_shape, item, here)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _unknown(name: str, members: Mapping[str, Any], path: str) -> _Problem:
    near = get_close_matches(name, members, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    where = f" at '{path}'" if path else ""
    return _Problem(f"Unknown member '{name}'{where}: Member must be one of [{', '.join(members)}]{hint}")


def _text(shape: Shape, value: str, path: str) -> Iterator[_Problem]:
    if isinstance(value, str):
        yield from _bounds(shape, len(value), value, path, "length", shape)
    if "pattern" in shape and not matcher(shape["pattern"]).fullmatch(value):
        constraint = f"Member must satisfy regular expression pattern: {shape['pattern']}"
        yield _problem(value, path, constraint, shape)
    if "enum" in shape and value not in shape["enum"]:
        yield _problem(value, path, f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]", shape)


def _bounds(
    shape: Shape, measure: float, value: Any, path: str, noun: str, shown: Shape | None = None
) -> Iterator[_Problem]:
    if measure < shape.get("min", measure):
        yield _problem(value, path, f"Member must have {noun} greater than or equal to {shape['min']}", shown)
    if measure > shape.get("max", measure):
        yield _problem(value, path, f"Member must have {noun} less than or equal to {shape['max']}", shown)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str, datetime),
    "blob": (str, bytes),
}


# AWS's JSON protocol writes these numbers, which JSON has not, as texts.
_WORDS_FOR_NUMBERS = ("NaN", "Infinity", "-Infinity")


def _has_type(shape: Shape, value: Any) -> bool:
    kind: str = shape["type"]
    # In Python a truth value is a number; in JSON it is not.
    if isinstance(value, bool):
        return kind == "boolean"
    if kind in {"float", "double"} and value in _WORDS_FOR_NUMBERS:
        return True
    return isinstance(value, _TYPES[kind])


def _wanted(shape: Shape) -> str:
    return {"structure": "an object", "map": "an object", "integer": "an integer"}.get(
        shape["type"], f"a {shape['type']}"
    )


def _kind(value: Any) -> str:
    names = {Mapping: "an object", list: "a list", bool: "a boolean", str: "a string", int: "an integer"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), f"a {type(value).__name__}")

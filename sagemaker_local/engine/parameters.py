"""Parameters of a pipeline: how they are declared, and the values of one execution."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sagemaker_local.errors import ValidationException

_NAME = re.compile(r"[A-Za-z0-9\-_]{1,256}")
_KEYS = ("Name", "Type", "DefaultValue", "Description", "EnumValues")

# JSON types that a default may have. An integer is a fine Float.
_TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter; `default` None means that each execution must give a value."""

    name: str
    type: str
    default: Any = None
    enum_values: tuple[Any, ...] = ()


def parse_parameters(declared: Any) -> dict[str, Parameter]:
    """Read the `Parameters` of a definition.

    Raises:
        ValidationException: ill-named, twice, of an unknown type, or with a default that does not fit.
    """
    if not isinstance(declared, list):
        raise ValidationException("'Parameters' must be a list.")
    parameters: dict[str, Parameter] = {}
    for item in declared:
        parameter = _parse_parameter(item)
        if parameter.name in parameters:
            raise ValidationException(f"Parameter {parameter.name!r} is declared twice; parameter names are unique.")
        parameters[parameter.name] = parameter
    return parameters


def settle(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, str]:
    """Give every parameter of an execution as its text: the given value, else the default.

    Raises:
        ValidationException: an unknown parameter, one without any value, or a value that does not fit its type.
    """
    for name in given:
        if name not in parameters:
            raise ValidationException(f"Unknown parameter {name!r}. {_known(name, list(parameters))}")
    texts: dict[str, str] = {}
    for parameter in parameters.values():
        if parameter.name not in given and parameter.default is None:
            raise ValidationException(
                f"Parameter {parameter.name!r} is undefined: it has no DefaultValue, so each start must give a value."
            )
        value = given.get(parameter.name, parameter.default)
        _check_enum(parameter, read_value(parameter, value) if isinstance(value, str) else value)
        texts[parameter.name] = value if isinstance(value, str) else _write(value)
    return texts


def typed_values(parameters: Mapping[str, Parameter], texts: Mapping[str, str]) -> dict[str, Any]:
    """Give the typed values that `settle`'s texts stand for."""
    return {name: read_value(parameters[name], text) for name, text in texts.items()}


def read_value(parameter: Parameter, text: str) -> Any:
    """Read the text of a value as the parameter's type; truth values in any case, as the SDK sends `True`.

    Raises:
        ValidationException: the text does not fit the type.
    """
    try:
        return _READERS[parameter.type](text)
    except (ValueError, KeyError):
        raise ValidationException(
            f"Parameter {parameter.name!r} has value {text!r}, which is not of its type {parameter.type}."
        ) from None


def _parse_parameter(item: Any) -> Parameter:
    if not isinstance(item, Mapping) or not isinstance(item.get("Name"), str):
        raise ValidationException(f"{item!r} is not a parameter; it needs a Name.")
    name = item["Name"]
    if not _NAME.fullmatch(name):
        raise ValidationException(f"Parameter name {name!r} is refused; use letters, digits, '-' and '_', at most 256.")
    if unknown := [key for key in item if key not in _KEYS]:
        raise ValidationException(f"Parameter {name!r} has unknown key {unknown[0]!r}; known keys: {', '.join(_KEYS)}.")
    type_name = item.get("Type", "String")
    if type_name not in list(_TYPES):
        raise ValidationException(f"Parameter {name!r} has Type {type_name!r}; allowed are {', '.join(_TYPES)}.")
    enum_values = item.get("EnumValues") or ()
    if not isinstance(enum_values, Sequence) or isinstance(enum_values, str):
        raise ValidationException(f"'EnumValues' of parameter {name!r} must be a list.")
    parameter = Parameter(name, type_name, item.get("DefaultValue"), tuple(enum_values))
    if parameter.default is not None:
        _check_default(parameter)
    return parameter


def _check_default(parameter: Parameter) -> None:
    is_truth = isinstance(parameter.default, bool)
    if not isinstance(parameter.default, _TYPES[parameter.type]) or (is_truth and parameter.type != "Boolean"):
        raise ValidationException(
            f"Parameter {parameter.name!r} of type {parameter.type} has DefaultValue {parameter.default!r} "
            f"of another type; give a JSON value of type {parameter.type}."
        )
    _check_enum(parameter, parameter.default)


def _check_enum(parameter: Parameter, value: Any) -> None:
    if parameter.enum_values and value not in parameter.enum_values:
        allowed = ", ".join(map(repr, parameter.enum_values))
        raise ValidationException(f"Parameter {parameter.name!r} has value {value!r}; allowed are {allowed}.")


def _known(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"The pipeline has {', '.join(names) or 'no parameters'}.{hint}"


def _write(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_truth(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _read_float(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")} or value != value:  # noqa: PLR0124  # NaN is the one that differs from itself
        raise ValueError(text)
    return value


_READERS: Mapping[str, Callable[[str], Any]] = {
    "String": str,
    "Integer": int,
    "Float": _read_float,
    "Boolean": _read_truth,
}

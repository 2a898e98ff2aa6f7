"""The ranges of a tuning job's hyperparameters: what may be tried, and where in a range a value lies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sagemaker_local.errors import UnsupportedFeature, ValidationException

# AWS says of ScalingType Auto only that it chooses the best; a range over two orders of magnitude calls for logarithms.
_AUTO_LOGARITHMIC_RATIO = 100
_LARGEST_WHOLE = 2**63 - 1

Number = TypeVar("Number", int, float)


class Scaling(StrEnum):
    """How the values of a range are spread over the search."""

    LINEAR = "Linear"
    LOGARITHMIC = "Logarithmic"
    """Every order of magnitude gets the same share."""
    REVERSE_LOGARITHMIC = "ReverseLogarithmic"
    """Every order of magnitude of the distance from 1 does: 0.9, 0.99, 0.999."""


@dataclass(frozen=True, slots=True)
class ContinuousRange:
    """Numbers between two bounds, both included."""

    name: str
    least: float
    most: float
    scaling: Scaling = Scaling.LINEAR

    def at(self, place: float) -> str:
        """The value at a place between 0 (the least) and 1, as a hyperparameter's text."""
        if self.scaling is Scaling.LINEAR:
            value = self.least * (1 - place) + self.most * place
        elif self.scaling is Scaling.LOGARITHMIC:
            value = _between_logarithms(self.least, self.most, place)
        else:
            value = 1 - _between_logarithms(1 - self.least, 1 - self.most, place)
        # Rounding may lead a hair outside.
        return repr(min(max(value, self.least), self.most))


@dataclass(frozen=True, slots=True)
class IntegerRange:
    """Whole numbers between two bounds, both included."""

    name: str
    least: int
    most: int
    scaling: Scaling = Scaling.LINEAR

    def at(self, place: float) -> str:
        """The value at a place between 0 (the least) and 1, as a hyperparameter's text."""
        if self.scaling is Scaling.LINEAR:
            value = self.least + int(place * (self.most - self.least + 1))
        else:
            # Half a step beyond the bounds: the bounds themselves get their whole share.
            value = round(_between_logarithms(self.least - 0.5, self.most + 0.5, place))
        return str(min(max(value, self.least), self.most))


@dataclass(frozen=True, slots=True)
class CategoricalRange:
    """Texts, none nearer to another than a third."""

    name: str
    values: tuple[str, ...]

    def at(self, place: float) -> str:
        """The value at a place between 0 (the first) and 1."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]


Range = ContinuousRange | IntegerRange | CategoricalRange


def parse_ranges(raw: Mapping[str, Any]) -> tuple[Range, ...]:
    """Read `ParameterRanges`, whose shape was checked.

    Raises:
        ValidationException: a bound that is no number, a scale that the bounds do not allow, a name or value twice.
        UnsupportedFeature: ranges that the service would have to find by itself.
    """
    if raw.get("AutoParameters"):
        raise UnsupportedFeature("AutoParameters is not supported; give each hyperparameter a range.")
    found = tuple(_parse(raw))
    if not found:
        raise ValidationException("ParameterRanges has no range; give at least one hyperparameter a range.")
    for name, count in Counter(item.name for item in found).items():
        if count > 1:
            raise ValidationException(f"The hyperparameter {name!r} has {count} ranges; give it one.")
    return found


def _parse(raw: Mapping[str, Any]) -> Iterator[Range]:
    for member, parse in _PARSERS.items():
        for item in raw.get(member) or ():
            try:
                yield parse(item)
            except ValidationException as error:
                raise ValidationException(f"{member}: the range of {item['Name']!r} {error}") from error


def _parse_continuous(item: Mapping[str, Any]) -> Range:
    least, most = _bounds(item, _finite, "a number")
    return ContinuousRange(item["Name"], least, most, _scaling(item, least, most))


def _parse_integer(item: Mapping[str, Any]) -> Range:
    if item.get("ScalingType") == Scaling.REVERSE_LOGARITHMIC:
        raise ValidationException(
            "has ScalingType 'ReverseLogarithmic', which is for continuous ranges; use Auto, Linear or Logarithmic."
        )
    least, most = _bounds(item, _whole, "a whole number")
    return IntegerRange(item["Name"], least, most, _scaling(item, least, most))


def _parse_categorical(item: Mapping[str, Any]) -> Range:
    values = tuple(item["Values"])
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ValidationException(f"has the value {twice[0]!r} more than once; name each value once.")
    return CategoricalRange(item["Name"], values)


def _bounds(item: Mapping[str, Any], read: Callable[[str], Number], kind: str) -> tuple[Number, Number]:
    bounds = []
    for member in ("MinValue", "MaxValue"):
        try:
            bounds.append(read(item[member]))
        except ValueError:
            raise ValidationException(f"has {member} {item[member]!r}, which is not {kind}.") from None
    least, most = bounds
    if least >= most:
        raise ValidationException(
            f"goes from {item['MinValue']!r} to {item['MaxValue']!r}; MinValue must be less than MaxValue."
        )
    return least, most


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) > _LARGEST_WHOLE:
        raise ValueError
    return number


def _scaling(item: Mapping[str, Any], least: float, most: float) -> Scaling:
    asked = item.get("ScalingType", "Auto")
    if asked == "Auto":
        is_wide = least > 0 and most / least >= _AUTO_LOGARITHMIC_RATIO
        return Scaling.LOGARITHMIC if is_wide else Scaling.LINEAR
    scaling = Scaling(asked)
    if scaling is Scaling.LOGARITHMIC and least <= 0:
        raise ValidationException(
            f"has ScalingType 'Logarithmic' and MinValue {item['MinValue']!r}; all its values must be greater than 0."
        )
    if scaling is Scaling.REVERSE_LOGARITHMIC and not 0 <= least < most < 1:
        raise ValidationException(
            f"has ScalingType 'ReverseLogarithmic' and goes from {item['MinValue']!r} to {item['MaxValue']!r}; "
            "all its values must be at least 0 and less than 1."
        )
    return scaling


def _between_logarithms(least: float, most: float, place: float) -> float:
    return math.exp(math.log(least) + place * (math.log(most) - math.log(least)))


_PARSERS: Mapping[str, Callable[[Mapping[str, Any]], Range]] = {
    "IntegerParameterRanges": _parse_integer,
    "ContinuousParameterRanges": _parse_continuous,
    "CategoricalParameterRanges": _parse_categorical,
}

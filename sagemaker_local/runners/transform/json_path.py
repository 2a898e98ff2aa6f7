"""The part of JSONPath that DataProcessing's filters use, for JSON values and for CSV rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_local.errors import JobFailed, ValidationException

_MAX_LENGTH = 63
_FORMS = "allowed are $, .name, *, ['a','b'], [0,2], negative indexes and slices such as [1:] or [0,5:]"

_DOT_NAME = re.compile(r"\.([^.\[\]*'\",:\s$]+)")
_DOT_STAR = re.compile(r"\.\*|\.?\[\s*\*\s*\]")
_BRACKET = re.compile(r"\.?\[([^\[\]]*)\]")
_QUOTED_NAME = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")\s*")
_INDEX = re.compile(r"\s*(-?\d+)\s*")
_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*")


@dataclass(frozen=True, slots=True)
class _Names:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Positions:
    items: tuple[int | slice, ...]

    @property
    def is_one(self) -> bool:
        return len(self.items) == 1 and isinstance(self.items[0], int)


@dataclass(frozen=True, slots=True)
class _Every:
    pass


_Selector = _Names | _Positions | _Every


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A parsed filter; `$` alone keeps everything."""

    text: str
    selectors: tuple[_Selector, ...]

    @classmethod
    def parse(cls, text: str, member: str) -> JsonPath:
        """Read `$[0,5:]`, `$.features`, `$['id','SageMakerOutput']` and the like.

        Args:
            text: the filter.
            member: the request member that holds it, for the message.

        Raises:
            ValidationException: not in the subset that SageMaker supports.
        """
        if len(text) > _MAX_LENGTH:
            raise ValidationException(
                f"{member} {text!r} has {len(text)} characters; at most {_MAX_LENGTH} are allowed."
            )
        if not text.startswith("$"):
            raise ValidationException(f"{member} {text!r} does not begin with '$', the root of the record; {_FORMS}.")
        return cls(text, tuple(_selectors(text, member)))

    @property
    def is_identity(self) -> bool:
        """The filter keeps the record as it is."""
        return not self.selectors

    def check_rows(self, member: str) -> None:
        """Refuse a path that cannot be applied to a CSV row, which is an array of texts.

        Raises:
            ValidationException: it names a key or goes deeper than one level.
        """
        if len(self.selectors) > 1 or any(isinstance(selector, _Names) for selector in self.selectors):
            raise ValidationException(
                f"{member} {self.text!r} cannot be applied to text/csv: a row is an array, so only index forms "
                "such as $[0], $[1:] or $[0,-1] are allowed."
            )

    def select(self, value: Any) -> Any:
        """Apply the path to a JSON value: the value that it names, or a list when it may name several.

        `['a','b']` at the end gives an object with these keys.

        Raises:
            JobFailed: a key or an index is not there.
        """
        matches, is_definite = [value], True
        for position, selector in enumerate(self.selectors):
            is_last = position == len(self.selectors) - 1
            if isinstance(selector, _Names) and len(selector.names) > 1 and is_last:
                matches = [{name: self._named(match, name) for name in selector.names} for match in matches]
                continue
            is_definite = is_definite and _names_one(selector)
            matches = [found for match in matches for found in self._step(selector, match)]
        return matches[0] if is_definite else matches

    def indexes(self, field_count: int) -> list[int]:
        """Which fields of a row with `field_count` fields the path keeps, in its order.

        Raises:
            JobFailed: an index is not there.
        """
        if self.is_identity or isinstance(self.selectors[0], _Every):
            return list(range(field_count))
        selector = self.selectors[0]
        assert isinstance(selector, _Positions)  # noqa: S101  # check_rows refused the rest before the job existed
        return self._positions(selector.items, field_count)

    def _step(self, selector: _Selector, value: Any) -> list[Any]:
        if isinstance(selector, _Names):
            return [self._named(value, name) for name in selector.names]
        if isinstance(selector, _Every):
            return self._children(value)
        if not isinstance(value, list):
            raise JobFailed(f"{self.text!r} asks for an index, but the value there is {_kind(value)}, not an array.")
        return [value[index] for index in self._positions(selector.items, len(value))]

    def _named(self, value: Any, name: str) -> Any:
        if not isinstance(value, dict):
            raise JobFailed(f"{self.text!r} asks for the key {name!r}, but the value there is {_kind(value)}.")
        if name not in value:
            raise JobFailed(f"{self.text!r} asks for the key {name!r}, which is not among {sorted(value)}.")
        return value[name]

    def _children(self, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return list(value.values())
        if isinstance(value, list):
            return value
        raise JobFailed(f"{self.text!r} asks for all members, but the value there is {_kind(value)}.")

    def _positions(self, items: Sequence[int | slice], count: int) -> list[int]:
        found: list[int] = []
        for item in items:
            if isinstance(item, slice):
                found.extend(range(*item.indices(count)))
            elif -count <= item < count:
                found.append(item % count)
            else:
                raise JobFailed(f"{self.text!r} asks for index {item}, but the record has {count} fields.")
        return found


def _names_one(selector: _Selector) -> bool:
    if isinstance(selector, _Names):
        return len(selector.names) == 1
    return isinstance(selector, _Positions) and selector.is_one


def _kind(value: Any) -> str:
    words = {dict: "an object", list: "an array", str: "a text", bool: "a truth value", type(None): "null"}
    return words.get(type(value), "a number")


def _selectors(text: str, member: str) -> Iterator[_Selector]:
    rest = text[1:]
    while rest:
        if match := _DOT_STAR.match(rest):
            yield _Every()
        elif match := _DOT_NAME.match(rest):
            yield _Names((match[1],))
        elif match := _BRACKET.match(rest):
            yield _bracket(match[1], text, member)
        else:
            raise ValidationException(f"{member} {text!r} cannot be read from {rest!r} on; {_FORMS}.")
        rest = rest[match.end() :]


def _bracket(inside: str, text: str, member: str) -> _Selector:
    """Read what stands between brackets: `'a','b'` or `0,5:`."""
    parts = inside.split(",")
    names = [_QUOTED_NAME.fullmatch(part) for part in parts]
    if all(names):
        return _Names(tuple((name[1] if name[1] is not None else name[2]) for name in names if name))
    return _Positions(tuple(_position(part, text, member) for part in parts))


def _position(part: str, text: str, member: str) -> int | slice:
    if match := _INDEX.fullmatch(part):
        return int(match[1])
    if match := _SLICE.fullmatch(part):
        # The guide's prose calls the end inclusive, its notebooks use it as exclusive: the notebooks ran.
        start, stop = (int(bound) if bound is not None else None for bound in match.groups())
        return slice(start, stop)
    raise ValidationException(f"{member} {text!r} has {part.strip()!r} between brackets; {_FORMS}.")

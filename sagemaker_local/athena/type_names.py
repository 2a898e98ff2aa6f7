"""Reads types as Glue writes them (`array<struct<a:int>>`) and as SQL does (`array(row(a integer))`)."""

from __future__ import annotations

import re
from collections.abc import Callable

from sagemaker_local.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMP_TZ,
    TINYINT,
    VARBINARY,
    VARCHAR,
    SqlType,
    array,
    decimal,
    field_label,
    map_of,
    row,
    text_of,
)

_TOKEN = re.compile(r'\s*(?:(?P<word>[A-Za-z_0-9$@]+)|"(?P<quoted>(?:[^"]|"")*)"|(?P<mark>[<>(),:]))')
_CLOSING = {"<": ">", "(": ")"}
_SIMPLE = {
    "boolean": BOOLEAN,
    "tinyint": TINYINT,
    "smallint": SMALLINT,
    "int": INTEGER,
    "integer": INTEGER,
    "bigint": BIGINT,
    "float": REAL,
    "real": REAL,
    "double": DOUBLE,
    "string": VARCHAR,
    "varchar": VARCHAR,
    "char": VARCHAR,
    "binary": VARBINARY,
    "varbinary": VARBINARY,
    "date": DATE,
    "time": TIME,
    "timestamp": TIMESTAMP,
    "json": JSON,
}

_HIVE_NAMES = {"integer": "int", "real": "float", "varchar": "string", "varbinary": "binary"}


def parse_type(text: str, *, default_precision: int = 10, variables: frozenset[str] = frozenset()) -> SqlType:
    """Read `struct<a:int,b:array<string>>` or `row(a integer, b array(varchar))`.

    Args:
        text: the type's name.
        default_precision: of a `decimal` without digits: 10 in Hive's tables, 38 in SQL.
        variables: words that stand for any type, in the signatures of functions: `array(T)`.

    Raises:
        ValueError: it is not a type that is known here.
    """
    reader = _Reader(text, default_precision, variables)
    kind = reader.type()
    reader.expect_end()
    return kind


def hive_type(kind: SqlType) -> str:
    """Write a type as the catalog does: `struct<a:int,b:array<string>>`."""
    if kind.name == "array":
        return f"array<{hive_type(kind.elements[0])}>"
    if kind.name == "map":
        return f"map<{hive_type(kind.elements[0])},{hive_type(kind.elements[1])}>"
    if kind.name == "row":
        members = (f"{field_label(i, label)}:{hive_type(inner)}" for i, (label, inner) in enumerate(kind.members))
        return f"struct<{','.join(members)}>"
    if kind.name == "decimal":
        return str(kind)
    if kind.name == "varchar" and kind.arguments and kind.arguments[0] > 0:
        return str(kind)
    return _HIVE_NAMES.get(kind.name, kind.name)


class _Reader:
    """A cursor over the tokens of one type."""

    def __init__(self, text: str, default_precision: int, variables: frozenset[str]) -> None:
        self._text = text
        self._variables = variables
        self._default_precision = default_precision
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error()
            quoted = match["quoted"]
            self._tokens.append(quoted.replace('""', '"') if quoted is not None else match["word"] or match["mark"])
            position = match.end()
        self._next = 0

    def type(self) -> SqlType:
        word = self._take()
        if word in self._variables:
            return SqlType(word)
        name = word.lower()
        if name in _NESTED:
            return _NESTED[name](self)
        if name in {"decimal", "numeric"}:
            arguments = self._numbers()
            return decimal(*(*arguments, 0)[:2]) if arguments else decimal(self._default_precision, 0)
        if name not in _SIMPLE:
            raise self._error()
        arguments = self._numbers()
        if name in {"varchar", "char"} and arguments:
            return text_of(arguments[0])
        if name == "double" and self._peek() == "precision":
            self._take()
        if name == "timestamp" and [token.lower() for token in self._tokens[self._next :][:3]] == [
            "with",
            "time",
            "zone",
        ]:
            self._next += 3
            return TIMESTAMP_TZ
        return _SIMPLE[name]

    def array(self) -> SqlType:
        closing = self._open()
        element = self.type()
        self._expect(closing)
        return array(element)

    def map(self) -> SqlType:
        closing = self._open()
        key = self.type()
        self._expect(",")
        value = self.type()
        self._expect(closing)
        return map_of(key, value)

    def row(self) -> SqlType:
        closing = self._open()
        members: list[tuple[str | None, SqlType]] = []
        while True:
            label: str | None = None
            following = self._tokens[self._next + 1 : self._next + 2]
            # `row(integer, ...)` has anonymous fields: what follows a type is a mark, what follows a label is not.
            if following and (following[0] == ":" or following[0] not in "<>(),"):
                label = self._take().lower()
                if self._peek() == ":":
                    self._take()
            members.append((label, self.type()))
            if self._take() == closing:
                return row(members)

    def expect_end(self) -> None:
        if self._next != len(self._tokens):
            raise self._error()

    def _numbers(self) -> list[int]:
        numbers: list[int] = []
        if self._peek() == "(":
            self._take()
            while (word := self._take()) != ")":
                if word.isdigit():
                    numbers.append(int(word))
                elif word != ",":
                    raise self._error()
        return numbers

    def _open(self) -> str:
        opening = self._take()
        if opening not in _CLOSING:
            raise self._error()
        return _CLOSING[opening]

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise self._error()

    def _peek(self) -> str | None:
        return self._tokens[self._next].lower() if self._next < len(self._tokens) else None

    def _take(self) -> str:
        if self._next == len(self._tokens):
            raise self._error()
        self._next += 1
        return self._tokens[self._next - 1]

    def _error(self) -> ValueError:
        return ValueError(f"{self._text!r} is not a type that is known here")


_NESTED: dict[str, Callable[[_Reader], SqlType]] = {
    "array": _Reader.array,
    "map": _Reader.map,
    "struct": _Reader.row,
    "row": _Reader.row,
}

"""The Expression of GetPartitions: a WHERE clause over partition keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sagemaker_local.errors import InvalidInputException

Values = tuple[str, ...]
Predicate = Callable[[Values], bool]
_Term = Callable[[Values], Any]
_NULL = "__HIVE_DEFAULT_PARTITION__"
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*|`[^`]+`|\"[^\"]+\")"
    r"|(?P<sign><>|!=|<=|>=|=|<|>|\(|\)|,))"
)
_WORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "LIKE", "IS", "NULL", "DATE", "TIMESTAMP"})
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "integer", "bigint", "long"), int),
    **dict.fromkeys(("decimal", "float", "double"), Decimal),
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class _Key:
    """A partition key: where its value is, and how to read it."""

    name: str
    position: int
    read: Callable[[str], Any]

    def value(self, values: Values) -> Any:
        """The typed value; None: it has none, or one that is not of its type."""
        text = values[self.position]
        if text == _NULL:
            return None
        try:
            return self.read(text)
        except (ValueError, InvalidOperation):
            return None


def compile_expression(text: str, keys: Sequence[tuple[str, str]]) -> Predicate:
    """Read `year = 2026 AND month IN ('01', '02')` into a test of a partition's values.

    Knows =, <>, <, >, <=, >=, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT and parentheses. Values compare as their key's
    type says. A comparison with a value that is missing is false, and so is its negation, as in SQL.

    Args:
        text: the expression; an empty one accepts everything.
        keys: (name, Hive type) of the table's partition keys.

    Raises:
        InvalidInputException: it cannot be read, or names something that is no partition key.
    """
    if not text.strip():
        return lambda _: True
    parser = _Parser(text, keys)
    test = parser.disjunction()
    parser.expect_end()
    # Three-valued logic: only what is certainly true is kept.
    return lambda values: test(values) is True


class _Parser:
    """A cursor over the expression's tokens; one method for each rule of the grammar."""

    def __init__(self, text: str, keys: Sequence[tuple[str, str]]) -> None:
        self._text = text
        self._keys = {
            name.lower(): _Key(name, position, _READERS.get(kind.lower().partition("(")[0], str))
            for position, (name, kind) in enumerate(keys)
        }
        self._tokens = list(self._tokenize(text))
        self._next = 0

    def disjunction(self) -> _Term:
        terms = [self._conjunction()]
        while self._skip("OR"):
            terms.append(self._conjunction())
        return terms[0] if len(terms) == 1 else lambda values: _any(term(values) for term in terms)

    def expect_end(self) -> None:
        if self._next != len(self._tokens):
            raise self._error(f"unexpected {self._tokens[self._next][1]!r}")

    def _conjunction(self) -> _Term:
        terms = [self._negation()]
        while self._skip("AND"):
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else lambda values: _all(term(values) for term in terms)

    def _negation(self) -> _Term:
        if self._skip("NOT"):
            return _not(self._negation())
        if self._skip("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> _Term:
        if self._peek()[0] in {"text", "number"}:
            literal = self._take()
            sign = self._take()[1]
            key = self._key()
            return self._compared(key, _MIRRORED.get(sign, sign), self._typed(key, literal))
        key = self._key()
        if self._skip("NOT"):
            return _not(self._special(key))
        if self._peek()[1].upper() in {"BETWEEN", "IN", "LIKE", "IS"}:
            return self._special(key)
        sign = self._take()[1]
        return self._compared(key, sign, self._literal(key))

    def _special(self, key: _Key) -> _Term:
        word = self._take()[1].upper()
        if word == "BETWEEN":
            low = self._literal(key)
            self._expect("AND")
            high = self._literal(key)
            return lambda values: _known(key.value(values), lambda value: bool(low <= value <= high))
        if word == "IN":
            self._expect("(")
            allowed = [self._literal(key)]
            while self._skip(","):
                allowed.append(self._literal(key))
            self._expect(")")
            return lambda values: _known(key.value(values), lambda value: value in allowed)
        if word == "LIKE":
            pattern = _like(self._take("text")[1])
            return lambda values: _known(
                key.value(values), lambda _: pattern.fullmatch(values[key.position]) is not None
            )
        if word == "IS":
            negated = self._skip("NOT")
            self._expect("NULL")
            return lambda values: (key.value(values) is None) is not negated
        raise self._error(f"unexpected {word!r} after NOT")

    def _compared(self, key: _Key, sign: str, literal: Any) -> _Term:
        if sign not in _COMPARISONS:
            raise self._error(f"{sign!r} is no comparison")
        compare = _COMPARISONS[sign]
        return lambda values: _known(key.value(values), lambda value: compare(value, literal))

    def _key(self) -> _Key:
        name = self._take("name")[1].strip('`"')
        if name.lower() not in self._keys:
            known = ", ".join(self._keys) or "none"
            raise self._error(f"'{name}' is not a partition key of the table; it has: {known}")
        return self._keys[name.lower()]

    def _literal(self, key: _Key) -> Any:
        if self._peek()[1].upper() in {"DATE", "TIMESTAMP"}:
            self._take()
        return self._typed(key, self._take())

    def _typed(self, key: _Key, token: tuple[str, str]) -> Any:
        kind, text = token
        if kind not in {"text", "number"}:
            raise self._error(f"a value is expected for '{key.name}', not {text!r}")
        try:
            return key.read(text)
        except (ValueError, InvalidOperation) as error:
            raise self._error(f"{text!r} is no value of the type of '{key.name}'") from error

    def _tokenize(self, text: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise InvalidInputException(
                    f"Unsupported expression '{text}': cannot read {text[position:].strip()!r}."
                )
            value = found[found.lastgroup]
            if found.lastgroup == "text":
                value = value[1:-1].replace("''", "'")
            is_word = found.lastgroup == "name" and value.upper() in _WORDS
            tokens.append(("word" if is_word else found.lastgroup, value))
            position = found.end()
        return tokens

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self, kind: str | None = None) -> tuple[str, str]:
        token = self._peek()
        if token[0] == "end" or kind not in {None, token[0]}:
            raise self._error(
                f"{kind or 'something'} is expected" + (f", not {token[1]!r}" if token[1] else " at the end")
            )
        self._next += 1
        return token

    def _skip(self, word: str) -> bool:
        kind, text = self._peek()
        if kind in {"word", "sign"} and text.upper() == word:
            self._next += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._skip(word):
            raise self._error(f"{word} is expected")

    def _error(self, reason: str) -> InvalidInputException:
        return InvalidInputException(f"Unsupported expression '{self._text}': {reason}.")


def _known(value: Any, test: Callable[[Any], bool]) -> bool | None:
    return None if value is None else test(value)


def _not(term: _Term) -> _Term:
    return lambda values: None if (answer := term(values)) is None else not answer


def _all(answers: Any) -> bool | None:
    result: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        result = None if answer is None else result
    return result


def _any(answers: Any) -> bool | None:
    result: bool | None = False
    for answer in answers:
        if answer is True:
            return True
        result = None if answer is None else result
    return result


def _like(pattern: str) -> re.Pattern[str]:
    parts = (".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern)
    return re.compile("".join(parts), re.DOTALL)

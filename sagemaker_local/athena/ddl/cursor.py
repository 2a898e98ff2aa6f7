"""A cursor over the tokens of a statement that is no query: names, texts, words, lists of properties."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.syntax import line_and_column

T = TypeVar("T")

_NOISE = r"\s+|--[^\n]*|/\*.*?\*/"
_NAMES_AND_MARKS = r'(?P<quoted>`(?:[^`]|``)*`)|(?P<double>"(?:[^"]|"")*")|(?P<word>\w[\w$@]*)|(?P<mark>.)'
_TRINO = re.compile(rf"(?P<noise>{_NOISE})|(?P<text>'(?:[^']|'')*')|{_NAMES_AND_MARKS}", re.DOTALL)
# In Hive's texts, a backslash escapes.
_HIVE = re.compile(rf"(?P<noise>{_NOISE})|(?P<text>'(?:[^'\\]|\\.|'')*')|{_NAMES_AND_MARKS}", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[0-7]{3}|.)|''", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a name or text in quotes, or a single character, and where it stands."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind the token."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table as the statement names it; without a database, the query's own is meant."""

    database: str | None
    name: str


class Cursor:
    """Reads a statement from left to right.

    Args:
        sql: the statement.
        is_hive: names stand in backquotes and texts have escapes; otherwise names stand in double quotes.
    """

    def __init__(self, sql: str, *, is_hive: bool = True) -> None:
        self._sql = sql
        self._is_hive = is_hive
        pattern = _HIVE if is_hive else _TRINO
        self._tokens = [
            Token(str(match.lastgroup), match[0], match.start())
            for match in pattern.finditer(sql.rstrip().removesuffix(";"))
            if match.lastgroup != "noise"
        ]
        self._next = 0

    def accept(self, *words: str) -> bool:
        """Go past the words, or characters, if they come next."""
        found = [token.text.upper() for token in self._tokens[self._next : self._next + len(words)]]
        if found != list(words):
            return False
        self._next += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Go past the words.

        Raises:
            QueryError: something else comes next.
        """
        for word in words:
            if not self.accept(word):
                raise self.error(f"expecting {word}")

    def name(self) -> str:
        """Take a name: a word, or one in quotes; lower-case, as the catalog keeps it."""
        token = self._peek()
        quoted = "quoted" if self._is_hive else "double"
        if token is None or token.kind not in {"word", quoted}:
            raise self.error("expecting a name" + (", in backquotes if it has special characters" * self._is_hive))
        self._next += 1
        return (token.text if token.kind == "word" else _unquoted(token.text)).lower()

    def table_name(self) -> TableName:
        """Take `table`, `database.table` or `AwsDataCatalog.database.table`."""
        parts = self.name().split(".")
        while self.accept("."):
            parts.append(self.name())
        if len(parts) == 3 and parts[0] == "awsdatacatalog":
            parts = parts[1:]
        if len(parts) > 2:
            raise self.error(f"'{'.'.join(parts)}' has too many parts; expecting database.table")
        return TableName(parts[0] if len(parts) == 2 else None, parts[-1])

    def text(self) -> str:
        """Take a text in quotes."""
        token = self._peek()
        if token is None or token.kind not in ({"text", "double"} if self._is_hive else {"text"}):
            raise self.error("expecting a text in quotes")
        self._next += 1
        return _hive_text(token.text) if self._is_hive else _unquoted(token.text)

    def value(self) -> str:
        """Take a text in quotes, or a number or word as a text."""
        token = self._peek()
        if token is not None and token.text == "-":
            self._next += 1
            return "-" + self.value()
        if token is not None and token.kind == "word":
            self._next += 1
            if self.accept("."):
                return f"{token.text}.{self.value()}"
            return token.text
        return self.text()

    def list_of(self, item: Callable[[], T]) -> list[T]:
        """Take `(item, item, ...)`."""
        self.expect("(")
        items = [item()]
        while self.accept(","):
            items.append(item())
        self.expect(")")
        return items

    def properties(self) -> dict[str, str]:
        """Take `('key'='value', ...)`."""

        def pair() -> tuple[str, str]:
            key = self.text()
            self.expect("=")
            return key, self.value()

        return dict(self.list_of(pair))

    def attempt(self, item: Callable[[], T]) -> T | None:
        """Take an item, or nothing if it does not come next."""
        start = self._next
        try:
            return item()
        except QueryError:
            self._next = start
            return None

    def raw_until(self, *ends: str) -> str:
        """Take everything up to one of the words or characters, outside of parentheses and angle brackets."""
        first, depth = self._peek(), 0
        last = first
        while (token := self._peek()) is not None and (depth or token.text.upper() not in ends):
            depth += (token.text in {"(", "<"}) - (token.text in {")", ">"})
            last = token
            self._next += 1
        if first is None or last is None or last.start < first.start or self._peek() is first:
            raise self.error("expecting a type")
        return self._sql[first.start : last.end]

    def parenthesized(self) -> tuple[int, int]:
        """Go past `( ... )` and give the offsets of what is inside."""
        self.expect("(")
        start, depth = self.offset, 1
        while (token := self._peek()) is not None:
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                self._next += 1
                return start, token.start
            self._next += 1
        raise self.error("expecting ')'")

    def end_with(self, *words: str) -> int | None:
        """Cut the words off the statement's end; the offset where they begin, None: it ends otherwise."""
        tail = self._tokens[self._next :][-len(words) :]
        if [token.text.upper() for token in tail] != list(words):
            return None
        del self._tokens[-len(words) :]
        return tail[0].start

    @property
    def offset(self) -> int:
        """Where the next token begins."""
        token = self._peek()
        return token.start if token is not None else len(self._sql)

    @property
    def following(self) -> str:
        """The next token in upper case, or nothing."""
        token = self._peek()
        return token.text.upper() if token is not None else ""

    @property
    def is_at_text(self) -> bool:
        """Whether a text in quotes comes next."""
        token = self._peek()
        return token is not None and token.kind in ({"text", "double"} if self._is_hive else {"text"})

    def end(self) -> None:
        """Check that nothing comes any more.

        Raises:
            QueryError: something does.
        """
        if self._peek() is not None:
            raise self.error("expecting the end of the statement")

    def error(self, text: str) -> QueryError:
        """A refusal of what comes next."""
        where = line_and_column(self._sql, self.offset)
        token = self._peek()
        return QueryError(
            "MALFORMED_QUERY", f"{where}: mismatched input '{token.text if token is not None else '<EOF>'}': {text}"
        )

    def unsupported(self, what: str) -> QueryError:
        """A refusal, by name, of what Athena may have and this endpoint has not."""
        where = line_and_column(self._sql, self.offset)
        return QueryError("NOT_SUPPORTED", f"{where}: {what} is not supported by the local endpoint.")

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None


def only(sql: str, start: int, end: int) -> str:
    """The statement with everything outside of a part blanked: positions in the part stay what they are."""
    return re.sub(r"\S", " ", sql[:start]) + sql[start:end]


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _hive_text(text: str) -> str:
    if text[0] == '"':
        return _ESCAPE.sub(_unescaped, text[1:-1].replace('""', '"'))
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    if escape is None:
        return "'"
    if len(escape) == 5:
        return chr(int(escape[1:], 16))
    if len(escape) == 3:
        return chr(int(escape, 8))
    return _ESCAPED.get(escape, escape)

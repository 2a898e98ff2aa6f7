"""Patterns of dates: MySQL's (date_format) and Joda's (format_datetime), as DuckDB's strftime writes them."""

from __future__ import annotations

import re

from sagemaker_local.athena.failures import QueryError

_MYSQL = {
    "a": "%a",
    "b": "%b",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "f": "%f",
    "H": "%H",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "j": "%j",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "m": "%m",
    "p": "%p",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "W": "%A",
    "x": "%G",
    "Y": "%Y",
    "y": "%y",
    "%": "%%",
}
_JODA = {
    "yyyy": "%Y",
    "YYYY": "%Y",
    "yy": "%y",
    "y": "%Y",
    "xxxx": "%G",
    "ww": "%V",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "D": "%-j",
    "EEEE": "%A",
    "EEE": "%a",
    "EE": "%a",
    "E": "%a",
    "e": "%u",
    "a": "%p",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
}
_JODA_PART = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z']+)")


def from_mysql(pattern: str) -> str:
    """`%Y-%m-%d %H:%i` -> `%Y-%m-%d %H:%M`.

    Raises:
        QueryError: a specifier that Athena refuses, too, or that is not supported here.
    """

    def specifier(found: re.Match[str]) -> str:
        if found[1] not in _MYSQL:
            raise QueryError("INVALID_FUNCTION_ARGUMENT", f"%{found[1]} not supported in date format string")
        return _MYSQL[found[1]]

    return re.sub(r"%(.)", specifier, pattern, flags=re.DOTALL)


def from_joda(pattern: str) -> str:
    """`yyyy-MM-dd'T'HH` -> `%Y-%m-%dT%H`.

    Raises:
        QueryError: a letter that is not supported here.
    """
    parts: list[str] = []
    for quoted, letters, _, plain in _JODA_PART.findall(pattern):
        if letters:
            if letters not in _JODA:
                raise QueryError("NOT_SUPPORTED", f"`{letters}` in the date pattern '{pattern}' is not supported here.")
            parts.append(_JODA[letters])
        else:
            parts.append((plain or quoted.replace("''", "'") or "'").replace("%", "%%"))
    return "".join(parts)

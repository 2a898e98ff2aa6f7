r"""Regular expressions of AWS's service models, which are Java's, as Python's.

Example: `[\p{L}\p{N}_]+` becomes a class of code point ranges, and the surrogate pairs `\uD800\uDC00-\uDBFF\uDFFF`
become `\U00010000-\U0010FFFF`.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from itertools import groupby

# A text that `.*(?:[ \r\n\t].*)*` does not match takes exponential time to refuse. With Python's `.` (anything but a
# line feed) it matches every text, so that is what we compile.
_EQUIVALENTS = {r".*(?:[ \r\n\t].*)*": r"[\s\S]*"}
_ALNUM = "a-zA-Z0-9"
_PROPERTY = re.compile(r"\\p\{(\w+)\}")
_SURROGATES = re.compile(r"\\u(D[89ABab][0-9A-Fa-f]{2})\\u(D[C-Fc-f][0-9A-Fa-f]{2})")
# `$` may be repeated in Java; at the end of the expression it says nothing that a full match does not say.
_REPEATED_END = re.compile(r"\$\{\d+,\d+\}$")


@functools.cache
def matcher(pattern: str) -> re.Pattern[str]:
    """Compile an expression of a service model; use it with `fullmatch`, as AWS does."""
    text = _EQUIVALENTS.get(pattern, pattern)
    text = _REPEATED_END.sub("", text)
    text = _SURROGATES.sub(_astral, text)
    text = _PROPERTY.sub(lambda found: _characters(found[1]), text)
    # Java's \d, \w and \s know ASCII only.
    return re.compile(text, re.ASCII)


def _astral(pair: re.Match[str]) -> str:
    r"""`\uD800\uDC00` as `\U00010000`."""
    high, low = int(pair[1], 16), int(pair[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


def _characters(name: str) -> str:
    r"""What stands inside brackets for `\p{name}`: a POSIX class or a general category by its first letter."""
    if name == "Alnum":
        return _ALNUM
    return _categories()[name]


@functools.cache
def _categories() -> dict[str, str]:
    """Code point ranges of every general category; one pass over Unicode, some tens of milliseconds, once."""
    ranges: dict[str, list[str]] = {}
    start = 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(sys.maxunicode + 1)))):
        end = start + sum(1 for _ in run)
        ranges.setdefault(category[0], []).append(f"\\U{start:08X}-\\U{end - 1:08X}")
        start = end
    return {name: "".join(spans) for name, spans in ranges.items()}

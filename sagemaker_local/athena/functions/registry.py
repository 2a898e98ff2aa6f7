"""All functions by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sagemaker_local.athena.functions.aggregates import AGGREGATES
from sagemaker_local.athena.functions.collections import COLLECTIONS
from sagemaker_local.athena.functions.encodings import ENCODINGS
from sagemaker_local.athena.functions.numbers import NUMBERS
from sagemaker_local.athena.functions.signature import Match, Overload, match
from sagemaker_local.athena.functions.strings import STRINGS
from sagemaker_local.athena.functions.times import TIMES
from sagemaker_local.athena.types import SqlType


def _by_name(overloads: Sequence[Overload]) -> dict[str, list[Overload]]:
    names: dict[str, list[Overload]] = {}
    for overload in overloads:
        names.setdefault(overload.name, []).append(overload)
    return names


FUNCTIONS: Mapping[str, Sequence[Overload]] = _by_name(
    [*STRINGS, *ENCODINGS, *NUMBERS, *TIMES, *COLLECTIONS, *AGGREGATES]
)


def best_match(name: str, kinds: Sequence[SqlType]) -> Match | None:
    """The overload of a known function that needs the least widening of its arguments, or None: none fits."""
    matches = [found for candidate in FUNCTIONS[name] if (found := match(candidate, kinds)) is not None]
    return min(matches, key=lambda found: found.cost, default=None)

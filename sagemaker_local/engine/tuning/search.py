"""How a tuning job chooses the hyperparameters of its next training job."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from sagemaker_local.engine.tuning.ranges import CategoricalRange, Range

Values = Mapping[str, str]
"""Hyperparameters by name, as texts."""


class Strategy(StrEnum):
    """The strategies that are supported here; AWS has Hyperband, too."""

    BAYESIAN = "Bayesian"
    RANDOM = "Random"
    GRID = "Grid"


class Search(Protocol):
    """One search; training jobs are numbered from 1, without gaps. Used by one thread."""

    def can_ask(self, number: int) -> bool:
        """Whether enough is known to choose for this training job; whoever cannot ask waits for a result."""

    def ask(self, number: int) -> Values | None:
        """Choose the hyperparameters of a training job; None: there is nothing left to try."""

    def tell(self, number: int, value: float | None) -> None:
        """Take the objective of a training job that has ended; None: it has none."""


class _Blind:
    """A search that results do not change."""

    def can_ask(self, number: int) -> bool:  # noqa: ARG002  # part of Search
        return True

    def tell(self, number: int, value: float | None) -> None:
        """Ignore it."""


class RandomSearch(_Blind):
    """Each value anywhere in its range, with the same chance."""

    def __init__(self, ranges: Sequence[Range], seed: int | None) -> None:
        self._ranges = ranges
        self._random = random.Random(seed)  # noqa: S311  # no secret

    def ask(self, number: int) -> Values | None:  # noqa: ARG002  # part of Search
        """Choose at random."""
        return {item.name: item.at(self._random.random()) for item in self._ranges}


class GridSearch(_Blind):
    """Every combination once, the last range's values changing first."""

    def __init__(self, ranges: Sequence[CategoricalRange]) -> None:
        self._names = [item.name for item in ranges]
        self._combinations = itertools.product(*(item.values for item in ranges))

    def ask(self, number: int) -> Values | None:  # noqa: ARG002  # part of Search
        """Take the next combination."""
        combination = next(self._combinations, None)
        return None if combination is None else dict(zip(self._names, combination, strict=True))


def grid_size(ranges: Sequence[CategoricalRange]) -> int:
    """How many combinations a grid has."""
    return math.prod(len(item.values) for item in ranges)


class OrderedSearch:
    """Makes a search repeatable when training jobs run in parallel, whichever of them ends first.

    Training job n is chosen with the results of those up to n - `parallel`, and of no other.
    """

    def __init__(self, search: Search, parallel: int) -> None:
        self._search = search
        self._parallel = parallel
        self._results: dict[int, float | None] = {}
        self._told = 0

    def can_ask(self, number: int) -> bool:
        """Whether all results are there that the choice depends on."""
        return all(earlier in self._results for earlier in self._due(number))

    def ask(self, number: int) -> Values | None:
        """Pass on the results that are due, in order, and choose."""
        for earlier in self._due(number):
            self._search.tell(earlier, self._results.pop(earlier))
            self._told = earlier
        return self._search.ask(number)

    def tell(self, number: int, value: float | None) -> None:
        """Keep a result until its turn."""
        self._results[number] = value

    def _due(self, number: int) -> range:
        return range(self._told + 1, number - self._parallel + 1)

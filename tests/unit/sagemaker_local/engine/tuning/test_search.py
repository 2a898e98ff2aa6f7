from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from sagemaker_local.engine.tuning.bayesian import BayesianSearch
from sagemaker_local.engine.tuning.ranges import CategoricalRange, ContinuousRange, IntegerRange, Range, Scaling
from sagemaker_local.engine.tuning.search import GridSearch, OrderedSearch, RandomSearch, Search, Values, grid_size

RANGES: tuple[Range, ...] = (
    ContinuousRange("eta", 0.001, 0.9, Scaling.LOGARITHMIC),
    ContinuousRange("subsample", 0.1, 0.999, Scaling.REVERSE_LOGARITHMIC),
    IntegerRange("max_depth", 2, 9),
    IntegerRange("max_bin", 16, 4096, Scaling.LOGARITHMIC),
    CategoricalRange("booster", ("gbtree", "dart")),
)


def searches(seed: int | None) -> Iterator[Search]:
    yield RandomSearch(RANGES, seed)
    yield BayesianSearch(RANGES, maximize=True, seed=seed, most_jobs=12)


def score(values: Values) -> float:
    """Best at eta 0.5 and depth 5."""
    return -abs(float(values["eta"]) - 0.5) - abs(int(values["max_depth"]) - 5) / 10


def asked(search: Search, count: int) -> list[Values]:
    found = []
    for number in range(1, count + 1):
        values = search.ask(number)
        assert values is not None
        search.tell(number, score(values))
        found.append(values)
    return found


@given(st.integers(0, 2**31 - 1))
@settings(max_examples=15, deadline=None)
def test_every_choice_is_a_text_within_its_range(seed: int) -> None:
    for search in searches(seed):
        for values in asked(search, 12):
            assert list(values) == [item.name for item in RANGES]
            assert 0.001 <= float(values["eta"]) <= 0.9
            assert 0.1 <= float(values["subsample"]) <= 0.999
            assert values["max_depth"] in {str(depth) for depth in range(2, 10)}
            assert 16 <= int(values["max_bin"]) <= 4096
            assert values["booster"] in {"gbtree", "dart"}


def test_same_seed_makes_the_same_choices_and_another_makes_others() -> None:
    for first, second, other in zip(searches(7), searches(7), searches(8), strict=True):
        choices = asked(first, 12)
        assert choices == asked(second, 12)
        assert choices != asked(other, 12)


def test_searches_without_a_seed_differ() -> None:
    for first, second in zip(searches(None), searches(None), strict=True):
        assert asked(first, 3) != asked(second, 3)


def test_bayesian_search_learns_where_the_best_lies() -> None:
    """Its later choices are better than its first ones, which are random; seeds are fixed."""
    for seed in range(3):
        scores = [score(values) for values in asked(BayesianSearch(RANGES, maximize=True, seed=seed, most_jobs=40), 40)]
        assert sum(scores[-10:]) > sum(scores[:10])


def test_bayesian_search_minimizes_when_less_is_better() -> None:
    search = BayesianSearch(RANGES, maximize=False, seed=1, most_jobs=40)
    losses = []
    for number in range(1, 41):
        values = search.ask(number)
        assert values is not None
        losses.append(-score(values))
        search.tell(number, losses[-1])

    assert sum(losses[-10:]) < sum(losses[:10])


def test_bayesian_search_goes_on_after_a_training_job_without_objective() -> None:
    search = BayesianSearch(RANGES, maximize=True, seed=1, most_jobs=6)
    search.ask(1)
    search.tell(1, None)

    assert len(asked(search, 5)) == 5


def test_grid_has_every_combination_once() -> None:
    ranges = [CategoricalRange("a", ("1", "2")), CategoricalRange("b", ("x", "y", "z"))]
    search = GridSearch(ranges)

    found = [search.ask(number) for number in range(1, 8)]

    assert found == [
        *({"a": a, "b": b} for a in ("1", "2") for b in ("x", "y", "z")),
        None,
    ]
    assert grid_size(ranges) == 6


@given(st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_ordered_search_chooses_the_same_whoever_ends_first(chance: Random, parallel: int) -> None:
    expected = run_in_parallel(parallel, lambda running: running[0])

    assert run_in_parallel(parallel, chance.choice) == expected


def run_in_parallel(parallel: int, ends_next: Callable[[list[int]], int]) -> list[Values]:
    search = OrderedSearch(BayesianSearch(RANGES, maximize=True, seed=3, most_jobs=10), parallel)
    running: dict[int, Values] = {}
    chosen: list[Values] = []
    while len(chosen) < 10 or running:
        while len(chosen) < 10 and len(running) < parallel and search.can_ask(len(chosen) + 1):
            values = search.ask(len(chosen) + 1)
            assert values is not None
            running[len(chosen) + 1] = values
            chosen.append(values)
        ended = ends_next(sorted(running))
        search.tell(ended, score(running.pop(ended)))
    return chosen


def test_ordered_search_waits_for_the_results_that_a_choice_depends_on() -> None:
    search = OrderedSearch(RandomSearch(RANGES, 1), 2)
    search.ask(1)
    search.ask(2)
    search.tell(2, 0.5)

    assert not search.can_ask(3)
    search.tell(1, 0.5)
    assert search.can_ask(3)
    search.ask(3)
    assert search.can_ask(4)


@pytest.mark.parametrize("module", ["sagemaker_local.app.compose", "sagemaker_local.engine.tuning.search"])
def test_endpoint_starts_without_the_library_of_the_bayesian_search(module: str) -> None:
    code = f"import sys, {module}; sys.exit('optuna' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_library_of_the_bayesian_search_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    asked(BayesianSearch(RANGES, maximize=True, seed=1, most_jobs=3), 3)

    assert capfd.readouterr() == ("", "")

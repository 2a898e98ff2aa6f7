"""Bayesian search: Optuna's tree-structured Parzen estimator. To import this takes a quarter of a second and 35 MB."""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from sagemaker_local.engine.tuning.ranges import CategoricalRange, IntegerRange, Range, Scaling
from sagemaker_local.engine.tuning.search import Values

# Before there is something to learn from, the search is random.
_LEAST_RANDOM_JOBS = 3
_MOST_RANDOM_JOBS = 10

optuna.logging.set_verbosity(optuna.logging.WARNING)


class BayesianSearch:
    """Near what was good, and now and then far from it; what still runs counts as bad, so that it is not repeated."""

    def __init__(self, ranges: Sequence[Range], *, maximize: bool, seed: int | None, most_jobs: int | None) -> None:
        startup = _MOST_RANDOM_JOBS if most_jobs is None else most_jobs // 3
        sampler = TPESampler(
            n_startup_trials=min(max(startup, _LEAST_RANDOM_JOBS), _MOST_RANDOM_JOBS), seed=seed, constant_liar=True
        )
        self._study = optuna.create_study(direction="maximize" if maximize else "minimize", sampler=sampler)
        self._ranges = ranges
        self._distributions = {item.name: _distribution(item) for item in ranges}
        self._trials: dict[int, Trial] = {}

    def can_ask(self, number: int) -> bool:  # noqa: ARG002  # part of Search
        """Say yes: it makes do with what it knows."""
        return True

    def ask(self, number: int) -> Values | None:
        """Choose by what was told so far."""
        trial = self._trials[number] = self._study.ask(self._distributions)
        return {item.name: _text(item, trial.params[item.name]) for item in self._ranges}

    def tell(self, number: int, value: float | None) -> None:
        """Learn from a training job."""
        trial = self._trials.pop(number)
        if value is None:
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, value)


def _distribution(item: Range) -> BaseDistribution:
    if isinstance(item, CategoricalRange):
        return CategoricalDistribution(item.values)
    if isinstance(item, IntegerRange):
        return IntDistribution(item.least, item.most, log=item.scaling is Scaling.LOGARITHMIC)
    # The place in the range: that is how the search sees the scale, which Optuna does not have in reverse.
    return FloatDistribution(0, 1)


def _text(item: Range, chosen: float | str) -> str:
    if isinstance(item, IntegerRange | CategoricalRange):
        return str(chosen)
    return item.at(float(chosen))

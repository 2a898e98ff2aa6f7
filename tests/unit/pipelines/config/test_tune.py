"""`training.tune`: what is searched, and what is refused before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pipelines.config import PipelineConfig, load
from pipelines.config.hyperparameters import Hyperparameters
from pipelines.config.tune import Tune
from pipelines.errors import InvalidConfig

MINIMAL = """
project_name: churn
region: us-west-2
bucket: my-bucket
prefix: team/churn
model_package_group: churn-models
role_arn: arn:aws:iam::123456789012:role/Pipelines
"""
Load = Callable[[str], PipelineConfig]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Load a configuration with this section `training.tune`."""

    def _read(tune: str) -> PipelineConfig:
        path = tmp_path / "config.yaml"
        path.write_text(f"{MINIMAL}training:\n  tune: {tune}\n", encoding="utf-8")
        return load([path])

    return _read


def refusal(read: Load, tune: str) -> str:
    with pytest.raises(InvalidConfig, match="The configuration is refused:") as caught:
        read(tune)
    return str(caught.value)


def test_tuning_is_off_by_default(read: Load) -> None:
    assert read("null").training.tune is None


def test_search_is_read_with_its_defaults(read: Load) -> None:
    tune = read("{ranges: {max_depth: {min: 3, max: 9}, lambda: {values: [0, 1.5]}}}").training.tune

    assert tune is not None
    assert (tune.max_jobs, tune.max_parallel_jobs, tune.strategy, tune.random_seed) == (10, 2, "bayesian", 42)
    assert (tune.ranges["max_depth"].min, tune.ranges["max_depth"].max) == (3, 9)
    assert tune.ranges["lambda"].values == (0, 1.5)


def test_search_survives_the_change_of_the_account(read: Load) -> None:
    config = read("{ranges: {eta: {min: 0.01, max: 0.3, scaling: logarithmic}}, strategy: random}")

    assert config.with_account_id("000000000000").training == config.training


@given(st.sampled_from(sorted(field.alias or name for name, field in Hyperparameters.model_fields.items())), st.data())
def test_every_hyperparameter_can_be_searched_within_its_own_bounds(name: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.sampled_from([0.5, 1, 2, 3]), min_size=2, max_size=2, unique=True).map(sorted))
    try:
        for value in values:
            Hyperparameters.model_validate({name: value})
    except ValueError:
        with pytest.raises(ValueError, match=f"allowed for {name}: "):
            Tune.model_validate({"ranges": {name: {"min": values[0], "max": values[1]}}})
    else:
        Tune.model_validate({"ranges": {name: {"min": values[0], "max": values[1]}}})


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        (
            "{ranges: {max_deph: {min: 3, max: 9}}}",
            "names 'max_deph', which is no hyperparameter; did you mean 'max_depth'? allowed: max_depth, eta,",
        ),
        ("{ranges: {seed: {min: 3, max: 9}}}", "ranges names 'seed', which is no hyperparameter;"),
        (
            "{ranges: {max_depth: {min: 0, max: 9}}}",
            "ranges.max_depth has 0; allowed for max_depth: greater than or equal to 1",
        ),
        ("{ranges: {eta: {min: 0.1, max: 1.5}}}", "ranges.eta has 1.5; allowed for eta: less than or equal to 1"),
        (
            "{ranges: {max_depth: {min: 1.5, max: 9}}}",
            "ranges.max_depth has 1.5; allowed for max_depth: a whole number",
        ),
        ("{ranges: {subsample: {values: [0.5, 0]}}}", "ranges.subsample has 0; allowed for subsample: greater than 0"),
        ("{ranges: {eta: {min: 0.3, max: 0.1}}}", "training.tune.ranges.eta: min 0.3 is not below max 0.1"),
        (
            "{ranges: {eta: {min: 0.3}}}",
            "ranges.eta: it has not exactly one of both bounds or values; allowed: such as {min: 3",
        ),
        ("{ranges: {eta: {min: 0.1, max: 0.3, values: [0.2]}}}", "ranges.eta: it has not exactly one of"),
        ("{ranges: {eta: {}}}", "ranges.eta: it has not exactly one of"),
        ("{ranges: {eta: {values: [0.1, 0.2, 0.1]}}}", "ranges.eta: values has 0.1 more than once"),
        ("{ranges: {gamma: {min: 0, max: 1, scaling: logarithmic}}}", "ranges.gamma: min 0 has no logarithm"),
        (
            "{ranges: {subsample: {min: 0.5, max: 1, scaling: reverse_logarithmic}}}",
            "0.5 to 1 cannot be scaled in reverse",
        ),
        ("{ranges: {eta: {values: [0.1], scaling: linear}}}", "scaling 'linear' is for bounds, and this has values"),
        (
            "{ranges: {eta: {min: 0.1, max: 0.3, scaling: cubic}}}",
            "ranges.eta.scaling: 'cubic' is refused; allowed: 'auto', 'linear'",
        ),
        (
            "{ranges: {eta: {mn: 0.1, max: 0.3}}}",
            "Did you mean 'training.tune.ranges.eta.min'? Allowed here: max, min, scaling",
        ),
        ("{ranges: {}}", "training.tune.ranges: {} is refused"),
        ("{}", "'training.tune.ranges' is missing"),
        (
            "{ranges: {eta: {values: [0.1]}}, random_seed: 0}",
            "training.tune.random_seed: 0 is refused; allowed: greater than or equal to 1",
        ),
        (
            "{ranges: {eta: {values: [0.1]}}, max_jobs: 3, max_parallel_jobs: 4}",
            "max_parallel_jobs 4 is greater than max_jobs 3",
        ),
        (
            "{ranges: {eta: {min: 0.1, max: 0.3}}, strategy: grid}",
            "strategy 'grid' tries values, and ranges.eta has bounds",
        ),
        (
            "{ranges: {eta: {values: [0.1, 0.2]}, gamma: {values: [0, 1]}}, strategy: grid, max_jobs: 3}",
            "the grid has 4 combinations and max_jobs is 3",
        ),
        (
            "{ranges: {eta: {values: [0.1]}}, strategy: hyperband}",
            "training.tune.strategy: 'hyperband' is refused; allowed: 'bayesian', 'random' or 'grid'",
        ),
    ],
)
def test_search_that_cannot_be_is_refused_with_what_is_allowed(read: Load, tune: str, message: str) -> None:
    assert message in refusal(read, tune)

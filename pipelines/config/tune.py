"""Which hyperparameters are searched, where, and with how many training jobs."""

from __future__ import annotations

import difflib
import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from pipelines.config.aws_names import Several
from pipelines.config.hyperparameters import Hyperparameters
from pipelines.config.section import Section

Scaling = Literal["auto", "linear", "logarithmic", "reverse_logarithmic"]

_KINDS = {field.alias or name: field.annotation for name, field in Hyperparameters.model_fields.items()}
"""Type of each hyperparameter, by the name that it has in files."""
_EXAMPLE = "{min: 3, max: 9} or {values: [3, 6, 9]}"


class TuneRange(Section):
    """What is tried for one hyperparameter: numbers between two bounds, or values."""

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    scaling: Scaling = "auto"
    values: Annotated[tuple[float, ...], Several] | None = Field(default=None, min_length=1, max_length=30)

    @model_validator(mode="after")
    def _check(self) -> Self:
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        if (self.values is None) == (not bounds) or len(bounds) == 1:
            raise ValueError(f"it has not exactly one of both bounds or values; allowed: such as {_EXAMPLE}")
        if self.values is not None:
            self._check_values(self.values)
        elif bounds[0] >= bounds[1]:
            raise ValueError(f"min {bounds[0]:g} is not below max {bounds[1]:g}; allowed: a min less than the max")
        else:
            self._check_scaling(*bounds)
        return self

    def _check_values(self, values: tuple[float, ...]) -> None:
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise ValueError(f"values has {twice[0]:g} more than once; allowed: each value once")
        if self.scaling != "auto":
            raise ValueError(f"scaling {self.scaling!r} is for bounds, and this has values; allowed: no scaling")

    def _check_scaling(self, least: float, most: float) -> None:
        if self.scaling == "logarithmic" and least <= 0:
            raise ValueError(f"min {least:g} has no logarithm; allowed for this scaling: a min greater than 0")
        if self.scaling == "reverse_logarithmic" and not 0 <= least < most < 1:
            raise ValueError(
                f"{least:g} to {most:g} cannot be scaled in reverse; allowed for this scaling: bounds from 0 to below 1"
            )


class Tune(Section):
    """A search for hyperparameters; those without a range keep their values."""

    ranges: dict[str, TuneRange] = Field(min_length=1)
    """By hyperparameter, each within the hyperparameter's own bounds."""
    max_jobs: int = Field(default=10, ge=1, le=750)
    """Training jobs altogether; a grid has one for each combination, and not more than these."""
    max_parallel_jobs: int = Field(default=2, ge=1, le=100)
    max_runtime_seconds: int | None = Field(default=None, ge=120, le=15_768_000)
    """Of all training jobs together; null: no limit but each job's own."""
    strategy: Literal["bayesian", "random", "grid"] = "bayesian"
    random_seed: int = Field(default=42, ge=1, le=2**31 - 1)
    """The same seed tries the same values; 0 would be none to the SDK."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, item in self.ranges.items():
            _check_name(name)
            _check_kind(name, item)
        if self.max_parallel_jobs > self.max_jobs:
            raise ValueError(
                f"max_parallel_jobs {self.max_parallel_jobs} is greater than max_jobs {self.max_jobs}; allowed: at "
                "most max_jobs"
            )
        if self.strategy == "grid":
            self._check_grid()
        return self

    def _check_grid(self) -> None:
        bounded = [name for name, item in self.ranges.items() if item.values is None]
        if bounded:
            raise ValueError(
                f"strategy 'grid' tries values, and ranges.{bounded[0]} has bounds; allowed: values for each "
                "hyperparameter, or another strategy"
            )
        if self.grid_size > self.max_jobs:
            raise ValueError(
                f"the grid has {self.grid_size} combinations and max_jobs is {self.max_jobs}; allowed: max_jobs of "
                f"{self.grid_size} or more, or fewer values"
            )

    @property
    def grid_size(self) -> int:
        """How many combinations the values have."""
        return math.prod(len(item.values or ()) for item in self.ranges.values())


def is_whole(name: str) -> bool:
    """Say whether a hyperparameter takes whole numbers only."""
    return _KINDS[name] is int


def _check_name(name: str) -> None:
    if name in _KINDS:
        return
    near = difflib.get_close_matches(name, _KINDS, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"ranges names {name!r}, which is no hyperparameter; {hint}allowed: {', '.join(_KINDS)}")


def _check_kind(name: str, item: TuneRange) -> None:
    for value in (item.min, item.max) if item.values is None else item.values:
        # A number of YAML that is whole is a float here, too.
        given: Any = int(value) if value is not None and value.is_integer() else value
        try:
            Hyperparameters.model_validate({name: given})
        except ValidationError as error:
            allowed = (
                error.errors()[0]["msg"].removeprefix("Input should be ").replace("a valid integer", "a whole number")
            )
            raise ValueError(f"ranges.{name} has {given}; allowed for {name}: {allowed}") from error
    if is_whole(name) and item.scaling == "reverse_logarithmic":
        raise ValueError(
            f"ranges.{name} has scaling 'reverse_logarithmic', and {name} is a whole number; allowed: auto, linear, "
            "logarithmic"
        )

"""Which customers train the model, how they are split, and with which hyperparameters."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import InstanceType
from pipelines.config.hyperparameters import Hyperparameters
from pipelines.config.section import Section
from pipelines.config.tune import Tune


class Training(Section):
    """The training job and the data that it sees."""

    instance_type: InstanceType = "ml.m5.xlarge"
    volume_gb: int = Field(default=30, ge=1, le=16384)
    max_runtime_seconds: int = Field(default=3600, ge=1, le=2_419_200)
    customer_id_start: int | None = Field(default=1, ge=0)
    """Number of the first customer to learn from, inclusive; null: no bound."""
    customer_id_end: int | None = Field(default=4000, ge=0)
    """Number of the last customer to learn from, inclusive; null: no bound."""
    validation_fraction: float = Field(default=0.15, gt=0, lt=1)
    test_fraction: float = Field(default=0.15, gt=0, lt=1)
    seed: int = Field(default=42, ge=0, le=2**31 - 1)
    hyperparameters: Hyperparameters = Hyperparameters()
    tune: Tune | None = None
    """Searches some of the hyperparameters instead of taking them as they are; null: one training job with them."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_range(self.customer_id_start, self.customer_id_end)
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                f"validation_fraction {self.validation_fraction} and test_fraction {self.test_fraction} leave nothing "
                "to train on; allowed: a sum below 1"
            )
        return self


def check_range(start: int | None, end: int | None) -> None:
    """Refuse a range of customers that holds nobody.

    Raises:
        ValueError: the start lies behind the end.
    """
    if start is not None and end is not None and start > end:
        raise ValueError(
            f"customer_id_start {start} lies behind customer_id_end {end}; allowed: a start not greater than the end"
        )

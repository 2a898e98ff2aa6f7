"""Which customers train the model, how they are split, and the hyperparameters."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import InstanceType
from pipelines.config.section import Section


class Hyperparameters(Section):
    """Hyperparameters of XGBoost; each is also a pipeline parameter, so that a run may change it."""

    max_depth: int = Field(default=6, ge=1, le=64)
    eta: float = Field(default=0.1, gt=0, le=1)
    num_round: int = Field(default=200, ge=1, le=100_000)
    min_child_weight: float = Field(default=1.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)
    colsample_bytree: float = Field(default=0.8, gt=0, le=1)
    early_stopping_rounds: int = Field(default=20, ge=0)
    """Rounds without improvement before training stops; 0: grow all trees."""
    gamma: float = Field(default=0.0, ge=0)
    lambda_: float = Field(default=1.0, ge=0, alias="lambda")
    alpha: float = Field(default=0.0, ge=0)
    max_bin: int = Field(default=256, ge=2)
    scale_pos_weight: float = Field(default=1.0, gt=0)


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

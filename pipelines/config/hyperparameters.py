"""The hyperparameters of XGBoost, with the bounds that each has."""

from __future__ import annotations

from pydantic import Field

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

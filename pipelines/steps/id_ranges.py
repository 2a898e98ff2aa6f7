"""Whom to learn from and whom to score, as options of a script."""

from __future__ import annotations

from typing import Any

from pipelines.steps.context import StepContext


def train_range(context: StepContext) -> list[Any]:
    """Say whom to learn from."""
    parameters = context.parameters
    return [*_bound("--train-id-start", parameters.train_id_start), *_bound("--train-id-end", parameters.train_id_end)]


def batch_range(context: StepContext) -> list[Any]:
    """Say whom to score."""
    parameters = context.parameters
    return [*_bound("--batch-id-start", parameters.batch_id_start), *_bound("--batch-id-end", parameters.batch_id_end)]


def _bound(option: str, parameter: Any) -> list[Any]:
    # No bound is said in one word: an argument that is an empty text of its own is lost by some shells.
    return [f"{option}="] if parameter is None else [option, parameter]

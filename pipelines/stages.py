"""The two halves of the work, each as steps that fit together: learning a model, and scoring a batch with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.steps.batch import Batch
from pipelines.steps.context import StepContext
from pipelines.steps.create_model import create_model
from pipelines.steps.evaluate import evaluate
from pipelines.steps.evaluate_if_labelled import evaluate_if_labelled
from pipelines.steps.gate import gate
from pipelines.steps.latest_approved_model import champion, latest_approved_model
from pipelines.steps.preprocess import preprocess
from pipelines.steps.processing import output_of
from pipelines.steps.publish import Table, publish
from pipelines.steps.query_features import RAW, query_features
from pipelines.steps.register import register
from pipelines.steps.train import train
from pipelines.steps.transform import transform
from pipelines.steps.tune import tune
from pipelines.steps.verdict import verdict


@dataclass(frozen=True, slots=True)
class Learning:
    """The steps that learn, and what scoring may follow."""

    steps: list[Any]
    preprocessed: Any
    gate: Any


def learn(context: StepContext, *, with_batch: bool = False) -> Learning:
    """Build the steps from the customers to the registered model; with `with_batch`, Preprocess also cuts a batch."""
    queried = []
    if context.config.data_source == "feature_store":
        queried = [query_features(context, with_batch=with_batch)]
    raw = output_of(queried[0], RAW) if queried else context.parameters.input_data_uri
    preprocessed = preprocess(context, raw, with_batch=with_batch)
    settings = context.config.training.tune
    trained = train(context, preprocessed) if settings is None else tune(context, preprocessed, settings)
    defending = champion(context)
    evaluated = evaluate(context, preprocessed, trained, defending)
    judged = verdict(context, evaluated)
    registered = register(context, trained, evaluated, judged, raw)
    gated = gate(context, evaluated, if_passed=[registered])
    steps = [*queried, preprocessed, trained.step, defending, evaluated, judged, gated]
    return Learning(steps, preprocessed, gated)


def score(
    context: StepContext,
    batch: Batch,
    table: Table,
    *,
    transform: Callable[[StepContext, Batch, Any], Any] = transform,
    gated: Any = None,
) -> list[Any]:
    """Build the steps from a batch to its published predictions.

    Args:
        context: the build.
        batch: what to score.
        table: where to publish.
        transform: builds the transform step, which knows the batch's format.
        gated: the gate, in a pipeline that registers a model before it scores.
    """
    found = latest_approved_model(context, gated)
    created = create_model(context, found)
    transformed = transform(context, batch, created)
    evaluated = evaluate_if_labelled(context, batch, found, transformed)
    published = publish(context, table, batch, found, transformed)
    return [found, created, transformed, evaluated, published]

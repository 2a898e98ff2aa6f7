"""Train, when `training.tune` is set: training jobs with different hyperparameters, of which the best one counts."""

from __future__ import annotations

from typing import Any

from pipelines import layout
from pipelines.config.tune import Tune, TuneRange, is_whole
from pipelines.sdk import CategoricalRange, ContinuousRange, HyperparameterTuner, IntegerRange, TuningStep
from pipelines.steps.context import StepContext
from pipelines.steps.policies import cached, job_retries
from pipelines.steps.trainer import NAME, Trained, metric_definitions, objective, trainer

_STRATEGIES = {"bayesian": "Bayesian", "random": "Random", "grid": "Grid"}
_SCALINGS = {
    "auto": "Auto",
    "linear": "Linear",
    "logarithmic": "Logarithmic",
    "reverse_logarithmic": "ReverseLogarithmic",
}
_DIRECTIONS = {"binary_classification": "Maximize", "regression": "Minimize"}


def tune(context: StepContext, preprocessed: Any, settings: Tune) -> Trained:
    """Build the step, after the step that preprocesses; the archive is the best training job's."""
    config = context.config
    step = TuningStep(
        name=NAME,
        display_name="Train XGBoost, tuned",
        description=f"Train gradient-boosted trees with different {', '.join(settings.ranges)}; the training job with "
        f"the best {objective(config)} leaves the model.",
        step_args=_tuner(context, preprocessed, settings).tune(),
        cache_config=cached(config),
        retry_policies=job_retries(config),
    )
    folder = layout.models(config).removeprefix(f"s3://{config.bucket}/")
    return Trained(step, step.get_top_model_s3_uri(top_k=0, s3_bucket=config.bucket, prefix=folder))


def _tuner(context: StepContext, preprocessed: Any, settings: Tune) -> Any:
    is_grid = settings.strategy == "grid"
    jobs = settings.grid_size if is_grid else settings.max_jobs
    return HyperparameterTuner(
        model_trainer=trainer(context, preprocessed, without=settings.ranges),
        base_tuning_job_name="train",
        objective_metric_name=objective(context.config),
        objective_type=_DIRECTIONS[context.config.dataset.problem_type],
        metric_definitions=metric_definitions(context) or None,
        hyperparameter_ranges={name: _range(name, item) for name, item in settings.ranges.items()},
        strategy=_STRATEGIES[settings.strategy],
        # The service counts a grid's combinations by itself.
        max_jobs=None if is_grid else jobs,
        max_parallel_jobs=min(settings.max_parallel_jobs, jobs),
        max_runtime_in_seconds=settings.max_runtime_seconds,
        random_seed=settings.random_seed,
    )


def _range(name: str, item: TuneRange) -> Any:
    number = int if is_whole(name) else float
    if item.values is not None:
        return CategoricalRange([number(value) for value in item.values])
    assert item.min is not None  # noqa: S101  # the configuration has both bounds, or values
    assert item.max is not None  # noqa: S101  # see above
    kind = IntegerRange if is_whole(name) else ContinuousRange
    return kind(number(item.min), number(item.max), _SCALINGS[item.scaling])

"""Which action belongs to which step type."""

from __future__ import annotations

from collections.abc import Mapping

from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.steps.decision import decide, fail
from sagemaker_local.engine.steps.function import function_action
from sagemaker_local.engine.steps.job import job_action
from sagemaker_local.engine.steps.model import model_action, register_model_action
from sagemaker_local.engine.steps.outcome import Action
from sagemaker_local.engine.steps.tuning import tuning_action
from sagemaker_local.engine.tuning.tuning_jobs import TuningJobs
from sagemaker_local.ports import Functions
from sagemaker_local.records.job import JobKind
from sagemaker_local.store.tags import TagStore


def step_actions(
    jobs: Jobs, tuning_jobs: TuningJobs, registry: Registry, functions: Functions, tags: TagStore
) -> Mapping[str, Action]:
    """Give the action of every step type in STEP_TYPES."""
    return {
        **{kind.value: job_action(kind, jobs, tags) for kind in JobKind},
        "Tuning": tuning_action(tuning_jobs),
        "Model": model_action(registry, tags),
        "RegisterModel": register_model_action(registry),
        "Condition": decide,
        "Lambda": function_action(functions),
        "Fail": fail,
    }

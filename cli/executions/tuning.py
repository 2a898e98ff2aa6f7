"""Tuning steps: which training job was the best, for the tables of an execution, and whose log is the step's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.context import Context

MEMBER = "TuningJob"
"""The member of a step's metadata."""


def add_best(context: Context, steps: Sequence[Mapping[str, Any]], details: dict[str, str]) -> None:
    """Put the best training job of each tuning step that has succeeded into `details`; ask once for each."""
    for step in steps:
        name, job = step["StepName"], step.get("Metadata", {}).get(MEMBER)
        if job is None or step["StepStatus"] != "Succeeded" or name in details:
            continue
        try:
            details[name] = _best(context.client("sagemaker"), job["Arn"])
        except Exception:  # noqa: BLE001  # a detail of a table, read from another call: it may not spoil the table
            details[name] = ""


def training_job(client: Any, arn: str) -> str | None:
    """The training job whose log says most about a tuning job: the best, else one that failed, else the newest."""
    name = _name(arn)
    best = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name).get("BestTrainingJob")
    if best is not None:
        return str(best["TrainingJobName"])
    for wanted in ({"StatusEquals": "Failed"}, {}):
        jobs = client.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Descending", MaxResults=1, **wanted
        )["TrainingJobSummaries"]
        if jobs:
            return str(jobs[0]["TrainingJobName"])
    return None


def _best(client: Any, arn: str) -> str:
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=_name(arn))
    best, launched = described["BestTrainingJob"], sum(described["TrainingJobStatusCounters"].values())
    metric = best["FinalHyperParameterTuningJobObjectiveMetric"]
    tried = ", ".join(f"{name}={value}" for name, value in sorted(best["TunedHyperParameters"].items()))
    return f"best of {launched}: {best['TrainingJobName']}, {metric['MetricName']} {metric['Value']:.5g} with {tried}"


def _name(arn: str) -> str:
    # In small letters, as the ARN has it: the names of tuning jobs are not case sensitive.
    return arn.rsplit("/", 1)[-1]

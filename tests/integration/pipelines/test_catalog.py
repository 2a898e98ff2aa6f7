"""Pipelines by name."""

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig
from pipelines.errors import UnknownPipeline
from tests.integration.pipelines.nodes import all_steps

ALL = "feature-ingestion, training, batch-inference, upload-inference, evaluation, end-to-end"


def test_entry_unknown_names_all_and_the_nearest() -> None:
    with pytest.raises(UnknownPipeline, match=rf"'endtoend'; allowed: {ALL}. Did you mean 'end-to-end'"):
        catalog.entry("endtoend")


def test_entry_like_no_other_guesses_nothing() -> None:
    with pytest.raises(UnknownPipeline, match=rf"allowed: {ALL}\.$"):
        catalog.entry("zzz")


def test_sagemaker_name_begins_with_the_project(churn: PipelineConfig) -> None:
    assert [entry.sagemaker_name(churn) for entry in catalog.entries()] == [f"churn-{name}" for name in ALL.split(", ")]


def test_sagemaker_name_of_the_batch_pipeline_is_the_configured_one(churn: PipelineConfig) -> None:
    named = churn.model_copy(update={"pipeline_name": "daily"})

    assert catalog.entry("batch-inference").sagemaker_name(named) == "daily"
    assert catalog.entry("training").sagemaker_name(named) == "churn-training"


@pytest.mark.parametrize("pipeline", ALL.split(", "))
def test_build_takes_the_role_of_the_pipeline(churn: PipelineConfig, pipeline: str) -> None:
    role = "arn:aws:iam::123456789012:role/Own"
    roles = churn.roles.model_copy(update={pipeline.replace("-", "_"): role})

    built = catalog.build(pipeline, churn.model_copy(update={"roles": roles}))

    jobs = {node.body["Arguments"].get("RoleArn") for node in all_steps(built).values()} - {None}
    assert (built.role_arn, jobs) == (role, {role})
    assert {function.role_arn for function in built.functions} == {churn.role_arn}

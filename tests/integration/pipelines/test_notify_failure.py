"""Whatever fails, somebody is told: one watcher for each step of each pipeline."""

import json

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig
from tests.integration.pipelines.nodes import all_steps, unread_inputs, working_steps

UNWATCHED = {"Gate"}
"""A condition step: the service has refused explicit dependencies on those."""


@pytest.mark.parametrize("pipeline", catalog.names())
def test_every_step_but_the_gate_is_watched(churn: PipelineConfig, pipeline: str) -> None:
    built = catalog.build(pipeline, churn)
    steps = all_steps(built)

    watchers = {name: node for name, node in steps.items() if name.startswith("NotifyFailure-")}

    assert {name.removeprefix("NotifyFailure-") for name in watchers} == set(working_steps(built)) - UNWATCHED
    for name, node in watchers.items():
        watched = name.removeprefix("NotifyFailure-")
        assert node.body["DependsOn"] == [{"Step": watched, "Trigger": "Failed"}]
        assert node.body["Arguments"]["StepName"] == watched


def test_watchers_share_one_function_that_reads_what_it_is_given(churn: PipelineConfig) -> None:
    built = catalog.build("batch-inference", churn)
    watchers = [node for name, node in all_steps(built).items() if name.startswith("NotifyFailure-")]

    assert len({node.body["FunctionArn"] for node in watchers}) == 1
    assert not set().union(*(unread_inputs(node, built) for node in watchers))


def test_event_names_the_topic_and_the_place_of_this_execution(churn: PipelineConfig) -> None:
    event = all_steps(catalog.build("training", churn))["NotifyFailure-Train"].body["Arguments"]

    assert event["TopicArn"] == churn.sns_topic_arn
    assert event["PipelineExecutionArn"] == {"Get": "Execution.PipelineExecutionArn"}
    assert {"Get": "Execution.PipelineExecutionId"} in event["ErrorsUri"]["Std:Join"]["Values"]


def test_without_a_topic_the_event_says_none(churn: PipelineConfig) -> None:
    built = catalog.build("training", churn.model_copy(update={"sns_topic_arn": None}))

    assert json.loads(built.definition())
    assert all_steps(built)["NotifyFailure-Train"].body["Arguments"]["TopicArn"] == "none"


@pytest.mark.parametrize("pipeline", catalog.names())
def test_no_working_step_depends_on_another_by_name_only(churn: PipelineConfig, pipeline: str) -> None:
    """Edges are data: a step that needs another one says what it needs of it."""
    steps = working_steps(catalog.build(pipeline, churn))

    assert not [name for name, node in steps.items() if "DependsOn" in node.body]

"""The SageMaker SDK's own classes, unchanged: a pipeline is upserted, started, followed, stopped and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.program import Report, run

ARN = "arn:aws:sagemaker:us-west-2:000000000000"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    endpoint = start(tmp_path_factory.mktemp("sdk"))
    try:
        yield run(endpoint, "sdk_pipeline")
    finally:
        stop(endpoint)


def statuses(section: dict[str, Any]) -> dict[str, str]:
    return {name: step["StepStatus"] for name, step in section["steps"].items()}


def test_upsert_twice_makes_one_pipeline_with_two_versions(report: Report) -> None:
    seen = report["upsert"]

    assert seen["first"] == seen["second"] == f"{ARN}:pipeline/sdk-tour"
    assert seen["versions"] == 2
    assert seen["description"] == "second"
    assert seen["tags"] == {"team": "churn"}


def test_start_runs_processors_a_model_trainer_a_condition_and_a_lambda(report: Report) -> None:
    seen = report["first"]

    assert seen["status"] == "Succeeded"
    assert statuses(seen) == dict.fromkeys(("Count", "Package", "Train", "Gate", "Answer"), "Succeeded")
    assert seen["steps"]["Gate"]["Metadata"]["Condition"]["Outcome"] == "True"


def test_list_parameters_gives_what_start_was_given_and_the_defaults(report: Report) -> None:
    parameters = {entry["Name"]: entry["Value"] for entry in report["first"]["parameters"]}

    assert parameters == {"Label": "ada", "Minimum": "1.0", "Rounds": "3"}


def test_a_lambda_step_gets_a_property_files_value_and_gives_outputs(report: Report) -> None:
    outputs = report["first"]["steps"]["Answer"]["Metadata"]["Lambda"]["OutputParameters"]

    assert {entry["Name"]: entry["Value"] for entry in outputs} == {"Doubled": "6", "Text": "twice 3"}


def test_a_limit_of_one_parallel_step_runs_one_job_after_the_other(report: Report) -> None:
    jobs = [report["first"]["steps"][name] for name in ("Count", "Package", "Train")]

    spans = sorted((job["StartTime"], job["EndTime"]) for job in jobs)

    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_second_run_takes_the_cached_step_from_the_first(report: Report) -> None:
    seen = report["second"]

    assert seen["status"] == "Succeeded"
    hits = {name: step["CacheHitResult"] for name, step in seen["steps"].items() if "CacheHitResult" in step}
    assert hits == {"Count": {"SourcePipelineExecutionArn": seen["source"]}}


def test_a_fail_step_ends_the_execution_with_its_message(report: Report) -> None:
    seen = report["refused"]

    assert seen["status"] == "Failed"
    assert "PipelineExecutionComplete failed" in seen["raised"]
    assert seen["steps"]["TooFew"]["FailureReason"] == "only 3 lines, not 4.5"
    assert "Answer" not in seen["steps"]


def test_stop_ends_a_running_execution(report: Report) -> None:
    seen = report["stopped"]

    assert seen["status"] == "Stopped"
    assert statuses(seen) == {"Sleep": "Stopped"}


def test_a_large_definition_goes_through_s3_and_is_stored_whole(report: Report) -> None:
    seen = report["large"]

    assert seen["sent"] >= 100 * 1024
    assert seen["keys"] == ["sdk-large"]
    assert seen["stored"]
    assert seen["status"] == "Succeeded"


def test_delete_makes_the_pipeline_unknown(report: Report) -> None:
    assert report["delete"] == {"code": "ResourceNotFound"}

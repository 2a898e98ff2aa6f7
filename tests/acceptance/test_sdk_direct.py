"""The SageMaker SDK without a pipeline: jobs run at once, and sagemaker-core's resources read what exists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.program import Report, run

ARN = "arn:aws:sagemaker:us-west-2:000000000000"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    endpoint = start(tmp_path_factory.mktemp("sdk-direct"))
    try:
        yield run(endpoint, "sdk_direct")
    finally:
        stop(endpoint)


def test_a_script_processor_waits_for_its_job_and_shows_its_log(report: Report) -> None:
    seen = report["processing"]

    assert "counted 3 lines for direct" in seen["shown"]
    assert seen["output"] == {"lines": {"value": 3}, "label": "direct"}


def test_a_processing_job_is_read_and_listed_as_a_resource(report: Report) -> None:
    seen = report["processing"]

    assert seen["status"] == "Completed"
    assert seen["arn"] == f"{ARN}:processing-job/sdk-processing"
    assert seen["names"] == ["sdk-processing"]


def test_a_model_trainer_trains_and_leaves_its_model(report: Report) -> None:
    seen = report["training"]

    assert (seen["status"], seen["secondary"], seen["failure"]) == ("Completed", "Completed", "Unassigned()")
    assert seen["artifact"].startswith("s3://sdk-bucket/models/direct-")
    assert seen["model"] == {"rounds": 2, "files": ["lines.txt"]}


def test_model_packages_are_listed_newest_first_and_filtered_by_approval(report: Report) -> None:
    seen = report["registry"]

    assert seen["group"] == f"{ARN}:model-package-group/sdk-group"
    assert seen["versions"] == [2, 1]
    assert seen["approval"] == "Approved"
    assert seen["approved"] == [2]


def test_a_transform_job_scores_with_a_model_made_of_a_package(report: Report) -> None:
    assert report["transform"] == {"status": "Completed", "output": "a,ok\nb,ok\nc,ok\n"}


def test_pipelines_and_executions_are_resources(report: Report) -> None:
    seen = report["pipelines"]

    assert seen == {
        "display": "Core",
        "status": "Failed",
        "names": ["sdk-core"],
        "arn": f"{ARN}:pipeline/sdk-core",
    }


def test_a_job_that_is_not_there_is_named(report: Report) -> None:
    assert "ValidationException" in report["missing"]["error"]
    assert "Could not find requested job with name: nobody" in report["missing"]["error"]

from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.records.job import JobKind
from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane
from tests.fakes.engine import wait_until
from tests.fakes.scripted_runner import failing, scoring, until_stopped
from tests.fakes.step_definitions import tuning_request

JOBS = "HyperParameterTuningJobSummaries"
LIST = "ListHyperParameterTuningJobs"
TRAINING_JOBS = "ListTrainingJobsForHyperParameterTuningJob"


@pytest.fixture
def plane(plane: ControlPlane) -> ControlPlane:
    plane.runner.behaviour = scoring(lambda parameters: float(parameters["eta"]))
    return plane


def create(plane: ControlPlane, name: str = "Tune-1", **members: Any) -> str:
    request = {"HyperParameterTuningJobName": name, **tuning_request(**members)}
    arn: str = plane.call("CreateHyperParameterTuningJob", **request)["HyperParameterTuningJobArn"]
    return arn


def run(plane: ControlPlane, name: str = "Tune-1", **members: Any) -> str:
    arn = create(plane, name, **members)
    plane.tuning_jobs.wait(name, 10)
    return arn


def describe(plane: ControlPlane, name: str = "Tune-1") -> dict[str, Any]:
    return plane.call("DescribeHyperParameterTuningJob", HyperParameterTuningJobName=name)


def training_jobs(plane: ControlPlane, **request: Any) -> list[dict[str, Any]]:
    return plane.pages(TRAINING_JOBS, "TrainingJobSummaries", HyperParameterTuningJobName="Tune-1", **request)


def listed(plane: ControlPlane, **request: Any) -> list[str]:
    return [item["HyperParameterTuningJobName"] for item in plane.pages(LIST, JOBS, **request)]


def values(summaries: list[dict[str, Any]]) -> list[float]:
    return [item["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for item in summaries]


def test_create_gives_the_arn_with_small_letters(plane: ControlPlane) -> None:
    assert create(plane) == "arn:aws:sagemaker:us-west-2:000000000000:hyper-parameter-tuning-job/tune-1"


def test_describe_gives_back_the_request_the_state_and_the_best(plane: ControlPlane) -> None:
    arn = run(plane)

    described = describe(plane)

    assert tuning_request().items() <= described.items()
    assert described["HyperParameterTuningJobArn"] == arn
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert described["TrainingJobStatusCounters"]["Completed"] == 6
    assert described["BestTrainingJob"]["TuningJobName"] == "Tune-1"
    assert described["HyperParameterTuningEndTime"] >= described["CreationTime"]


def test_describe_of_a_training_job_names_its_tuning_job(plane: ControlPlane) -> None:
    arn = run(plane)
    name = training_jobs(plane)[0]["TrainingJobName"]

    assert plane.call("DescribeTrainingJob", TrainingJobName=name)["TuningJobArn"] == arn
    assert name in [item["TrainingJobName"] for item in plane.pages("ListTrainingJobs", "TrainingJobSummaries")]


def test_training_jobs_are_sorted_by_name_unless_asked_otherwise(plane: ControlPlane) -> None:
    run(plane)

    names = [item["TrainingJobName"] for item in training_jobs(plane, MaxResults=4)]

    assert names == sorted(names)
    assert [item["TrainingJobName"] for item in training_jobs(plane, SortOrder="Descending")] == names[::-1]


def test_training_jobs_are_sorted_by_their_objective_and_those_without_one_left_out(plane: ControlPlane) -> None:
    def fail_second(job: Any, control: Any) -> Any:
        return (failing("no") if "-002-" in job.name else scoring(lambda known: float(known["eta"])))(job, control)

    plane.runner.behaviour = fail_second
    run(plane)

    best_first = training_jobs(plane, SortBy="FinalObjectiveMetricValue", SortOrder="Descending", MaxResults=2)

    assert values(best_first) == sorted(values(best_first), reverse=True)
    assert len(best_first) == 5
    assert best_first[0]["TrainingJobName"] == describe(plane)["BestTrainingJob"]["TrainingJobName"]
    assert len(training_jobs(plane)) == 6
    assert [item["FailureReason"] for item in training_jobs(plane, StatusEquals="Failed")] == ["no"]


def test_tuning_jobs_are_listed_by_name_and_filtered(plane: ControlPlane) -> None:
    for name in ("b", "a"):
        run(plane, name)
    plane.runner.behaviour = failing("no")
    run(plane, "c")

    assert listed(plane) == ["a", "b", "c"]
    assert listed(plane, SortBy="CreationTime") == ["b", "a", "c"]
    assert listed(plane, StatusEquals="Failed") == ["c"]
    assert listed(plane, NameContains="b") == ["b"]
    assert listed(plane, CreationTimeAfter=describe(plane, "a")["CreationTime"]) == ["a", "c"]
    (summary,) = plane.pages(LIST, JOBS, NameContains="a")
    assert (summary["Strategy"], summary["TrainingJobStatusCounters"]["Completed"]) == ("Random", 6)
    assert summary["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2}


def test_stop_stops_it_and_what_it_launched(plane: ControlPlane) -> None:
    plane.runner.behaviour = until_stopped
    create(plane)
    wait_until(lambda: plane.runner.running == 2)

    assert plane.call("StopHyperParameterTuningJob", HyperParameterTuningJobName="Tune-1") == {}
    plane.tuning_jobs.wait("Tune-1", 10)

    assert describe(plane)["HyperParameterTuningJobStatus"] == "Stopped"
    assert {item["TrainingJobStatus"] for item in training_jobs(plane)} == {"Stopped"}


def test_tags_are_the_training_jobs_too(plane: ControlPlane) -> None:
    arn = run(plane, Tags=[{"Key": "team", "Value": "x"}])

    for resource in (arn, training_jobs(plane)[0]["TrainingJobArn"]):
        assert plane.call("ListTags", ResourceArn=resource)["Tags"] == [{"Key": "team", "Value": "x"}]
    assert "Tags" not in describe(plane)


@pytest.mark.parametrize("operation", ["DescribeHyperParameterTuningJob", "StopHyperParameterTuningJob", TRAINING_JOBS])
def test_tuning_job_that_is_not_there_is_named(plane: ControlPlane, operation: str) -> None:
    with pytest.raises(Refused, match="ResourceNotFound: Could not find a tuning job with name: nobody"):
        plane.call(operation, HyperParameterTuningJobName="nobody")


def test_create_that_is_refused_keeps_nothing(plane: ControlPlane) -> None:
    objective = {"Type": "Maximize", "MetricName": "validation:lift"}

    with pytest.raises(Refused, match=r"ValidationException: A metric is required .* 'validation:lift' is not among"):
        create(plane, config={"HyperParameterTuningJobObjective": objective})
    with pytest.raises(Refused, match="ValidationException: Strategy 'Hyperband' is not supported"):
        create(plane, config={"Strategy": "Hyperband"})

    assert listed(plane) == []
    assert plane.store.jobs.all(JobKind.TRAINING) == []


def test_name_that_is_too_long_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="length less than or equal to 32"):
        create(plane, "x" * 33)

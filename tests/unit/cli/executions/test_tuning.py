"""What the tables and the logs of an execution say of a tuning step."""

from __future__ import annotations

from typing import Any

import pytest

from cli.executions import follow, job_logs
from tests.unit.cli.fakes import ARN, FakeLogs, FakeSageMaker, context_with, step

TUNING = "arn:aws:sagemaker:r:a:hyper-parameter-tuning-job/abc-train-x1"
BEST = {
    "TrainingJobName": "abc-Train-x1-003-0a0b0c0d",
    "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "validation:auc", "Value": 0.8123456},
    "TunedHyperParameters": {"max_depth": "5", "eta": "0.12"},
}


class Tuned(FakeSageMaker):
    """Knows one tuning job, by its name in small letters."""

    def __init__(self, steps: list[Any], best: Any = None, failed: str = "", newest: str = "") -> None:
        super().__init__([str(steps[-1]["StepStatus"])], [steps])
        self.asked = 0
        self._best = best
        self._jobs = {"Failed": failed, None: newest}

    def describe_hyper_parameter_tuning_job(self, **request: Any) -> dict[str, Any]:
        assert request == {"HyperParameterTuningJobName": "abc-train-x1"}
        self.asked += 1
        counters = {"Completed": 5, "InProgress": 0, "NonRetryableError": 1}
        return {"TrainingJobStatusCounters": counters, **({"BestTrainingJob": self._best} if self._best else {})}

    def list_training_jobs_for_hyper_parameter_tuning_job(self, **request: Any) -> dict[str, Any]:
        assert (request["SortBy"], request["SortOrder"]) == ("CreationTime", "Descending")
        name = self._jobs[request.get("StatusEquals")]
        return {"TrainingJobSummaries": [{"TrainingJobName": name}] if name else []}


def tuning_step(status: str = "Succeeded", **more: Any) -> dict[str, Any]:
    return step("Train", status, Metadata={"TuningJob": {"Arn": TUNING}}, **more)


def test_following_a_tuning_step_names_the_best_training_job_and_its_values() -> None:
    client = Tuned([tuning_step()], best=BEST)
    context, printed = context_with(sagemaker=client)

    assert follow.to_the_end(context, ARN) == 0

    said = "best of 6: abc-Train-x1-003-0a0b0c0d, validation:auc 0.81235 with eta=0.12, max_depth=5"
    assert said in printed.getvalue()
    assert "hyper-parameter-tuning-job/abc-train-x1" in printed.getvalue()
    assert client.asked == 1


def test_table_does_without_the_best_when_it_cannot_be_read() -> None:
    context, printed = context_with(sagemaker=Tuned([tuning_step()]))

    assert follow.to_the_end(context, ARN) == 0
    assert "hyper-parameter-tuning-job/abc-train-x1" in printed.getvalue()


@pytest.mark.parametrize(
    ("jobs", "shown"),
    [
        ({"best": BEST, "failed": "bad", "newest": "new"}, "best line"),
        ({"failed": "bad", "newest": "new"}, "bad line"),
        ({"newest": "new"}, "new line"),
    ],
)
def test_log_of_a_tuning_step_is_that_of_the_training_job_that_says_most(jobs: dict[str, Any], shown: str) -> None:
    logs = FakeLogs(
        {
            "abc-Train-x1-003-0a0b0c0d/algo-1-1": ["best line"],
            "bad/algo-1-1": ["bad line"],
            "new/algo-1-1": ["new line"],
        }
    )
    context, _ = context_with(sagemaker=Tuned([tuning_step()], **jobs), logs=logs)

    assert list(job_logs.read(context, tuning_step())) == [shown]


def test_tuning_step_that_has_launched_nothing_has_no_log() -> None:
    context, _ = context_with(sagemaker=Tuned([tuning_step("Failed")]), logs=FakeLogs({}))

    assert list(job_logs.read(context, tuning_step("Failed"))) == []


def test_following_a_failed_tuning_step_shows_the_end_of_a_failed_training_jobs_log() -> None:
    reason = "ClientError: No training job succeeded after 5 attempts."
    client = Tuned([tuning_step("Failed", FailureReason=reason)], failed="bad")
    context, printed = context_with(sagemaker=client, logs=FakeLogs({"bad/algo-1-1": ["no such column"]}))

    assert follow.to_the_end(context, ARN) == 1
    assert reason in printed.getvalue()
    assert "| no such column" in printed.getvalue()

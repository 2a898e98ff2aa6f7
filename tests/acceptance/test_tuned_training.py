"""Training with `training.tune`: several training jobs, of which the best one's model goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.execution import versions
from tests.acceptance.lifecycle import LEARN, Lifecycle

TUNE = """
training:
  tune:
    max_jobs: 3
    max_parallel_jobs: 2
    ranges:
      max_depth: {min: 1, max: 4}
      eta: {min: 0.02, max: 0.5, scaling: logarithmic}
"""
FIXED = {name: value for name, value in LEARN.items() if name != "MaxDepth"}


@pytest.fixture(scope="module")
def lifecycle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifecycle]:
    folder = tmp_path_factory.mktemp("tuned")
    config = folder / "tune.yaml"
    config.write_text(TUNE, encoding="utf-8")
    started = start(folder / "endpoint")
    try:
        yield Lifecycle.deploy(started, "training", configs=(config,))
    finally:
        stop(started)


def test_best_training_job_leaves_the_registered_model(lifecycle: Lifecycle) -> None:
    text = lifecycle.run("training", FIXED)

    sagemaker = lifecycle.endpoint.client("sagemaker")
    arn = lifecycle.latest("training").steps()["Train"]["Metadata"]["TuningJob"]["Arn"]
    (tuning,) = sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    name = tuning["HyperParameterTuningJobName"]
    jobs = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending"
    )["TrainingJobSummaries"]
    (version,) = versions(lifecycle.endpoint)
    package = sagemaker.describe_model_package(ModelPackageName=version["ModelPackageArn"])
    (container,) = package["InferenceSpecification"]["Containers"]

    assert (tuning["HyperParameterTuningJobArn"], len(jobs)) == (arn, 3)
    assert jobs[0]["TrainingJobName"] in container["ModelDataUrl"]
    assert f"best of 3: {jobs[0]['TrainingJobName']}" in text
    values = [job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for job in jobs]
    assert values == sorted(values, reverse=True)
    assert len({job["TunedHyperParameters"]["eta"] for job in jobs}) == 3


def test_tuning_whose_every_training_job_fails_sends_one_message(lifecycle: Lifecycle) -> None:
    lifecycle.run("training", {**FIXED, "Subsample": "7"}, code=1)

    execution = lifecycle.latest("training")
    assert execution.states()["Train"] == "Failed"
    (mail,) = [mail for mail in lifecycle.mails() if execution.id in mail["body"]]
    assert mail["subject"] == "[SageMaker Pipeline Failed] Train"


def test_parameter_that_is_searched_is_no_parameter_of_the_pipeline(lifecycle: Lifecycle) -> None:
    text = lifecycle.command("start", "training", "--param=MaxDepth=3", code=1)

    assert "MaxDepth" in text


def test_configuration_file_is_where_the_message_says(tmp_path: Path, lifecycle: Lifecycle) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("training: {tune: {ranges: {max_dept: {min: 1, max: 2}}}}\n", encoding="utf-8")

    text = lifecycle.command("definition", "training", "--config", str(broken), code=1)

    assert "max_depth" in text

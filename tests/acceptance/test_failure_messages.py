"""Whatever kind of step fails, exactly one message says which, why, and what to do."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.execution import BUCKET, GROUP
from tests.acceptance.lifecycle import APPROVED, ROOT, Lifecycle

NOBODY = {"BatchIdStart": "900000", "BatchIdEnd": "900001"}
KINDS = {
    "PrepareBatch": ("batch-inference", NOBODY, "No rows to score"),
    "GetLatestApprovedModel": ("batch-inference", {"ModelVersion": "99"}, "99"),
    "CreateModel": ("batch-inference", {"ModelVersion": "3"}, "container"),
    "Transform": ("batch-inference", {"ModelVersion": "2"}, "model"),
    "Train": ("training", {"MaxDepth": "-3"}, "max_depth"),
    "Register": ("training", {"GitCommit": "<no metadata>"}, "GitCommit"),
}
"""Step -> pipeline, the parameters with which it fails, and a word of the reason."""


@pytest.fixture(scope="module")
def lifecycle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifecycle]:
    """One good version, which is pinned, and two that cannot score."""
    started = start(tmp_path_factory.mktemp("failures"))
    try:
        deployed = Lifecycle.deploy(started, "training", "batch-inference")
        deployed.train(APPROVED)
        approve_useless_versions(deployed)
        yield deployed
    finally:
        stop(started)


def approve_useless_versions(lifecycle: Lifecycle) -> None:
    """Version 2 has an archive without a model, version 3 more containers than one model may have."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("nothing"), io.BytesIO())
    lifecycle.endpoint.client("s3").put_object(Bucket=BUCKET, Key=f"{ROOT}/empty.tar.gz", Body=body.getvalue())
    sagemaker = lifecycle.endpoint.client("sagemaker")
    (good,) = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    specification = sagemaker.describe_model_package(ModelPackageName=good["ModelPackageArn"])["InferenceSpecification"]
    container = {name: specification["Containers"][0][name] for name in ("Image", "Environment", "ModelDataUrl")}
    empty = {**container, "ModelDataUrl": f"s3://{BUCKET}/{ROOT}/empty.tar.gz"}
    for containers in ([empty], [container, container]):
        sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="Approved",
            InferenceSpecification={**specification, "Containers": containers},
        )
    # The good one goes on scoring, so that each test fails in the one step that it is about.
    lifecycle.command("pin", "1")


@pytest.mark.parametrize("step", KINDS)
def test_failing_step_sends_one_message(lifecycle: Lifecycle, step: str) -> None:
    pipeline, parameters, word = KINDS[step]
    before = len(lifecycle.mails())

    if pipeline == "training":
        text = lifecycle.train(parameters, code=1)
    else:
        text = lifecycle.score("2026-03-01", parameters, code=1)

    execution = lifecycle.latest(pipeline)
    assert execution.describe()["PipelineExecutionStatus"] == "CompletedWithFailures"
    assert execution.states()[step] == "Failed"
    (mail,) = lifecycle.mails()[before:]
    assert mail["subject"] == f"[SageMaker Pipeline Failed] {step}"
    assert mail["to"] == "your-team@example.com"
    assert word in mail["body"]
    assert execution.id in mail["body"]
    assert f"python pipeline.py retry {execution.arn} --wait --local" in mail["body"]
    assert f"retry {execution.id}" in text
    failure = json.loads(lifecycle.objects(f"errors/{execution.id}/")["failure.json"])
    assert failure["step"] == step


def test_retry_that_fails_again_sends_no_second_message(lifecycle: Lifecycle) -> None:
    lifecycle.score("2026-03-02", NOBODY, code=1)
    execution = lifecycle.latest("batch-inference")
    before = len(lifecycle.mails())

    lifecycle.command("retry", execution.id, "--wait", code=1)

    assert len(lifecycle.mails()) == before


def test_good_execution_sends_none(lifecycle: Lifecycle) -> None:
    before = len(lifecycle.mails())

    lifecycle.score("2026-03-03")

    assert len(lifecycle.mails()) == before

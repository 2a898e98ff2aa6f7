"""The life of a version: registered with boto3, decided about through the door, found by the function."""

from __future__ import annotations

import contextlib
import getpass
import json
from pathlib import Path
from typing import Any

import pytest
from lambdas.get_latest_approved_model import ModelArtifactMissing, NoApprovedModel, VersionRefused, find

from tests.acceptance import job_requests
from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import BUCKET

GROUP = "registry-life-models"
TABLE = "registry_life"
DATABASE = "ml_metrics"


class Registry:
    """A group of a test's own, the door to it, and the function that reads it."""

    def __init__(self, endpoint: Endpoint, config: Path) -> None:
        self.endpoint = endpoint
        self.sagemaker, self.s3, self.glue = (endpoint.client(name) for name in ("sagemaker", "s3", "glue"))
        config.write_text(f"model_package_group: {GROUP}\nathena_output_table: {TABLE}\n", encoding="utf-8")
        self._options = ("--local", "--config", "configs/pipeline_config.yaml", "--config", str(config))

    def refused(self, *words: str) -> str:
        """What a command that cannot work says."""
        done = self.endpoint.door("pipeline.py", *words, *self._options)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr

    def say(self, *words: str) -> str:
        done = self.endpoint.door("pipeline.py", *words, *self._options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def models(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.say("models", "--json"))
        return document

    def register(self, auc: float, champion: float | None = None) -> str:
        """Register the next version as Register does: artifact, evaluation, metadata; and give its number."""
        number = str(
            len(self.sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]) + 1
        )
        report = {
            "binary_classification_metrics": {"auc": {"value": auc}},
            "gate": {
                "champion": champion and {"model_package_arn": "arn", "value": champion},
                "reason": f"auc is {auc}",
            },
        }
        key = f"registry-life/{number}"
        self.s3.put_object(Bucket=BUCKET, Key=f"{key}/model.tar.gz", Body=b"model")
        self.s3.put_object(Bucket=BUCKET, Key=f"{key}/evaluation.json", Body=json.dumps(report).encode())
        statistics = {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/{key}/evaluation.json"}
        self.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            InferenceSpecification=job_requests.specification(f"s3://{BUCKET}/{key}/model.tar.gz"),
            ModelMetrics={"ModelQuality": {"Statistics": statistics}},
            CustomerMetadataProperties={"PipelineExecutionId": f"execution{number}"},
        )
        return number

    def published(self, day: str, *numbers: str) -> None:
        """A day in the catalog, with a run of one version after another; readers see the last one."""
        runs = [
            {
                "location": f"s3://{BUCKET}/registry-life/dt={day}/run=e{number}/1/",
                "model_package_arn": self.arn(number),
            }
            for number in numbers
        ]
        history = {"current": runs[-1], "older": runs[:-1], "removing": []}
        self.glue.create_partition(
            DatabaseName=DATABASE,
            TableName=TABLE,
            PartitionInput={
                "Values": [day],
                "StorageDescriptor": {"Location": runs[-1]["location"]},
                "Parameters": {"publications": json.dumps(history)},
            },
        )

    def arn(self, number: str) -> str:
        return f"arn:aws:sagemaker:us-west-2:000000000000:model-package/{GROUP}/{number}"

    def scores(self, **event: str) -> str:
        """The version that the function gives to whoever scores now."""
        found = find(self.sagemaker, self.s3, {"ModelPackageGroupName": GROUP, **event})
        assert found["ModelDataUrl"] == f"s3://{BUCKET}/registry-life/{found['ModelPackageVersion']}/model.tar.gz"
        assert found["ModelPackageArn"] == self.arn(found["ModelPackageVersion"])
        return found["ModelPackageVersion"]


@pytest.fixture
def registry(endpoint: Endpoint, tmp_path: Path) -> Registry:
    return Registry(endpoint, tmp_path / "registry.yaml")


def test_a_version_is_approved_rolled_back_pinned_and_let_go(registry: Registry) -> None:
    """One story, because each chapter begins where the one before ends."""
    assert "has no versions yet" in registry.say("models")  # which makes the bucket, too
    registry.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    for auc, champion in ((0.8, None), (0.85, 0.8), (0.9, 0.85)):
        registry.register(auc, champion)
    with pytest.raises(NoApprovedModel, match="approve VERSION"):
        registry.scores()

    for number in ("1", "2"):
        text = registry.say("approve", number, "--note", f"auc > 0.{number}, agreed")
        assert f"Version {number} scores from now on: it is the latest approved one." in text
        assert registry.scores() == number
    assert "Version 2 scores from now on" in registry.say("reject", "3")
    assert registry.scores() == "2"

    assert "Version 1 scores from now on" in registry.say("rollback", "--note", "scores drifted")
    assert registry.scores() == "1"
    refused = registry.refused("rollback")
    assert "needs two versions" in refused
    assert "version 1 is the only one" in refused
    assert registry.scores() == "1"

    assert "Version 3 scores from now on" in registry.say("approve", "3")
    assert registry.scores() == "3"
    assert "was not pinned: it is Rejected" in registry.refused("pin", "2")
    assert "Version 1 scores from now on: it is pinned by" in registry.say("pin", "1", "--note", "incident/7")
    assert (registry.scores(), registry.scores(ModelVersion="3")) == ("1", "3")
    assert "Version 1 scores from now on" in registry.say("approve", "2")
    assert "is pinned and scores whatever is approved" in registry.refused("rollback")
    assert registry.scores() == "1"

    assert "Version 3 scores from now on" in registry.say("unpin")
    assert registry.scores() == "3"
    _check_what_models_tells(registry)
    _check_a_version_without_its_artifact(registry)


def _check_what_models_tells(registry: Registry) -> None:
    with contextlib.suppress(registry.glue.exceptions.AlreadyExistsException):  # another test's publish made it
        registry.glue.create_database(DatabaseInput={"Name": DATABASE})
    registry.glue.create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": TABLE,
            "PartitionKeys": [{"Name": "dt", "Type": "string"}],
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "string"}], "Location": f"s3://{BUCKET}/r/"},
        },
    )
    registry.published("2026-01-30", "1")
    registry.published("2026-01-31", "1", "3")

    document = registry.models()
    table = registry.say("models")

    assert (document["scores"], document["pin"]) == (3, None)
    third, second, first = document["versions"]
    assert [version["approval"] for version in document["versions"]] == ["Approved", "Approved", "Approved"]
    assert (third["value"], third["champion"]["value"], third["gate_reason"]) == (0.9, 0.85, "auc is 0.9")
    assert (first["champion"]["value"], first["execution"]) == (None, "execution1")
    assert first["decided"]["why"] == "auc > 0.1, agreed"
    assert first["decided"]["by"] == f"arn:aws:iam::000000000000:user/{getpass.getuser()}"
    assert [(day["day"], day["is_current"]) for day in first["days"]] == [("2026-01-31", False), ("2026-01-30", True)]
    assert second["days"] == []
    assert "│ 2026-01-31 (kept), 2026-01-30 │" in table
    assert "Version 3 scores now: it is the latest approved one." in table


def _check_a_version_without_its_artifact(registry: Registry) -> None:
    registry.s3.delete_object(Bucket=BUCKET, Key="registry-life/3/model.tar.gz")

    with pytest.raises(ModelArtifactMissing, match=r"Version 3 .*/registry-life/3/model\.tar\.gz is not"):
        registry.scores()
    assert "was not pinned: its artifact" in registry.refused("pin", "3")
    assert "No version scores now: version 3 is the latest approved one, but its artifact" in registry.say("models")
    nothing = find(registry.sagemaker, registry.s3, {"ModelPackageGroupName": GROUP, "AllowNone": "true"})
    assert nothing["ModelPackageArn"] == "none"

    assert "Version 2 scores from now on" in registry.say("rollback")
    assert registry.scores() == "2"
    registry.say("pin", "2")
    # Rejected by other means than the command, which would refuse it.
    registry.sagemaker.update_model_package(ModelPackageArn=registry.arn("2"), ModelApprovalStatus="Rejected")
    with pytest.raises(VersionRefused, match=r"Version 2 .* is Rejected, not Approved: .*approve 2`.*unpin`"):
        registry.scores()
    assert "No version scores now: version 2 is pinned, but it is Rejected" in registry.say("models")

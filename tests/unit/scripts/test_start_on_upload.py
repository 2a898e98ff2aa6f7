import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lambdas.start_on_upload import Settings, UploadRefused, start

from tests.fakes.feature_clients import refusal

ENVIRONMENT = {
    "PIPELINE_NAME": "churn-upload-inference",
    "UPLOADS_URI": "s3://lake/churn/data/uploads/",
    "INPUT_URI": "s3://lake/churn/batch-inference/input/",
    "ERRORS_URI": "s3://lake/churn/errors/uploads",
}
KEY = "churn/batch-inference/input/customers.csv"


@dataclass
class Bucket:
    """S3 with one object's bytes for each version; a copy of no version gets the newest."""

    versions: dict[tuple[str, str], bytes] = field(default_factory=dict)
    newest_etag: str = "e1"
    objects: dict[str, bytes] = field(default_factory=dict)
    refuses: str = ""
    head_refuses: str = "404"
    copies: list[Mapping[str, str]] = field(default_factory=list)

    def head_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803  # boto3's own spelling
        if f"s3://{Bucket}/{Key}" not in self.objects:
            raise refusal(self.head_refuses)

    def copy(self, source: Mapping[str, str], bucket: str, key: str, ExtraArgs: Mapping[str, str]) -> None:  # noqa: N803
        if self.refuses:
            raise refusal(self.refuses)
        if ExtraArgs.get("CopySourceIfMatch", f'"{self.newest_etag}"') != f'"{self.newest_etag}"':
            raise refusal("412")
        self.copies.append(source)
        self.objects[f"s3://{bucket}/{key}"] = self.versions.get((source["Key"], source.get("VersionId", "")), b"1\n")

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        assert ContentType == "application/json"
        self.objects[f"s3://{Bucket}/{Key}"] = Body


@dataclass
class Pipelines:
    """SageMaker, which starts one execution for each token."""

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuses: str = ""

    def start_pipeline_execution(self, **request: Any) -> dict[str, str]:
        if self.refuses:
            raise refusal(self.refuses, "no Pipeline")
        known = self.executions.setdefault(request["ClientRequestToken"], request)
        assert known == request
        return {"PipelineExecutionArn": f"arn:execution/{list(self.executions).index(request['ClientRequestToken'])}"}


def event(key: str = KEY, **item: Any) -> dict[str, Any]:
    """As EventBridge sends it; a None leaves a member out."""
    members = {"key": key, "size": 3, "etag": "e1", "sequencer": "0A1", **item}
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "version": "0",
            "bucket": {"name": "lake"},
            "object": {name: value for name, value in members.items() if value is not None},
            "reason": "PutObject",
        },
    }


@dataclass
class World:
    s3: Bucket = field(default_factory=Bucket)
    pipelines: Pipelines = field(default_factory=Pipelines)
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))

    def send(self, document: Mapping[str, Any]) -> dict[str, Any]:
        return start(Settings.load(self.environment), self.s3, self.pipelines, document)

    @property
    def started(self) -> list[dict[str, Any]]:
        return list(self.pipelines.executions.values())


def test_upload_is_copied_and_starts_the_pipeline_on_its_copy(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()

    answer = world.send(event())

    (request,) = world.started
    token = request["ClientRequestToken"]
    assert len(token) == 64
    assert list(world.s3.objects) == [f"s3://lake/churn/data/uploads/{token}/customers.csv"]
    assert request == {
        "PipelineName": "churn-upload-inference",
        "PipelineExecutionDisplayName": "upload-customers",
        "PipelineExecutionDescription": f"Scores s3://lake/{KEY}",
        "PipelineParameters": [{"Name": "InputDataUri", "Value": f"s3://lake/churn/data/uploads/{token}/"}],
        "ClientRequestToken": token,
    }
    assert answer == {
        "started": True,
        "reason": f"s3://lake/{KEY} is scored by arn:execution/0.",
        "execution": "arn:execution/0",
        "input": f"s3://lake/churn/data/uploads/{token}/",
    }
    assert json.loads(capsys.readouterr().out) == answer


def test_duplicate_event_starts_nothing_twice() -> None:
    world = World()

    answers = [world.send(event()) for _ in range(3)]

    assert len(world.started) == 1
    assert answers[0] == answers[1] == answers[2]
    assert len(world.s3.copies) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"sequencer": "0A2"},
        {"sequencer": None, "etag": "e2"},
        {"version-id": "v2"},
        {"version-id": "null", "sequencer": "0A2"},
    ],
)
def test_new_content_of_the_same_key_starts_anew(changes: dict[str, Any]) -> None:
    world = World()
    world.send(event())
    world.s3.newest_etag = changes.get("etag", "e1")

    world.send(event(**changes))

    assert len(world.started) == 2
    assert len(world.s3.copies) == 2


def test_version_that_the_event_names_is_copied_however_late_the_event_comes() -> None:
    world = World()
    world.s3.versions = {(KEY, "v1"): b"first\n", (KEY, "v2"): b"second\n"}
    world.s3.newest_etag = "e2"

    world.send(event(**{"version-id": "v1"}))

    assert world.s3.copies == [{"Bucket": "lake", "Key": KEY, "VersionId": "v1"}]
    assert list(world.s3.objects.values()) == [b"first\n"]


def test_upload_that_was_replaced_is_left_to_the_event_of_the_newer_one() -> None:
    world = World()
    world.s3.newest_etag = "e2"

    answer = world.send(event())

    assert answer == {
        "started": False,
        "reason": f"s3://lake/{KEY} was replaced by a newer upload, which has an event of its own.",
    }
    assert (world.started, world.s3.objects) == ([], {})


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("my customers (1).csv", "my-customers-1"),
        ("a+b%20c.csv", "a-b-20c"),
        ("Kunden März.CSV", "Kunden-Marz"),
        ("_2026-01-31.csv", "2026-01-31"),
        ("顧客.csv", "upload"),
        (".csv", "upload"),
        ("x" * 300 + ".csv", "x" * 80),
        ("a.b.csv", "a-b"),
    ],
)
def test_key_of_any_characters_is_copied_to_a_name_that_people_recognise(name: str, safe: str) -> None:
    world = World()
    key = f"churn/batch-inference/input/märz + april/{name}"

    world.send(event(key))

    (request,) = world.started
    assert world.s3.copies == [{"Bucket": "lake", "Key": key}]
    assert list(world.s3.objects) == [f"{request['PipelineParameters'][0]['Value']}{safe}.csv"]
    assert request["PipelineExecutionDescription"] == f"Scores s3://lake/{key}"
    assert request["PipelineExecutionDisplayName"] == f"upload-{safe}"[:82]


def test_keys_that_become_the_same_name_are_two_uploads() -> None:
    world = World()
    for name in ("a b.csv", "a+b.csv", "a-b.csv"):
        world.send(event(f"churn/batch-inference/input/{name}"))

    assert len(world.s3.objects) == len(world.started) == 3


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (event("churn/batch-inference/input/"), "is a folder: only files are scored"),
        (event("churn/batch-inference/input/january.csv/"), "is a folder"),
        (event("churn/batch-inference/other/a.csv"), "lies outside of the folder for uploads"),
        (event("churn/batch-inference/input.csv"), "lies outside of the folder for uploads"),
        (event("churn/data/uploads/x/a.csv"), "lies outside of the folder for uploads"),
        ({**event(), "detail-type": "Object Deleted"}, "'Object Deleted' is no upload"),
        ({}, "None is no upload: events of type 'Object Created' start the pipeline"),
    ],
)
def test_what_is_no_upload_is_ignored_with_a_reason(
    document: dict[str, Any], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()

    answer = world.send(document)

    assert answer["started"] is False
    assert reason in answer["reason"]
    assert reason in capsys.readouterr().out
    assert (world.started, world.s3.objects) == ([], {})


def test_copy_of_an_upload_starts_nothing_when_no_folder_is_set() -> None:
    world = World()
    del world.environment["INPUT_URI"]

    assert world.send(event("anywhere/a.csv"))["started"]
    assert not world.send(event("churn/data/uploads/x/a.csv"))["started"]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv.gz", "csv", "_SUCCESS"])
def test_file_of_another_kind_is_not_scored_and_noted(name: str) -> None:
    world = World()

    answer = world.send(event(f"churn/batch-inference/input/{name}"))

    assert f"/{name} is not scored: names of uploads end in '.csv'" in answer["reason"]
    assert json.loads(world.s3.objects[answer["noted"]])["key"].endswith(name)
    assert world.started == []


def test_file_of_another_kind_is_ignored_when_there_is_no_place_for_notes() -> None:
    world = World()
    del world.environment["ERRORS_URI"]

    assert world.send(event("churn/batch-inference/input/a.xlsx"))["started"] is False


@pytest.mark.parametrize(
    ("copy", "pipeline", "reason"),
    [
        ("404", "", "was removed before it could be read; upload it again"),
        ("NoSuchVersion", "", "was removed before it could be read; upload it again"),
        ("AccessDenied", "", "S3 does not let it be copied: .*AccessDenied"),
        ("403", "", "S3 does not let it be copied"),
        ("", "ResourceNotFound", "there is no pipeline 'churn-upload-inference'; make it with `python pipeline.py ups"),
        ("", "AccessDeniedException", "SageMaker does not start the pipeline: .*AccessDeniedException"),
        ("", "ValidationException", "SageMaker does not start the pipeline"),
    ],
)
def test_upload_that_cannot_be_scored_is_noted_or_fails_the_function(copy: str, pipeline: str, reason: str) -> None:
    world = World(Bucket(refuses=copy), Pipelines(refuses=pipeline))

    answer = world.send(event())
    del world.environment["ERRORS_URI"]

    assert answer["started"] is False
    assert answer["noted"].startswith("s3://lake/churn/errors/uploads/")
    note = json.loads(world.s3.objects[answer["noted"]])
    assert note["reason"] == answer["reason"]
    assert (note["bucket"], note["key"], note["sequencer"]) == ("lake", KEY, "0A1")
    with pytest.raises(UploadRefused, match=reason):
        world.send(event())


@pytest.mark.parametrize(
    ("copy", "pipeline"), [("SlowDown", ""), ("500", ""), ("", "ThrottlingException"), ("", "ResourceLimitExceeded")]
)
def test_fault_that_another_try_may_mend_is_raised_for_lambda_to_try_again(copy: str, pipeline: str) -> None:
    world = World(Bucket(refuses=copy), Pipelines(refuses=pipeline))

    with pytest.raises(ClientError, match=copy or pipeline):
        world.send(event())
    world.s3.refuses = world.pipelines.refuses = ""

    assert world.send(event())["started"]
    assert len(world.started) == len(world.s3.copies) == 1


def test_second_try_needs_the_upload_no_more_once_it_is_copied() -> None:
    world = World(pipelines=Pipelines(refuses="ThrottlingException"))
    with pytest.raises(ClientError, match="Throttling"):
        world.send(event())
    world.s3.refuses, world.pipelines.refuses = "404", ""

    assert world.send(event())["started"]


def test_function_that_may_not_look_for_the_copy_makes_it() -> None:
    world = World(Bucket(head_refuses="403"))

    assert world.send(event())["started"]


def test_fault_while_looking_for_the_copy_is_raised() -> None:
    world = World(Bucket(head_refuses="503"))

    with pytest.raises(ClientError, match="503"):
        world.send(event())

"""Holds the policies of docs/aws.md against every call that the code makes, and against the steps of the pipeline."""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from pipelines import catalog
from pipelines.config import load
from tests.fakes.markdown import ROOT, page, section, tables

PAGE = page("docs/aws.md")
GOLDEN = ROOT / "tests/integration/pipelines/golden/end_to_end.json"
ROLE, PERSON = "What the role may do", "What a person may do"
CALLERS = {
    "scripts": (ROLE, {"s3", "glue", "sagemaker", "athena", "sagemaker-featurestore-runtime", "logs", "sns"}),
    "pipelines/deployment": (PERSON, {"s3", "lambda", "sagemaker"}),
    "cli": (PERSON, {"s3", "sagemaker", "athena", "glue", "logs", "sts"}),
}
ONLY_LOCAL = {"cli/local.py"}
"""Talks to the endpoint on this machine and to nothing else."""
OF_THE_SDK = {
    "upsert": {"sagemaker:CreatePipeline", "sagemaker:UpdatePipeline"},
    "upload_file": {"s3:PutObject"},
    "download_file": {"s3:GetObject"},
}
"""Methods that are no operations themselves."""
OTHER_NAMES = {"s3:HeadBucket": "s3:ListBucket", "s3:HeadObject": "s3:GetObject", "s3:ListObjectsV2": "s3:ListBucket"}
"""Operations that IAM knows by another name."""
NEVER_CALLED = {"athena:GetDatabase", "logs:GetQueryResults"}
"""Methods that another service has by the same name, which is the one that is called: here Glue and Athena."""
PREFIXES = {"sagemaker-featurestore-runtime": "sagemaker"}
"""Services whose actions begin with another service's name."""
OF_A_COPY = {
    *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"),
    *("s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObjectTagging"),
}
OF_IAM = {
    *("iam:PassRole", "lambda:InvokeFunction", "s3:ListBucket", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"),
}
"""Actions without an operation of that name."""
OF_A_STEP = {
    "Processing": {f"sagemaker:{verb}ProcessingJob" for verb in ("Create", "Describe", "Stop")},
    "Training": {f"sagemaker:{verb}TrainingJob" for verb in ("Create", "Describe", "Stop")},
    "Transform": {f"sagemaker:{verb}TransformJob" for verb in ("Create", "Describe", "Stop")},
    "Model": {"sagemaker:CreateModel", "sagemaker:DescribeModel"},
    "RegisterModel": {f"sagemaker:{name}" for name in ("CreateModelPackage", "CreateModelPackageGroup")},
    "Lambda": {"lambda:InvokeFunction"},
    "Condition": {"s3:GetObject"},
}
"""What the service does with the pipeline's role; a condition reads the property file."""


OF_A_SEARCH = {
    *(f"sagemaker:{verb}HyperParameterTuningJob" for verb in ("Create", "Describe", "Stop")),
    "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
}
"""What Train takes when `training.tune` is set."""


def document(heading: str) -> dict[str, Any]:
    text = PAGE.split(f"### {heading}\n", 1)[1].split("```json\n", 1)[1].split("```", 1)[0]
    found: dict[str, Any] = json.loads(text)
    return found


def allowed(heading: str) -> set[str]:
    return {action for statement in document(heading)["Statement"] for action in _list(statement["Action"])}


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@functools.cache
def operations(service: str) -> dict[str, str]:
    """Operations of a service by the name of the client's method."""
    names = botocore.session.get_session().get_service_model(service).operation_names
    return {xform_name(name): name for name in names}


def names_in(path: Path) -> Iterator[str]:
    """Every attribute, and every text that may name an operation to a paginator."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def calls() -> Iterator[tuple[str, str, str]]:
    """The policy, the file and the action of each call."""
    for folder, (policy, services) in CALLERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            if file not in ONLY_LOCAL:
                for action in _actions(set(names_in(path)), services):
                    yield policy, file, action


def _actions(names: set[str], services: set[str]) -> Iterator[str]:
    # A file that makes a client names its service; one that is given a client may call any.
    for service in services & names or services:
        for method in names & operations(service).keys():
            action = f"{PREFIXES.get(service, service)}:{operations(service)[method]}"
            if action not in NEVER_CALLED:
                yield OTHER_NAMES.get(action, action)
    for method in names & OF_THE_SDK.keys():
        yield from OF_THE_SDK[method]


CALLS = sorted(set(calls()))
CONFIG = load([ROOT / "configs/pipeline_config.yaml"]).with_account_id("123456789012")
ROLES = {
    row.spans("role")[0]: row.spans("statements")
    for row in section(tables(PAGE), "What the account needs / Which pipeline needs what")
}
"""The statements of each role, where every pipeline has its own."""
BY_THE_SERVICE = {"FeatureTable", "Uploads"}
"""Feature Store makes its table, and Athena reads it, with the role that asks; S3 copies a version with its tags."""
FOR_ALL = ("Objects", "Bucket", "Steps", "Jobs", "Function", "Logs", "JobMetrics", "Image")


def test_calls_of_every_caller_are_seen() -> None:
    """Guards the walk itself: one call of each way in which the code makes them."""
    seen = {(file, action) for _, file, action in CALLS}

    assert {
        ("scripts/publish_table.py", "glue:UpdatePartition"),  # called
        ("scripts/publish_table.py", "glue:GetDatabase"),  # handed to a helper
        ("scripts/publish.py", "s3:ListBucket"),  # by a paginator
        ("scripts/athena_client.py", "athena:GetQueryResults"),
        ("scripts/lambdas/get_latest_approved_model.py", "sagemaker:ListModelPackages"),
        ("scripts/lambdas/notify_failure.py", "sns:Publish"),
        ("scripts/lambdas/notify_failure.py", "logs:DescribeLogStreams"),
        ("scripts/lambdas/get_latest_approved_model.py", "sagemaker:ListTags"),
        ("scripts/lambdas/get_latest_approved_model.py", "s3:GetObject"),  # as HeadObject
        ("pipelines/deployment/functions.py", "lambda:CreateFunction"),
        ("pipelines/deployment/pipeline.py", "sagemaker:CreatePipeline"),  # by the SDK
        ("cli/executions/job_logs.py", "sagemaker:ListTrainingJobs"),  # by a paginator, named elsewhere
        ("cli/identity.py", "sts:GetCallerIdentity"),
        ("cli/registry/pins.py", "sagemaker:DeleteTags"),
    } <= seen


@pytest.mark.parametrize(("policy", "file", "action"), CALLS, ids=[f"{file}-{action}" for _, file, action in CALLS])
def test_call_is_allowed_by_its_policy(policy: str, file: str, action: str) -> None:
    assert action in allowed(policy), f"{file} needs {action}: add it to {policy!r} in docs/aws.md"


def test_services_of_every_caller_are_looked_through() -> None:
    for folder, (_, services) in CALLERS.items():
        paths = [path for path in (ROOT / folder).rglob("*.py") if path.relative_to(ROOT).as_posix() not in ONLY_LOCAL]
        text = "".join(path.read_text(encoding="utf-8") for path in paths)

        assert set(re.findall(r"client\(\"([a-z0-9-]+)\"", text)) <= services


def test_copy_of_an_upload_is_allowed_to_the_role() -> None:
    """CopyObject, and above 5 GB its parts; of a version where there is one, and with the object's tags."""
    assert "s3.copy(" in (ROOT / "scripts/lambdas/start_on_upload.py").read_text(encoding="utf-8")
    assert allowed(ROLE) >= OF_A_COPY


def test_steps_of_the_pipeline_are_allowed_to_the_role() -> None:
    types = set(re.findall(r'"Type": "(\w+)"', GOLDEN.read_text(encoding="utf-8"))) & OF_A_STEP.keys()

    assert types == OF_A_STEP.keys()
    for kind in types:
        assert OF_A_STEP[kind] <= allowed(ROLE)


@pytest.mark.parametrize("role", ROLES)
def test_role_of_its_own_has_the_statements_that_its_pipeline_needs(role: str) -> None:
    given = {action for name in (*FOR_ALL, *ROLES[role]) for action in statement_actions(name)}

    assert needed_by(role) - given == set()


@pytest.mark.parametrize("role", ROLES)
def test_role_of_its_own_has_no_statement_that_its_pipeline_does_not_need(role: str) -> None:
    needed = needed_by(role)

    assert [name for name in ROLES[role] if not statement_actions(name) & needed and name not in BY_THE_SERVICE] == []


def statement_actions(sid: str) -> set[str]:
    (statement,) = [item for item in document(ROLE)["Statement"] if item["Sid"] == sid]
    return set(_list(statement["Action"]))


def needed_by(role: str) -> set[str]:
    """What the scripts of a role call, and what the service does for its steps."""
    names = catalog.names() if role == "functions.role_arn" else [role.removeprefix("roles.").replace("_", "-")]
    built = [catalog.build(name, CONFIG) for name in names]
    if role == "functions.role_arn":
        packed = {f"lambdas/{one.handler.partition('.')[0]}.py" for item in built for one in item.functions}
        types = set()
    else:
        packed = {address.rpartition("/")[2] for item in built for address in item.artifacts}
        types = set(re.findall(r'"Type": "(\w+)"', built[0].definition())) & OF_A_STEP.keys()
    called = {action for _, file, action in CALLS if file.removeprefix("scripts/") in packed}
    return called | {action for kind in types for action in OF_A_STEP[kind]}


def test_search_for_hyperparameters_is_allowed_to_the_role() -> None:
    assert allowed(ROLE) >= OF_A_SEARCH


@pytest.mark.parametrize("heading", [ROLE, PERSON])
def test_policy_names_actions_that_exist(heading: str) -> None:
    models = {
        "ecr",
        "cloudwatch",
        "logs",
        "sns",
        "s3",
        "sts",
        "glue",
        "sagemaker",
        "lambda",
        "athena",
        "sagemaker-featurestore-runtime",
    }
    known = {
        f"{PREFIXES.get(service, service)}:{name}" for service in models for name in operations(service).values()
    } | OF_IAM

    assert allowed(heading) <= known


@pytest.mark.parametrize("heading", [ROLE, PERSON])
def test_policy_allows_nothing_to_anybody_else(heading: str) -> None:
    statements = document(heading)["Statement"]
    unbounded = {
        action for statement in statements if statement["Resource"] == "*" for action in _list(statement["Action"])
    }

    assert not [action for action in allowed(heading) if "*" in action]
    assert all(action.partition(":")[2].startswith(("List", "Get", "Batch", "PutMetricData")) for action in unbounded)
    assert all("Condition" in statement for statement in statements if "iam:PassRole" in _list(statement["Action"]))


def test_role_may_be_assumed_by_whoever_uses_it() -> None:
    (statement,) = document("Who may assume the role")["Statement"]

    services = {name.removesuffix(".amazonaws.com") for name in statement["Principal"]["Service"]}
    assert services == {"sagemaker", "lambda", "scheduler", "events"}


@pytest.mark.parametrize(
    ("service", "shape", "option"), [("scheduler", "Target", "--target"), ("events", "TargetList", "--targets")]
)
def test_targets_of_the_schedules_are_what_the_service_takes(service: str, shape: str, option: str) -> None:
    (text,) = re.findall(rf"{option} '([^']+)'", PAGE)
    model = botocore.session.get_session().get_service_model(service).shape_for(shape)

    assert not ParamValidator().validate(json.loads(text), model).has_errors()


def test_parameters_of_the_schedules_are_parameters_of_the_pipeline() -> None:
    named = set(re.findall(r'"Name": "(\w+)", "Value"', PAGE))

    assert named
    assert named <= {item["Name"] for item in json.loads(GOLDEN.read_text(encoding="utf-8"))["Parameters"]}

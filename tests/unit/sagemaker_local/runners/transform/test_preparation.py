from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.errors import JobFailed, UnsupportedFeature, ValidationException
from sagemaker_local.records.model import ModelContainer
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.transform.inputs import InputObject
from sagemaker_local.runners.transform.plan import Plan, load_objects
from sagemaker_local.runners.transform.preparation import Preparation, check_container
from sagemaker_local.runners.transform.request import TransformRequest
from sagemaker_local.runners.workspace import Workspace
from tests.fakes.credentials import FakeCredentials
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore
from tests.unit.sagemaker_local.runners.transform.test_request import CSV_LINES, request

IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0-cpu-py3"
SCRIPT_MODE = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
ROLE = "arn:aws:iam::000000000000:role/model"
MEGABYTE = 1 << 20


def preparation(
    tmp_path: Path, asked: dict[str, Any], *, cores: int = 4, environment: dict[str, str] | None = None
) -> Preparation:
    (tmp_path / "s3").mkdir()
    objects = FolderObjectStore(tmp_path / "s3", "b")
    objects.put("b", "model.tar.gz", b"model")
    objects.put("b", "code.tar.gz", b"code")
    objects.put("b", "in/a", b"a" * 10)
    surroundings = RunnerEnvironment(
        tmp_path / "work", objects, FakeLogWriter(), FakeCredentials(), "us-west-2", cores=cores
    )
    container = ModelContainer(IMAGE, "s3://b/model.tar.gz", environment or SCRIPT_MODE, ROLE)
    workspace = Workspace.create(tmp_path / "work", "j", isolated=True)
    return Preparation(surroundings, "j", asked, TransformRequest.parse(asked), container, workspace)


def inputs(*sizes: int) -> list[InputObject]:
    return [InputObject(S3Uri("b", "in/a"), size, "a") for size in sizes]


@pytest.mark.parametrize(
    ("concurrency", "sizes", "workers", "threads"),
    [
        (None, [1, 1, 1], 1, 4),
        (2, [1, 1, 1], 2, 2),
        (4, [1, 1, 1, 1], 4, 1),
        (16, [1] * 20, 4, 1),
        (4, [1], 1, 4),
        (4, [1, 1, 1], 3, 1),
    ],
)
def test_workers_are_what_the_job_asks_for_within_cores_and_objects(
    tmp_path: Path, concurrency: int | None, sizes: list[int], workers: int, threads: int
) -> None:
    asked = request() if concurrency is None else request(MaxConcurrentTransforms=concurrency)
    prepared = preparation(tmp_path, asked)

    plan = prepared.plan(inputs(*sizes), SCRIPT_MODE)

    assert (plan.worker_count, plan.thread_count) == (workers, threads)


def test_one_split_object_keeps_as_many_workers_busy_as_it_has_payloads(tmp_path: Path) -> None:
    prepared = preparation(tmp_path, request(MaxConcurrentTransforms=4, MaxPayloadInMB=2, **CSV_LINES))

    plan = prepared.plan(inputs(5 * MEGABYTE), SCRIPT_MODE)

    assert plan.worker_count == 3


def test_content_type_and_accept_have_the_containers_defaults(tmp_path: Path) -> None:
    plan = preparation(tmp_path, request()).plan(inputs(1), SCRIPT_MODE)

    assert (plan.content_type, plan.accept) == ("application/json", "application/json")


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_accept_that_says_nothing_is_the_models_default(tmp_path: Path, accept: str | None) -> None:
    variables = SCRIPT_MODE | {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}

    plan = preparation(tmp_path, request(output_Accept=accept)).plan(inputs(1), variables)

    assert plan.accept == "text/csv"


def test_environment_tells_the_batchs_settings_only_when_the_request_said_them(tmp_path: Path) -> None:
    variables = preparation(tmp_path, request()).variables()

    batch = {name: value for name, value in variables.items() if name.startswith("SAGEMAKER_") and "LOCAL" not in name}
    assert batch == {"SAGEMAKER_BATCH": "true", **SCRIPT_MODE}


def test_environment_tells_the_batchs_settings_in_the_containers_spelling(tmp_path: Path) -> None:
    asked = request(MaxPayloadInMB=5, MaxConcurrentTransforms=2, BatchStrategy="SingleRecord")

    variables = preparation(tmp_path, asked).variables()

    assert variables["SAGEMAKER_MAX_PAYLOAD_IN_MB"] == "5"
    assert variables["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] == "2"
    assert variables["SAGEMAKER_BATCH_STRATEGY"] == "SINGLE_RECORD"


def test_environment_of_the_job_goes_over_that_of_the_model_and_credentials_over_both(tmp_path: Path) -> None:
    mine = SCRIPT_MODE | {"A": "model", "B": "model"}
    asked = request(Environment={"B": "job", "AWS_ACCESS_KEY_ID": "stolen"})

    variables = preparation(tmp_path, asked, environment=mine).variables()

    assert (variables["A"], variables["B"], variables["AWS_ACCESS_KEY_ID"]) == ("model", "job", "ASIAFAKE")
    assert variables["AWS_SESSION_TOKEN"] == f"{ROLE}/j"


def test_bringing_lays_out_plan_model_and_inputs(tmp_path: Path) -> None:
    prepared = preparation(tmp_path, request())

    prepared.bring(inputs(10))

    (planned,) = load_objects(prepared.folder)
    assert Plan.load(prepared.folder).program == "inference.py"
    assert planned.name == "b/in/a"
    assert planned.input_path(prepared.folder).read_bytes() == b"a" * 10
    assert (prepared.folder / "model.tar.gz").read_bytes() == b"model"


def test_input_is_a_link_that_outlives_a_replacement_of_the_object(tmp_path: Path) -> None:
    prepared = preparation(tmp_path, request())
    prepared.bring(inputs(10))

    prepared.environment.objects.put("b", "in/a", b"new")

    assert (prepared.folder / "input" / "0").read_bytes() == b"a" * 10


def test_script_archive_in_s3_is_brought_and_named(tmp_path: Path) -> None:
    mine = SCRIPT_MODE | {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/code.tar.gz"}
    prepared = preparation(tmp_path, request(), environment=mine)

    variables = prepared.bring(inputs(10))

    assert Path(variables["SAGEMAKER_SUBMIT_DIRECTORY"]).read_bytes() == b"code"


def test_model_archive_that_is_not_there_fails_by_name(tmp_path: Path) -> None:
    prepared = preparation(tmp_path, request())
    prepared.environment.objects.delete("b", ["model.tar.gz"])

    with pytest.raises(JobFailed, match=r"cannot bring s3://b/model.tar.gz"):
        prepared.bring(inputs(10))


def test_image_other_than_xgboost_is_refused_by_name() -> None:
    container = ModelContainer("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2", None)

    with pytest.raises(UnsupportedFeature, match=r"sagemaker-scikit-learn:1.4-2' is not supported for batch transform"):
        check_container(container, TransformRequest.parse(request()))


def test_algorithm_mode_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFeature, match=r"Model 'm' has no SAGEMAKER_PROGRAM .* algorithm mode"):
        check_container(ModelContainer(IMAGE, "s3://b/m.tar.gz"), TransformRequest.parse(request()))


def test_program_may_come_from_the_jobs_environment() -> None:
    asked = request(Environment={"SAGEMAKER_PROGRAM": "inference.py"})

    check_container(ModelContainer(IMAGE, "s3://b/m.tar.gz"), TransformRequest.parse(asked))


def test_program_that_is_no_python_file_is_refused() -> None:
    asked = request(Environment={"SAGEMAKER_PROGRAM": "serve.sh"})

    with pytest.raises(ValidationException, match=r"SAGEMAKER_PROGRAM is 'serve.sh'; it must name a Python file"):
        check_container(ModelContainer(IMAGE, "s3://b/m.tar.gz"), TransformRequest.parse(asked))

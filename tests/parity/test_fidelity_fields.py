"""Holds the tables of docs/fidelity.md about fields against the code, for every field that botocore knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.shapes import check, input_shape, output_shape
from sagemaker_local.store.store import Store
from tests.fakes import fidelity
from tests.fakes.fidelity import STATUSES, Claim, StepFields, claim_about, claims, meaningful
from tests.fakes.markdown import page, section, tables
from tests.fakes.sample_requests import Setting, field_shape, minimal, settings, with_setting, without_field

OPERATIONS = {
    "Processing": "CreateProcessingJob",
    "Training": "CreateTrainingJob",
    "Tuning": "CreateHyperParameterTuningJob",
    "Transform": "CreateTransformJob",
    "Model": "CreateModel",
    "RegisterModel": "CreateModelPackage",
}
_ROWS = tables(page("docs/fidelity.md"))
CLAIMS = {step: claims(section(_ROWS, f"Steps and their fields / {step}")) for step in OPERATIONS}
SHAPES = {step: input_shape("sagemaker", operation) for step, operation in OPERATIONS.items()}
SETTINGS = [(step, meaningful(setting)) for step, shape in SHAPES.items() for setting in settings(shape)]
ABSENCES = [(step, claim) for step, known in CLAIMS.items() for claim in known if claim.is_absence]
EXCESSES = [(step, claim) for step, known in CLAIMS.items() for claim in known if claim.more_than is not None]


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, StepFields]]:
    root = tmp_path_factory.mktemp("fidelity")
    store = Store.open(root / "state.sqlite3")
    yield fidelity.step_fields(root, store)
    store.close()


def name_of(value: object) -> str:
    return value.path if isinstance(value, Claim) else str(value)


@pytest.mark.parametrize("step", OPERATIONS)
def test_every_member_of_the_request_has_a_line(step: str) -> None:
    members = set(SHAPES[step]["members"])

    named = {claim.path.split(".")[0].removesuffix("[]") for claim in CLAIMS[step]}

    assert named == members


@pytest.mark.parametrize("step", OPERATIONS)
def test_every_line_is_about_fields_that_exist_and_has_one_of_three_answers(step: str) -> None:
    for claim in CLAIMS[step]:
        shape = field_shape(SHAPES[step], claim.path)
        is_known = claim.value in {None, "true", "false", *shape.get("enum", ())}
        assert is_known, f"{claim.path} has no value {claim.value}"
        assert claim.status in STATUSES
        assert claim.note or claim.status != "emulated", f"{claim.path} is emulated: how?"


@pytest.mark.parametrize("step", OPERATIONS)
def test_no_field_is_said_twice(step: str) -> None:
    said = [(claim.path, claim.value, claim.more_than, claim.is_absence) for claim in CLAIMS[step]]

    assert len(said) == len(set(said))


@pytest.mark.parametrize(("step", "setting"), SETTINGS, ids=name_of)
def test_field_is_answered_as_the_page_says(fields: Mapping[str, StepFields], step: str, setting: Setting) -> None:
    claim = claim_about(CLAIMS[step], setting)
    assert claim is not None, f"{setting.path} has no line, nor has anything around it"
    tried = fields[step]
    request = with_setting(tried.base_for(setting.path), SHAPES[step], setting)

    answer = refusal(tried, request)

    check_answer(answer, claim)
    if claim.status != "refused":
        check_shown(tried, request, setting)


@pytest.mark.parametrize(("step", "claim"), EXCESSES, ids=name_of)
def test_more_than_one_is_answered_as_the_page_says(fields: Mapping[str, StepFields], step: str, claim: Claim) -> None:
    assert claim.more_than is not None
    shape = field_shape(SHAPES[step], claim.path)
    count = claim.more_than + 1
    value = minimal(shape) * count if shape["type"] == "list" else count
    tried = fields[step]

    answer = refusal(tried, with_setting(tried.base_for(claim.path), SHAPES[step], Setting(claim.path, value)))

    check_answer(answer, claim)


@pytest.mark.parametrize(("step", "claim"), ABSENCES, ids=name_of)
def test_absence_is_answered_as_the_page_says(fields: Mapping[str, StepFields], step: str, claim: Claim) -> None:
    tried = fields[step]

    answer = refusal(tried, without_field(tried.base_for(claim.path), claim.path))

    check_answer(answer, claim)


def refusal(tried: StepFields, request: Mapping[str, Any]) -> ValidationException | None:
    """What the endpoint says against a request that AWS accepts for its shape."""
    check("sagemaker", tried.operation, request)
    try:
        tried.accept(request)
    except ValidationException as error:
        return error
    return None


def check_answer(answer: ValidationException | None, claim: Claim) -> None:
    if claim.status != "refused":
        assert answer is None, f"{claim.path} is said to be {claim.status}, but: {answer}"
        return
    assert answer is not None, f"{claim.path} is said to be refused, but is accepted"
    assert isinstance(answer, UnsupportedFeature) or claim.is_refused_on_aws, f"not refused by its name: {answer}"
    assert claim.path.split(".")[-1] in str(answer)
    if claim.value not in {None, "true"}:
        assert f"'{claim.value}'" in str(answer)


def check_shown(tried: StepFields, request: Mapping[str, Any], setting: Setting) -> None:
    """What is accepted is shown again, where the Describe response has a place for it."""
    member = setting.path.split(".")[0].removesuffix("[]")
    if member in output_shape("sagemaker", tried.describe_operation)["members"]:
        assert tried.accept(request)[member] == request[member]

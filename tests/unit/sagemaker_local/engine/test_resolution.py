from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.engine.expressions import parse_value
from sagemaker_local.engine.resolution import Scope, as_text, resolve
from sagemaker_local.errors import NoSuchKey, StepFailed
from sagemaker_local.records.s3_uri import S3Uri
from tests.fakes.step_definitions import get, join, json_get

_REPORT = S3Uri("bucket", "evaluation/report.json")
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_PLAIN = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=5), inner, max_size=3)
)


def _scope(
    *,
    parameters: Mapping[str, Any] | None = None,
    steps: Mapping[str, Mapping[str, Any]] | None = None,
    files: Mapping[S3Uri, bytes] | None = None,
) -> Scope:
    def read(uri: S3Uri) -> bytes:
        if uri not in (files or {}):
            raise NoSuchKey(str(uri))
        return (files or {})[uri]

    return Scope(
        parameters=parameters or {},
        execution={"PipelineExecutionId": "abc123"},
        experiment={"TrialName": "trial"},
        properties=lambda step: (steps or {})[step],
        locate=lambda _: _REPORT,
        read=read,
    )


def test_parameter_keeps_its_type() -> None:
    value = parse_value({"count": get("Parameters.Count"), "rate": get("Parameters.Rate")})

    assert resolve(value, _scope(parameters={"Count": 3, "Rate": 0.5})) == {"count": 3, "rate": 0.5}


def test_execution_variables_and_experiment_resolve() -> None:
    value = parse_value([get("Execution.PipelineExecutionId"), get("PipelineExperimentConfig.TrialName")])

    assert resolve(value, _scope()) == ["abc123", "trial"]


def test_step_property_is_found_by_natural_key() -> None:
    steps = {"P": {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "d", "S3Output": {"S3Uri": "s3://b/x"}}]}}}

    value = parse_value(get("Steps.P.ProcessingOutputConfig.Outputs['d'].S3Output.S3Uri"))

    assert resolve(value, _scope(steps=steps)) == "s3://b/x"


def test_step_property_that_is_missing_names_the_whole_reference() -> None:
    value = parse_value(get("Steps.T.ModelArtifacts.S3ModelArtifacts"))

    with pytest.raises(StepFailed, match=r"Steps\.T\.ModelArtifacts\.S3ModelArtifacts cannot be resolved: there is no"):
        resolve(value, _scope(steps={"T": {"TrainingJobName": "x"}}))


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (True, "true"), (False, "false"), (0.1, "0.1"), ("a", "a"), (1.0, "1.0")]
)
def test_join_writes_each_value_as_sagemaker_does(value: Any, text: str) -> None:
    assert resolve(parse_value(join("x", value, on="-")), _scope()) == f"x-{text}"


def test_join_of_a_condition_outcome_is_in_small_letters() -> None:
    value = parse_value(join("outcome: ", get("Steps.Gate.Outcome")))

    assert resolve(value, _scope(steps={"Gate": {"Outcome": False}})) == "outcome: false"


def test_join_of_a_list_fails_the_step() -> None:
    value = parse_value(join(get("Steps.T.Channels")))

    with pytest.raises(StepFailed, match=r'\["a"\] cannot be joined'):
        resolve(value, _scope(steps={"T": {"Channels": ["a"]}}))


@pytest.mark.parametrize("path", ["metrics.auc.value", "$.metrics.auc.value", "metrics['auc'].value"])
def test_json_get_reads_the_property_file(path: str) -> None:
    files = {_REPORT: json.dumps({"metrics": {"auc": {"value": 0.9}}}).encode()}

    assert resolve(parse_value(json_get("E", "R", path)), _scope(files=files)) == 0.9


def test_json_get_reads_an_address_made_of_expressions() -> None:
    uri = join("s3://bucket", get("Execution.PipelineExecutionId"), "out.json", on="/")
    value = parse_value({"Std:JsonGet": {"S3Uri": uri, "Path": "rows[1]"}})

    assert resolve(value, _scope(files={S3Uri("bucket", "abc123/out.json"): b'{"rows": [1, 2]}'})) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, r"s3://bucket/evaluation/report.json does not exist"),
        (b"{oops", r"s3://bucket/evaluation/report.json is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"metrics": {}}', r"there is no 'metrics\.auc': 'metrics' has no members"),
        (b'{"metrics": {"auc": null}}', r"'metrics\.auc' is null"),
    ],
)
def test_json_get_that_finds_nothing_fails_the_step_and_says_why(body: bytes | None, message: str) -> None:
    files = {} if body is None else {_REPORT: body}

    with pytest.raises(StepFailed, match=message):
        resolve(parse_value(json_get("E", "R", "metrics.auc")), _scope(files=files))


def test_json_get_of_no_address_fails_the_step() -> None:
    value = parse_value({"Std:JsonGet": {"S3Uri": get("Parameters.P"), "Path": "a"}})

    with pytest.raises(StepFailed, match="'nowhere' is not an S3 address"):
        resolve(value, _scope(parameters={"P": "nowhere"}))


@given(_PLAIN)
def test_plain_json_resolves_to_itself(value: Any) -> None:
    without_nulls = json.loads(
        json.dumps(value), object_hook=lambda item: {k: v for k, v in item.items() if v is not None}
    )

    assert resolve(parse_value(value), _scope()) == without_nulls


@given(st.lists(st.booleans() | st.integers() | st.text(), max_size=6), st.text(max_size=3))
def test_join_of_parameters_equals_join_of_their_texts(values: list[Any], separator: str) -> None:
    names = {f"P{index}": value for index, value in enumerate(values)}

    joined = resolve(
        parse_value(join(*(get(f"Parameters.{name}") for name in names), on=separator)), _scope(parameters=names)
    )

    assert joined == separator.join(as_text(value) for value in values)


@given(_PLAIN)
def test_json_get_of_the_root_member_gives_what_was_written(value: Any) -> None:
    expression = parse_value(json_get("E", "R", "found"))
    scope = _scope(files={_REPORT: json.dumps({"found": value}).encode()})

    if value is None:
        with pytest.raises(StepFailed, match="is null"):
            resolve(expression, scope)
    else:
        assert resolve(expression, scope) == value

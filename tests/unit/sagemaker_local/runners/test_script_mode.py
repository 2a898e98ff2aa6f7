from __future__ import annotations

import json
from typing import Any

import pytest

from sagemaker_local.runners import script_mode

_PARAMETERS = {
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": "s3://b/sourcedir.tar.gz",
    "sagemaker_custom": "1",
    "max_depth": "6",
    "eta": "0.1",
    "objective": "binary:logistic",
    "early-stopping": "true",
    "v": "2",
}
_RESOURCES = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0"}


def _variables(**parameters: str) -> dict[str, str]:
    request: dict[str, Any] = {"TrainingJobName": "job", "HyperParameters": {**_PARAMETERS, **parameters}}
    program = script_mode.program_of(request)
    assert program is not None
    return script_mode.variables(
        request, program, channels=["validation", "train"], resources=_RESOURCES, input_config={"train": {}}, cores=4
    )


def test_program_of_quoted_name_is_read_as_json() -> None:
    program = script_mode.program_of({"HyperParameters": _PARAMETERS})

    assert program == script_mode.Program("train.py", "s3://b/sourcedir.tar.gz")


def test_program_of_no_script_is_algorithm_mode() -> None:
    assert script_mode.program_of({"HyperParameters": {"num_round": "5"}}) is None


def test_arguments_are_sorted_and_decoded() -> None:
    arguments = script_mode.arguments(script_mode.user_parameters(_PARAMETERS))

    assert arguments == [
        *("--early-stopping", "True"),
        *("--eta", "0.1"),
        *("--max_depth", "6"),
        *("--objective", "binary:logistic"),
        *("-v", "2"),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("null", ""), ("[1, 2]", "[1, 2]"), ('{"b": 1, "a": 2}', "a=2,b=1"), ("1e3", "1000.0"), ('"6"', "6"), ("", "")],
)
def test_arguments_of_other_json_read_as_the_toolkit_writes_them(value: str, expected: str) -> None:
    assert script_mode.arguments(script_mode.user_parameters({"key": value})) == ["--key", expected]


def test_name_of_a_tuning_jobs_metric_is_not_for_the_script() -> None:
    parameters = {"_tuning_objective_metric": "validation:auc", "eta": "0.1"}

    assert script_mode.user_parameters(parameters) == {"eta": 0.1}


def test_variables_name_the_containers_folders() -> None:
    variables = _variables()

    assert variables["SM_MODEL_DIR"] == "/opt/ml/model"
    assert variables["SM_OUTPUT_DATA_DIR"] == "/opt/ml/output/data"
    assert variables["SM_CHANNEL_TRAIN"] == "/opt/ml/input/data/train"
    assert variables["SM_CHANNELS"] == '["train","validation"]'


def test_variables_hold_hyperparameters_alone_and_together() -> None:
    variables = _variables()

    assert variables["SM_HP_MAX_DEPTH"] == "6"
    assert variables["SM_HP_EARLY_STOPPING"] == "true"
    assert variables["SM_HP_OBJECTIVE"] == "binary:logistic"
    assert json.loads(variables["SM_HPS"]) == {
        "early-stopping": True,
        "eta": 0.1,
        "max_depth": 6,
        "objective": "binary:logistic",
        "v": 2,
    }
    assert variables["SM_FRAMEWORK_PARAMS"] == '{"sagemaker_custom":1}'


def test_variables_json_is_compact_and_sorted() -> None:
    assert _variables()["SM_RESOURCE_CONFIG"] == (
        '{"current_host":"algo-1","hosts":["algo-1"],"network_interface_name":"eth0"}'
    )


def test_variables_are_all_that_the_toolkit_exports() -> None:
    expected = (
        "HOSTS CURRENT_HOST NETWORK_INTERFACE_NAME HPS USER_ENTRY_POINT FRAMEWORK_PARAMS RESOURCE_CONFIG "
        "INPUT_DATA_CONFIG OUTPUT_DATA_DIR CHANNELS MODULE_NAME LOG_LEVEL FRAMEWORK_MODULE INPUT_DIR INPUT_CONFIG_DIR "
        "OUTPUT_DIR NUM_CPUS NUM_GPUS MODEL_DIR MODULE_DIR TRAINING_ENV USER_ARGS OUTPUT_INTERMEDIATE_DIR"
    )

    assert {f"SM_{name}" for name in expected.split()} <= set(_variables())


def test_variables_training_environment_names_the_job() -> None:
    whole = json.loads(_variables()["SM_TRAINING_ENV"])

    assert whole["job_name"] == "job"
    assert whole["channel_input_dirs"] == {
        "train": "/opt/ml/input/data/train",
        "validation": "/opt/ml/input/data/validation",
    }

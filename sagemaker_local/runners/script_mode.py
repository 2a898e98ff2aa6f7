"""The script mode of AWS's XGBoost container: which program runs, with which arguments and variables.

Names and forms follow sagemaker-containers 2.8.6.post2, the toolkit in the image.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException

CODE = "/opt/ml/code"
_RESERVED_PREFIX = "sagemaker_"
_FRAMEWORK_MODULE = "sagemaker_xgboost_container.training:main"
_DEFAULT_LOG_LEVEL = 20
# Reserved hyperparameters that the toolkit uses up itself; others with the prefix reach SM_FRAMEWORK_PARAMS.
_CONSUMED = frozenset(
    {
        "_tuning_objective_metric",
        "sagemaker_program",
        "sagemaker_submit_directory",
        "sagemaker_container_log_level",
        "sagemaker_job_name",
        "sagemaker_region",
        "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_s3_output",
    }
)


@dataclass(frozen=True, slots=True)
class Program:
    """The user's entry point and where its code comes from."""

    entry_point: str
    submit_directory: str
    """`s3://….tar.gz`, or a path in the container."""

    @property
    def module(self) -> str:
        """The entry point as a module's name: `train` of `train.py`."""
        return self.entry_point.removesuffix(".py")


def program_of(request: Mapping[str, Any]) -> Program | None:
    """The program that hyperparameters, else variables, name; None in algorithm mode."""
    parameters = decode(request.get("HyperParameters") or {})
    variables = request.get("Environment") or {}
    entry_point = parameters.get("sagemaker_program") or variables.get("SAGEMAKER_PROGRAM")
    if not entry_point:
        return None
    directory = parameters.get("sagemaker_submit_directory") or variables.get("SAGEMAKER_SUBMIT_DIRECTORY") or CODE
    return Program(str(entry_point), str(directory))


def check(request: Mapping[str, Any]) -> None:
    """Refuse what the container, or this endpoint in its place, cannot run.

    Raises:
        UnsupportedFeature: algorithm mode.
        ValidationException: an entry point or a directory that the container cannot use.
    """
    program = program_of(request)
    if program is None:
        raise UnsupportedFeature(
            "XGBoost's algorithm mode is not supported; give the hyperparameters 'sagemaker_program' (train.py) and "
            "'sagemaker_submit_directory' (s3://.../sourcedir.tar.gz), or a ContainerEntrypoint."
        )
    if not program.entry_point.endswith(".py") or "/" in program.entry_point:
        raise ValidationException(
            f"The sagemaker_program {program.entry_point!r} is not a Python file at the top of the code: the XGBoost "
            "container runs it as a module. Name a file like 'train.py'."
        )
    if not program.submit_directory.startswith(("s3://", "/opt/ml/")):
        raise ValidationException(
            f"The sagemaker_submit_directory {program.submit_directory!r} is neither an S3 address nor below /opt/ml."
        )


def decode(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Read each value as JSON where it is JSON: `"6"` is 6, `"binary:logistic"` stays a text."""
    decoded: dict[str, Any] = {}
    for name, value in parameters.items():
        try:
            decoded[name] = json.loads(value)
        except ValueError:
            decoded[name] = value
    return decoded


def user_parameters(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The decoded hyperparameters that are the script's own."""
    return {name: value for name, value in decode(parameters).items() if not _is_reserved(name)}


def arguments(parameters: Mapping[str, Any]) -> list[str]:
    """Command line of the script: `{"eta": 0.1, "v": True}` gives `--eta 0.1 -v True`, sorted by name."""
    found = []
    for name in sorted(parameters):
        found += [f"--{name}" if len(name) > 1 else f"-{name}", _argument(parameters[name])]
    return found


def _argument(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={value[name]}" for name in sorted(value))
    return "" if value is None else str(value)


def variables(
    request: Mapping[str, Any],
    program: Program,
    *,
    channels: Sequence[str],
    resources: Mapping[str, Any],
    input_config: Mapping[str, Any],
    cores: int,
) -> dict[str, str]:
    """The SM_ variables, each the upper-cased name of a fact: texts as they are, the rest as compact sorted JSON.

    Args:
        request: the CreateTrainingJob request.
        program: the script.
        channels: names of the input channels.
        resources: content of resourceconfig.json.
        input_config: content of inputdataconfig.json.
        cores: what the script may take for the number of processors.
    """
    raw = request.get("HyperParameters") or {}
    parameters = user_parameters(raw)
    framework = {name: value for name, value in decode(raw).items() if _is_framework_parameter(name)}
    folders = {name: f"/opt/ml/input/data/{name}" for name in channels}
    facts = {
        "current_host": resources["current_host"],
        "framework_module": _FRAMEWORK_MODULE,
        "hosts": resources["hosts"],
        "input_config_dir": "/opt/ml/input/config",
        "input_data_config": input_config,
        "input_dir": "/opt/ml/input",
        "log_level": decode(raw).get("sagemaker_container_log_level", _DEFAULT_LOG_LEVEL),
        "model_dir": "/opt/ml/model",
        "module_dir": program.submit_directory,
        "module_name": program.module,
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": cores,
        "num_gpus": 0,
        "output_data_dir": "/opt/ml/output/data",
        "output_dir": "/opt/ml/output",
        "output_intermediate_dir": "/opt/ml/output/intermediate",
        "resource_config": resources,
        "user_entry_point": program.entry_point,
    }
    whole = {
        **facts,
        "additional_framework_parameters": framework,
        "channel_input_dirs": folders,
        "hyperparameters": parameters,
        "is_master": True,
        "job_name": request["TrainingJobName"],
        "master_hostname": resources["current_host"],
    }
    exported = {
        **facts,
        "channels": sorted(channels),
        "framework_params": framework,
        "hps": parameters,
        "training_env": whole,
        "user_args": arguments(parameters),
        **{f"channel_{name}": folder for name, folder in folders.items()},
        **{f"hp_{name}": value for name, value in parameters.items()},
    }
    return {f"SM_{name}".upper().replace("-", "_"): _variable(value) for name, value in exported.items()}


def _is_reserved(name: str) -> bool:
    return name.startswith(_RESERVED_PREFIX) or name in _CONSUMED


def _is_framework_parameter(name: str) -> bool:
    return name.startswith(_RESERVED_PREFIX) and name not in _CONSUMED


def _variable(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))

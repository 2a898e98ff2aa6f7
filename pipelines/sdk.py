"""The names of the SageMaker SDK that this package uses; importing this module is what imports the SDK (2 seconds).

Everything else takes the SDK's classes from here, because they must be imported in the offline world, and because
`--help` must not wait for them: only modules that build or deploy import this one.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.offline import offline

_IMPORT_REGION = "us-east-1"
"""Any region does: clients made at import are never used."""

with offline(_IMPORT_REGION):
    from sagemaker.core import image_uris
    from sagemaker.core.config.config_manager import SageMakerConfig
    from sagemaker.core.helper.session_helper import SessionSettings
    from sagemaker.core.lambda_helper import Lambda
    from sagemaker.core.local.local_session import LocalSagemakerClient
    from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
    from sagemaker.core.parameter import (
        CategoricalParameter as CategoricalRange,
        ContinuousParameter as ContinuousRange,
        IntegerParameter as IntegerRange,
    )
    from sagemaker.core.processing import Processor
    from sagemaker.core.resources import Model
    from sagemaker.core.shapes import (
        ContainerDefinition,
        MetricDefinition,
        ProcessingInput,
        ProcessingOutput,
        ProcessingS3Input,
        ProcessingS3Output,
    )
    from sagemaker.core.training.configs import (
        Channel,
        Compute,
        DataSource,
        OutputDataConfig,
        S3DataSource,
        StoppingCondition,
    )
    from sagemaker.core.transformer import Transformer
    from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo, ConditionLessThanOrEqualTo
    from sagemaker.core.workflow.execution_variables import ExecutionVariables
    from sagemaker.core.workflow.functions import Join, JsonGet
    from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.core.workflow.properties import PropertyFile
    from sagemaker.mlops.workflow import (
        CacheConfig,
        ConditionStep,
        LambdaOutput,
        LambdaStep,
        ModelStep,
        Pipeline,
        ProcessingStep,
        SageMakerJobExceptionTypeEnum,
        SageMakerJobStepRetryPolicy,
        StepExceptionTypeEnum,
        StepRetryPolicy,
        TrainingStep,
        TransformStep,
        TuningStep,
        steps as _steps,
    )
    from sagemaker.mlops.workflow.step_dependency import StepDependency, TriggerCondition
    from sagemaker.serve.model_builder import ModelBuilder
    from sagemaker.train.model_trainer import ModelTrainer
    from sagemaker.train.tuner import HyperparameterTuner

__all__ = [
    "CacheConfig",
    "CategoricalRange",
    "Channel",
    "Compute",
    "ConditionGreaterThanOrEqualTo",
    "ConditionLessThanOrEqualTo",
    "ConditionStep",
    "ContainerDefinition",
    "ContinuousRange",
    "DataSource",
    "ExecutionVariables",
    "HyperparameterTuner",
    "IntegerRange",
    "Join",
    "JsonGet",
    "Lambda",
    "LambdaOutput",
    "LambdaStep",
    "MetricDefinition",
    "MetricsSource",
    "Model",
    "ModelBuilder",
    "ModelMetrics",
    "ModelStep",
    "ModelTrainer",
    "OutputDataConfig",
    "ParameterFloat",
    "ParameterInteger",
    "ParameterString",
    "Pipeline",
    "PipelineSession",
    "ProcessingInput",
    "ProcessingOutput",
    "ProcessingS3Input",
    "ProcessingS3Output",
    "ProcessingStep",
    "Processor",
    "PropertyFile",
    "S3DataSource",
    "SageMakerJobExceptionTypeEnum",
    "SageMakerJobStepRetryPolicy",
    "SessionSettings",
    "StepDependency",
    "StepExceptionTypeEnum",
    "StepRetryPolicy",
    "StoppingCondition",
    "TrainingStep",
    "TransformStep",
    "Transformer",
    "TriggerCondition",
    "TuningStep",
    "image_uris",
]

_validate = SageMakerConfig.validate_sagemaker_config
_validated: set[str] = set()


def _validate_once(sagemaker_config: Any = None) -> None:
    # The SDK validates its whole settings against a JSON schema at each of some 200 look-ups of a build, 70 ms each.
    key = json.dumps(sagemaker_config, sort_keys=True, default=str)
    if key not in _validated:
        _validate(sagemaker_config)
        _validated.add(key)


SageMakerConfig.validate_sagemaker_config = staticmethod(_validate_once)


class _UnconnectedLocalClient(LocalSagemakerClient):  # type: ignore[misc]  # the SDK publishes no types
    """The SDK's local client without its clients of AWS.

    Each processing and transform step makes one only to read the names of two methods: a quarter of a second each, and
    a look into the machine's AWS settings.
    """

    def __init__(self) -> None:
        """Connect to nothing."""


_steps.LocalSagemakerClient = _UnconnectedLocalClient

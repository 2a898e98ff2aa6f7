"""What the expressions of a running execution resolve against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.engine.definition import Definition
from sagemaker_local.engine.expressions import PropertyFile
from sagemaker_local.engine.parameters import typed_values
from sagemaker_local.engine.path import read_path
from sagemaker_local.engine.resolution import Scope, resolve
from sagemaker_local.ports import ObjectStore
from sagemaker_local.records.execution import Execution, Step
from sagemaker_local.records.s3_uri import S3Uri


class RunScopes:
    """Makes the scope of each step's try, out of what is known when the try begins."""

    def __init__(
        self,
        execution: Execution,
        definition: Definition,
        succeeded: Mapping[str, Step],
        objects: ObjectStore,
        clock: Callable[[], datetime],
    ) -> None:
        """`succeeded` may grow while the execution runs."""
        self._execution = execution
        self._definition = definition
        self._succeeded = succeeded
        self._objects = objects
        self._clock = clock
        self._parameters = typed_values(definition.parameters, execution.parameters)

    def scope(self, job_variables: Mapping[str, str]) -> Scope:
        """Make a scope; `job_variables` are the execution variables of the step's own job, such as TrainingJobName."""
        bare = Scope(
            parameters=self._parameters,
            execution={**self._execution_variables(), **job_variables},
            experiment={},
            properties=self._properties,
            locate=self._locate,
            read=lambda uri: self._objects.read(uri.bucket, uri.key),
        )
        # Where SageMaker files the jobs of an execution when its definition does not say.
        usual = {
            "ExperimentName": self._execution.pipeline_name.lower(),
            "TrialName": self._execution.execution_id,
        }
        return replace(bare, experiment={**usual, **resolve(self._definition.experiment, bare)})

    def _execution_variables(self) -> dict[str, str]:
        return {
            "StartDateTime": _written(self._execution.created),
            "CurrentDateTime": _written(self._clock()),
            "PipelineName": self._execution.pipeline_name,
            "PipelineArn": self._execution.pipeline_arn,
            "PipelineExecutionId": self._execution.execution_id,
            "PipelineExecutionArn": self._execution.arn,
        }

    def _properties(self, step: str) -> Mapping[str, Any]:
        return self._succeeded[step].properties

    def _locate(self, file: PropertyFile) -> S3Uri:
        declared = self._definition.steps[file.step].property_files[file.name]
        place = ("ProcessingOutputConfig", "Outputs", declared.output_name, "S3Output", "S3Uri")
        return S3Uri.parse(read_path(self._properties(file.step), place)).join(declared.file_path)


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Batch transform jobs: the endpoint brings inputs and stores outputs, a process of the job's own does the work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_local.errors import JobFailed, LocalError
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.records.model import ModelContainer
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners import process
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.reasons import MAX_CHARACTERS
from sagemaker_local.runners.transform import agent, bootstrap
from sagemaker_local.runners.transform.inputs import InputObject, find_inputs
from sagemaker_local.runners.transform.outputs import Outputs
from sagemaker_local.runners.transform.preparation import Preparation, check_container, planned
from sagemaker_local.runners.transform.request import TransformRequest

_SHOWN_FAILURES = 3
_SHOWN_LINES = 3


@dataclass(frozen=True, slots=True)
class TransformRunner:
    """Runs transform jobs with models of the XGBoost container in script mode."""

    environment: RunnerEnvironment
    container_of: Callable[[str], ModelContainer]
    """Looks up a model by name; raises a ServiceError when there is none."""

    def check(self, request: Mapping[str, Any]) -> None:
        """Refuse, before the job exists, what this runner cannot do.

        Raises:
            UnsupportedFeature: by name.
            ValidationException: what AWS would refuse, too.
        """
        parsed = TransformRequest.parse(request)
        check_container(self.container_of(parsed.model_name), parsed)

    def run(self, job: Job, control: JobControl) -> JobOutcome:
        """Transform every object of the input; failures are outcomes."""
        try:
            request = TransformRequest.parse(job.request)
            container = self.container_of(request.model_name)
            check_container(container, request)
            inputs = self._inputs(request)
            with self.environment.workspace(job.name) as workspace:
                preparation = Preparation(self.environment, job.name, job.request, request, container, workspace)
                return self._transform(preparation, inputs, control)
        except LocalError as error:
            return JobOutcome(JobStatus.FAILED, str(error)[:MAX_CHARACTERS])

    def _inputs(self, request: TransformRequest) -> list[InputObject]:
        objects = self.environment.objects
        if not objects.has_bucket(request.output.bucket):
            raise JobFailed(
                f"ClientError: the bucket {request.output.bucket!r} of S3OutputPath {request.output} "
                "does not exist; make it with `aws s3 mb`, or correct the address."
            )
        found = find_inputs(objects, request.source, is_manifest=request.is_manifest)
        # The largest first, so that no worker begins a long file when the others are done.
        return sorted(found, key=lambda item: -item.size)

    def _transform(self, preparation: Preparation, inputs: Sequence[InputObject], control: JobControl) -> JobOutcome:
        output, job_name = preparation.request.output, preparation.job_name
        targets = [
            (planned(number, item), S3Uri(output.bucket, item.output_key(output))) for number, item in enumerate(inputs)
        ]
        stream = f"{job_name}/i-local-{int(time.time())}"
        logs = self.environment.logs
        with (
            JobLog(logs, JobKind.TRANSFORM, job_name, stream=stream) as log,
            JobLog(logs, JobKind.TRANSFORM, job_name, stream=f"{stream}/data-log") as data_log,
        ):
            variables = preparation.bring(inputs)
            reading, writing = os.pipe()
            outputs = Outputs(self.environment.objects, preparation.folder, targets, data_log, reading)
            outputs.note(preparation.request.settings)
            outputs.start()
            try:
                end = process.run(
                    bootstrap.command(agent.__name__, str(preparation.folder), "/opt/ml", str(writing)),
                    preparation.workspace,
                    variables,
                    log,
                    control.stop_requested,
                    None,
                    grace_seconds=self.environment.stop_grace_seconds,
                    kill_requested=control.kill_requested,
                    pass_fds=(writing,),
                )
            finally:
                os.close(writing)
                outputs.join()
            return _outcome(end, outputs, len(inputs), log)


def _outcome(end: process.ProcessEnd, outputs: Outputs, count: int, log: JobLog) -> JobOutcome:
    if end.cause is process.EndCause.STOPPED:
        return JobOutcome(JobStatus.STOPPED)
    if end.succeeded and not outputs.failures:
        return JobOutcome(JobStatus.COMPLETED)
    failures = outputs.failures
    if not failures:
        said = " | ".join(log.tail[-_SHOWN_LINES:])
        reason = f"AlgorithmError: the transform process ended with exit code {end.exit_code}: {said}"
    elif outputs.is_broken or count == 1:
        reason = failures[-1]
    else:
        more = f" (and {len(failures) - _SHOWN_FAILURES} more)" if len(failures) > _SHOWN_FAILURES else ""
        shown = "; ".join(failure.rstrip(".") for failure in failures[:_SHOWN_FAILURES])
        reason = f"{shown}{more}. {outputs.stored_count} of {count} objects were transformed and stored."
    return JobOutcome(JobStatus.FAILED, reason[:MAX_CHARACTERS])

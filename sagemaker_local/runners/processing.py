"""Runs processing jobs: inputs in, the container's command, outputs back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from sagemaker_local.errors import JobFailed, ServiceError
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.runners import images, process, processing_request, reasons, transfer
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.mirror import Mirror
from sagemaker_local.runners.process import EndCause, ProcessEnd
from sagemaker_local.runners.processing_request import ProcessingOutput
from sagemaker_local.runners.workspace import Workspace

HOST = "algo-1"
_CONFIG_MEMBERS = ("AppSpecification", "Environment", "ProcessingResources", "RoleArn", "StoppingCondition")


class ProcessingRunner:
    """Executes CreateProcessingJob requests that name a ContainerEntrypoint; satisfies records.job.Runner."""

    def __init__(self, environment: RunnerEnvironment) -> None:
        self._environment = environment

    def check(self, request: Mapping[str, Any]) -> None:
        """Refuse, before the job exists, what cannot run here; see processing_request.check."""
        processing_request.check(request)

    def run(self, job: Job, control: JobControl) -> JobOutcome:
        """Run the job to its end and return its outcome."""
        with (
            self._environment.workspace(job.name) as workspace,
            JobLog(self._environment.logs, JobKind.PROCESSING, job.name) as log,
        ):
            try:
                return self._run(job, control, workspace, log)
            except JobFailed as error:
                return JobOutcome(JobStatus.FAILED, str(error)[: reasons.MAX_CHARACTERS])
            except ServiceError as error:
                return JobOutcome(JobStatus.FAILED, f"ClientError: {error}"[: reasons.MAX_CHARACTERS])

    def _run(self, job: Job, control: JobControl, workspace: Workspace, log: JobLog) -> JobOutcome:
        request = job.request
        notice = images.notice(request["AppSpecification"]["ImageUri"])
        if notice is not None:
            log.write(notice)
        self._prepare(job, workspace)
        outputs = processing_request.outputs_of(request)
        with ExitStack() as mirrors:
            continuous = [
                mirrors.enter_context(self._mirror(output, workspace, log)) for output in outputs if output.continuous
            ]
            end = process.run(
                processing_request.command_of(request),
                workspace,
                self._environment.variables(
                    workspace, role_arn=request["RoleArn"], job_name=job.name, requested=request.get("Environment")
                ),
                log,
                control.stop_requested,
                processing_request.max_runtime_of(request),
                grace_seconds=self._environment.stop_grace_seconds,
                kill_requested=control.kill_requested,
            )
            outcome = _outcome(request, end, workspace)
            try:
                self._upload(outputs, continuous, workspace, log)
            except (JobFailed, ServiceError) as error:
                # The first thing that went wrong is the reason; outputs of a failed job are kept as far as possible.
                if outcome.status is JobStatus.COMPLETED:
                    raise
                log.write(f"cannot upload: {error}")
        return outcome

    def _prepare(self, job: Job, workspace: Workspace) -> None:
        objects = self._environment.objects
        for item in processing_request.inputs_of(job.request):
            found = transfer.list_input(objects, item.uri, item.data_type)
            transfer.bring(objects, found, workspace.inside(item.local_path))
        for output in processing_request.outputs_of(job.request):
            transfer.require_bucket(objects, output.uri)
            workspace.inside(output.local_path).mkdir(parents=True, exist_ok=True)
        workspace.inside("/opt/ml/output").mkdir(exist_ok=True)
        config = workspace.inside("/opt/ml/config")
        config.mkdir()
        (config / "processingjobconfig.json").write_text(json.dumps(_job_config(job)), encoding="utf-8")
        hosts = {"current_host": HOST, "hosts": [HOST]}
        (config / "resourceconfig.json").write_text(json.dumps(hosts), encoding="utf-8")

    def _mirror(self, output: ProcessingOutput, workspace: Workspace, log: JobLog) -> Mirror:
        return Mirror(self._environment.objects, workspace.inside(output.local_path), output.uri, note=log.write)

    def _upload(
        self, outputs: Sequence[ProcessingOutput], continuous: Sequence[Mirror], workspace: Workspace, log: JobLog
    ) -> None:
        for mirror in continuous:
            mirror.finish()
        for output in outputs:
            if not output.continuous:
                folder = workspace.inside(output.local_path)
                transfer.upload_folder(self._environment.objects, folder, output.uri, note=log.write)


def _outcome(request: Mapping[str, Any], end: ProcessEnd, workspace: Workspace) -> JobOutcome:
    try:
        message = reasons.read_text(workspace.inside("/opt/ml/output/message"))
    except UnicodeDecodeError:
        return JobOutcome(JobStatus.FAILED, "ClientError: /opt/ml/output/message is not UTF-8; write it as UTF-8 text.")
    details = {"ExitMessage": message} if message else {}
    if end.succeeded:
        return JobOutcome(JobStatus.COMPLETED, None, details)
    if end.cause is EndCause.STOPPED:
        return JobOutcome(JobStatus.STOPPED, None, details)
    if end.cause is EndCause.TIMED_OUT:
        reason = reasons.limit_exceeded(processing_request.max_runtime_of(request))
    else:
        reason = reasons.of_process(end, processing_request.command_of(request)[0], message)
    return JobOutcome(JobStatus.FAILED, reason, details)


def _job_config(job: Job) -> dict[str, Any]:
    """The content of processingjobconfig.json: the request with its defaults, and the job's ARN."""
    request = job.request
    inputs = [
        {**item, "S3Input": {"S3DownloadMode": "StartOfJob", **item["S3Input"]}}
        for item in request.get("ProcessingInputs") or []
    ]
    members = {name: request[name] for name in _CONFIG_MEMBERS if name in request}
    return {
        "ProcessingJobArn": job.arn,
        "ProcessingJobName": job.name,
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": request.get("ProcessingOutputConfig") or {"Outputs": []},
        **members,
    }

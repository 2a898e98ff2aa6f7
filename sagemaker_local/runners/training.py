"""Runs training jobs: the XGBoost container's script mode, or a command that the request names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sagemaker_local.errors import JobFailed, ServiceError
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.runners import images, process, reasons, script_mode, training_request, transfer
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.metrics import MetricWatch, definitions_of
from sagemaker_local.runners.mirror import Mirror
from sagemaker_local.runners.process import EndCause, ProcessEnd
from sagemaker_local.runners.source_code import place_code
from sagemaker_local.runners.training_artifacts import Artifacts
from sagemaker_local.runners.workspace import Workspace

HOST = "algo-1"
_NETWORK_INTERFACE = "eth0"
_GROUP = "homogeneousCluster"


@dataclass(frozen=True, slots=True)
class _Run:
    """One job on its way."""

    job: Job
    control: JobControl
    workspace: Workspace
    log: JobLog
    metrics: MetricWatch

    def report(self, status: str) -> None:
        """Publish a secondary status."""
        self.control.report({"SecondaryStatus": status})


@dataclass(frozen=True, slots=True)
class _Command:
    """What runs in the container, with its files in place."""

    words: list[str]
    variables: Mapping[str, str]
    working_folder: str | None = None


class TrainingRunner:
    """Executes CreateTrainingJob requests; satisfies records.job.Runner."""

    def __init__(self, environment: RunnerEnvironment) -> None:
        self._environment = environment

    def check(self, request: Mapping[str, Any]) -> None:
        """Refuse, before the job exists, what cannot run here; see training_request.check."""
        training_request.check(request)

    def run(self, job: Job, control: JobControl) -> JobOutcome:
        """Run the job to its end and return its outcome."""
        metrics = MetricWatch(definitions_of(job.request))
        with (
            self._environment.workspace(job.name) as workspace,
            JobLog(self._environment.logs, JobKind.TRAINING, job.name, listener=metrics.read) as log,
        ):
            try:
                return self._run(_Run(job, control, workspace, log, metrics))
            except JobFailed as error:
                return JobOutcome(JobStatus.FAILED, str(error)[: reasons.MAX_CHARACTERS])
            except ServiceError as error:
                return JobOutcome(JobStatus.FAILED, f"ClientError: {error}"[: reasons.MAX_CHARACTERS])

    def _run(self, run: _Run) -> JobOutcome:
        notice = images.notice(run.job.request["AlgorithmSpecification"].get("TrainingImage", "no image"))
        if notice is not None:
            run.log.write(notice)
        transfer.require_bucket(self._environment.objects, training_request.output_of(run.job.request))
        run.report("Downloading")
        command = self._prepare(run)
        run.report("Training")
        with ExitStack() as mirrors:
            checkpoints = self._follow_checkpoints(run, mirrors)
            end = process.run(
                command.words,
                run.workspace,
                command.variables,
                run.log,
                run.control.stop_requested,
                training_request.max_runtime_of(run.job.request),
                working_folder=command.working_folder,
                grace_seconds=self._environment.stop_grace_seconds,
                kill_requested=run.control.kill_requested,
            )
            run.report("Stopping" if end.cause is EndCause.STOPPED else "Uploading")
            return self._outcome(run, end, command, checkpoints)

    def _prepare(self, run: _Run) -> _Command:
        """Bring the inputs, write the configuration, and decide what runs."""
        request, workspace = run.job.request, run.workspace
        for folder in ("model", "code", "output/data", "input/config", "input/data"):
            (workspace.ml / folder).mkdir(parents=True, exist_ok=True)
        channels = training_request.channels_of(request)
        for channel in channels:
            found = transfer.list_input(self._environment.objects, channel.uri, channel.data_type)
            transfer.bring(self._environment.objects, found, workspace.ml / "input/data" / channel.name)
        resources = _resources(request)
        input_config = {channel.name: dict(channel.configuration) for channel in channels}
        _write_config(run, resources, input_config)
        algorithm = request["AlgorithmSpecification"]
        entry_point = algorithm.get("ContainerEntrypoint")
        program = None if entry_point else script_mode.program_of(request)
        if program is None:
            return _Command([*(entry_point or []), *algorithm.get("ContainerArguments", [])], self._variables(run, {}))
        place_code(self._environment.objects, program, workspace)
        variables = script_mode.variables(
            request,
            program,
            channels=[channel.name for channel in channels],
            resources=resources,
            input_config=input_config,
            cores=self._environment.cores,
        )
        arguments = script_mode.arguments(script_mode.user_parameters(request.get("HyperParameters") or {}))
        words = ["python3", "-m", program.module, *arguments]
        return _Command(words, self._variables(run, variables), script_mode.CODE)

    def _variables(self, run: _Run, toolkit: Mapping[str, str]) -> dict[str, str]:
        requested = {
            "TRAINING_JOB_NAME": run.job.name,
            "TRAINING_JOB_ARN": run.job.arn,
            **(run.job.request.get("Environment") or {}),
            **toolkit,
        }
        return self._environment.variables(
            run.workspace, role_arn=run.job.request["RoleArn"], job_name=run.job.name, requested=requested
        )

    def _follow_checkpoints(self, run: _Run, mirrors: ExitStack) -> Mirror | None:
        """Bring earlier checkpoints back and keep S3 equal to the folder from now on."""
        checkpoints = training_request.checkpoints_of(run.job.request)
        if checkpoints is None:
            return None
        folder = run.workspace.inside(checkpoints.local_path)
        folder.mkdir(parents=True, exist_ok=True)
        target = checkpoints.uri
        transfer.require_bucket(self._environment.objects, target)
        prefix = f"{target.key.rstrip('/')}/" if target.key else ""
        if self._environment.objects.list(target.bucket, prefix):
            found = transfer.list_input(self._environment.objects, f"s3://{target.bucket}/{prefix}")
            transfer.bring(self._environment.objects, found, folder)
        return mirrors.enter_context(Mirror(self._environment.objects, folder, target, note=run.log.write))

    def _outcome(self, run: _Run, end: ProcessEnd, command: _Command, checkpoints: Mirror | None) -> JobOutcome:
        """Keep what the job made, and say how it ended."""
        request = run.job.request
        artifacts = Artifacts(self._environment.objects, run.workspace, request, run.log)
        details: dict[str, Any] = {"FinalMetricDataList": run.metrics.final} if run.metrics.final else {}
        # A stopped or overdue job keeps its model if it has written one, a failed one only its other output.
        has_ended_well = end.cause is not EndCause.EXITED or end.succeeded
        try:
            if checkpoints is not None:
                checkpoints.finish()
            artifacts.upload_output()
            if has_ended_well and (end.succeeded or artifacts.has_model):
                details["ModelArtifacts"] = {"S3ModelArtifacts": artifacts.upload_model()}
        except (JobFailed, ServiceError) as error:
            if end.succeeded:
                raise
            run.log.write(f"cannot upload: {error}")
        if end.succeeded:
            return JobOutcome(JobStatus.COMPLETED, None, details)
        if end.cause is EndCause.STOPPED:
            return JobOutcome(JobStatus.STOPPED, None, details)
        if end.cause is EndCause.TIMED_OUT:
            reason = reasons.limit_exceeded(training_request.max_runtime_of(request))
            return JobOutcome(JobStatus.FAILED, reason, {**details, "SecondaryStatus": "MaxRuntimeExceeded"})
        return JobOutcome(JobStatus.FAILED, _reason(run, end, command), details)


def _reason(run: _Run, end: ProcessEnd, command: _Command) -> str:
    try:
        text = reasons.read_text(run.workspace.inside("/opt/ml/output/failure"))
    except UnicodeDecodeError:
        text = "/opt/ml/output/failure is not UTF-8"
    if not text and command.working_folder == script_mode.CODE:
        # The toolkit's words; the last line of a traceback says most.
        last = next((line.strip() for line in reversed(run.log.tail) if line.strip()), "")
        text = f'ExecuteUserScriptError:\nErrorMessage "{last}"\nCommand "{" ".join(command.words)}"'
    return reasons.of_process(end, command.words[0], text)


def _resources(request: Mapping[str, Any]) -> dict[str, Any]:
    """The content of resourceconfig.json."""
    instance_type = (request.get("ResourceConfig") or {}).get("InstanceType", "ml.m5.xlarge")
    group = {"instance_group_name": _GROUP, "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": _GROUP,
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": _NETWORK_INTERFACE,
    }


def _write_config(run: _Run, resources: Mapping[str, Any], input_config: Mapping[str, Any]) -> None:
    request = run.job.request
    files: dict[str, Any] = {
        "hyperparameters.json": request.get("HyperParameters") or {},
        "inputdataconfig.json": input_config,
        "resourceconfig.json": resources,
    }
    checkpoints = training_request.checkpoints_of(request)
    if checkpoints is not None:
        files["checkpointconfig.json"] = {"LocalPath": checkpoints.local_path}
    for name, content in files.items():
        (run.workspace.ml / "input/config" / name).write_text(json.dumps(content), encoding="utf-8")

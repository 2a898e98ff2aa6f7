"""Follow an execution to its end: states, times, reasons, a failed step's last log lines, and what resumes it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from cli import batch_evaluation
from cli.context import Context
from cli.executions import advice, gate, history, job_logs, triggers, tuning

FINAL = frozenset({"Succeeded", "Failed", "Stopped", "CompletedWithFailures"})
_LOCAL_POLL_SECONDS = 0.25
_CLOUD_POLL_SECONDS = 5.0
_LOG_LINES = 20
_OUTPUT_CHARACTERS = 60
"""Of each output of a function: what is told in full is told by the step that it is about."""
_NO_VALUE = "none"
"""What the functions answer where there is nothing to tell."""
_COLOURS = {
    "Succeeded": "green",
    "Failed": "red",
    "CompletedWithFailures": "red",
    "Stopped": "yellow",
    "Executing": "cyan",
    "Stopping": "yellow",
}


def to_the_end(context: Context, arn: str) -> int:
    """Print every change of state as it comes, then the table of steps; 0 only when the execution succeeded."""
    try:
        return _follow(context, arn)
    except (Exception, KeyboardInterrupt):
        # The connection, the endpoint or the person went away: the execution is not lost with them.
        execution = history.execution_id(arn)
        context.console.print(f"See where it is: python pipeline.py status {execution}{context.options_text}")
        context.console.print(advice.resume_hint(context, arn))
        raise


def _follow(context: Context, arn: str) -> int:
    client = context.client("sagemaker")
    shown: dict[str, str] = {}
    reasons: dict[str, str] = {}
    because: dict[str, str] = {}
    while True:
        described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
        steps = history.steps(client, arn)
        gate.add_reasons(context, arn, steps, reasons)
        triggers.add_reasons(context, arn, steps, because)
        tuning.add_best(context, steps, reasons)
        for step in steps:
            _show_change(context, step, shown, {**because, **reasons})
        if described["PipelineExecutionStatus"] in FINAL:
            return _conclude(context, arn, described, steps, {**because, **reasons})
        time.sleep(_LOCAL_POLL_SECONDS if context.is_local else _CLOUD_POLL_SECONDS)


def steps_table(steps: Sequence[dict[str, Any]], reasons: Mapping[str, str]) -> Table:
    """The steps with state, duration, attempts, the reason (add_reasons of gate and triggers), and what they made."""
    table = Table("step", "state", "time", "tries", "detail")
    for step in steps:
        table.add_row(
            step["StepName"],
            _coloured(step["StepStatus"]),
            _duration(step),
            str(step.get("AttemptCount", 1) or 1),
            Text(_detail(step, reasons)),
        )
    return table


def _show_change(context: Context, step: dict[str, Any], shown: dict[str, str], reasons: Mapping[str, str]) -> None:
    name, state = step["StepName"], step["StepStatus"]
    if shown.get(name) == state:
        return
    shown[name] = state
    line = f"{history.utc_text(datetime.now(UTC))[11:]}  {name:<24} {_coloured(state):<10} {_duration(step):>8}"
    shown_line = Text.from_markup(line).append(f"  {_detail(step, reasons)}")
    shown_line.rstrip()
    context.console.print(shown_line)
    if state == "Failed":
        for text in job_logs.last_lines(context, step, _LOG_LINES):
            context.console.print(f"    | {text}", markup=False)


def _conclude(
    context: Context,
    arn: str,
    described: dict[str, Any],
    steps: Sequence[dict[str, Any]],
    reasons: Mapping[str, str],
) -> int:
    state = described["PipelineExecutionStatus"]
    context.console.print(steps_table(steps, reasons))
    seconds = (described["LastModifiedTime"] - described["CreationTime"]).total_seconds()
    context.console.print(f"{history.execution_id(arn)}: {_coloured(state)} after {seconds:.1f} s")
    if state == "Succeeded":
        say_what_was_registered(context, steps)
        say_who_scored(context, steps)
        batch_evaluation.say_how_good(context, steps)
        return 0
    for line in _failures(described, steps):
        context.console.print(line, markup=False)
    context.console.print(advice.after(context, arn, state, steps), markup=False)
    return 1


def say_what_was_registered(context: Context, steps: Sequence[dict[str, Any]]) -> None:
    """Tell, after an execution that succeeded, which version came of it and what it waits for."""
    arn = next((step["Metadata"]["RegisterModel"]["Arn"] for step in steps if "RegisterModel" in _metadata(step)), None)
    if arn is None:
        return
    package = context.client("sagemaker").describe_model_package(ModelPackageName=arn)
    version, status = package["ModelPackageVersion"], package["ModelApprovalStatus"]
    todo = f": python pipeline.py approve {version}{context.options_text}" if status == "PendingManualApproval" else ""
    text = f"Version {version} of {package['ModelPackageGroupName']} is {status}{todo}"
    context.console.print(text, markup=False)


def say_who_scored(context: Context, steps: Sequence[dict[str, Any]]) -> None:
    """Tell, after an execution that succeeded, when its own model was not good enough, and which one scored."""
    chosen = next((step for step in steps if step["StepName"] == advice.CHOOSES_VERSION), None)
    if chosen is None and gate.said_no(steps):
        context.console.print("Nothing was registered.")
    if chosen is not None and gate.said_no(steps):
        outputs = _metadata(chosen).get("Lambda", {}).get("OutputParameters", [])
        version = next((output["Value"] for output in outputs if output["Name"] == "ModelPackageVersion"), "unknown")
        context.console.print(f"Nothing was registered; version {version} scored.")


def _metadata(step: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = step.get("Metadata") or {}
    return found


def _coloured(state: str) -> str:
    colour = _COLOURS.get(state)
    return f"[{colour}]{state}[/{colour}]" if colour else state


def _duration(step: dict[str, Any]) -> str:
    if "StartTime" not in step:
        return ""
    end = step.get("EndTime") or datetime.now(UTC)
    return f"{(end - step['StartTime']).total_seconds():.1f} s"


def _failures(described: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """The execution's own reason; one whose failures were handled has none, so those of its steps."""
    if described.get("FailureReason"):
        return [str(described["FailureReason"])]
    failed = [step for step in steps if step["StepStatus"] == "Failed"]
    return [f"{step['StepName']}: {step.get('FailureReason') or 'failed without a reason'}" for step in failed]


def _detail(step: dict[str, Any], reasons: Mapping[str, str]) -> str:
    parts = (reasons.get(step["StepName"], ""), str(step.get("FailureReason") or _made(step)))
    return "; ".join(part for part in parts if part)


def _shortened(value: str) -> str:
    """The last part of an ARN or of an S3 address; of any other text the beginning."""
    if value.startswith(("arn:", "s3://")):
        return value.rsplit("/", 1)[-1]
    return value if len(value) <= _OUTPUT_CHARACTERS else f"{value[:_OUTPUT_CHARACTERS]}…"


def _made(step: dict[str, Any]) -> str:
    if step.get("CacheHitResult", {}).get("SourcePipelineExecutionArn"):
        return f"taken from {history.execution_id(step['CacheHitResult']['SourcePipelineExecutionArn'])} (cache)"
    metadata = step.get("Metadata", {})
    if "Lambda" in metadata:
        outputs = metadata["Lambda"].get("OutputParameters", [])
        told = [output for output in outputs if output["Value"] != _NO_VALUE]
        return ", ".join(f"{output['Name']}={_shortened(output['Value'])}" for output in told)
    return next((entry["Arn"].split(":", 5)[-1] for entry in metadata.values() if "Arn" in entry), "")

"""`start`, `executions`, `status`, `stop`, `retry`: pipelines as they run."""

from __future__ import annotations

import argparse
import uuid
from typing import Any

from rich.table import Table
from rich.text import Text

from cli import batch_evaluation
from cli.commands import definitions
from cli.context import Context
from cli.executions import advice, follow, gate, history, triggers, tuning
from cli.executions.start import start_execution
from cli.parameters import parse

_HANDLED = {"CompletedWithFailures": "steps failed, and what was to run then has run; `status` shows them"}


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("start", parents=[shared], help="start an execution of a pipeline")
    command.add_argument("pipeline", metavar="P")
    command.add_argument("--param", action="append", default=[], metavar="Name=Value", help="a pipeline parameter")
    command.add_argument("--wait", action="store_true", help="follow it to its end; exit code 0 only when it succeeded")
    command.set_defaults(run=start)

    command = commands.add_parser("executions", parents=[shared], help="the executions of a pipeline, newest first")
    command.add_argument("pipeline", metavar="P")
    command.add_argument("--limit", type=int, default=20, metavar="N", help="how many (20)")
    command.set_defaults(run=list_executions)

    for name, run, text in (
        ("status", status, "the steps of an execution with state, time and reason"),
        ("stop", stop, "stop an execution; `retry` takes it up again"),
        ("retry", retry, "run the failed, stopped and missing steps of an execution again"),
    ):
        command = commands.add_parser(name, parents=[shared], help=text)
        command.add_argument("execution", metavar="EXECUTION", help="id, ARN, or `latest`")
        command.set_defaults(run=run)
        if name == "retry":
            command.add_argument("--wait", action="store_true", help="follow it to its end")


def start(context: Context, options: argparse.Namespace) -> int:
    """Start an execution, and follow it when asked to."""
    arn = start_execution(context, options.pipeline, parse(options.param))
    context.console.print(f"Started {arn}")
    if options.wait:
        return follow.to_the_end(context, arn)
    context.console.print(f"Follow it: python pipeline.py status {history.execution_id(arn)}{context.options_text}")
    return 0


def list_executions(context: Context, options: argparse.Namespace) -> None:
    """Print a table of executions."""
    name = definitions.sagemaker_name(context, options.pipeline)
    table = Table("execution", "state", "started (UTC)", "reason")
    for summary in history.executions(context.client("sagemaker"), name, limit=options.limit):
        table.add_row(
            history.execution_id(summary["PipelineExecutionArn"]),
            summary["PipelineExecutionStatus"],
            history.utc_text(summary["StartTime"]),
            Text(summary.get("PipelineExecutionFailureReason") or _HANDLED.get(summary["PipelineExecutionStatus"], "")),
        )
    context.console.print(table)


def status(context: Context, options: argparse.Namespace) -> None:
    """Print an execution's state, its parameters and its steps."""
    arn = history.find_execution(context, options.execution)
    client = context.client("sagemaker")
    described = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    context.console.print(
        f"{arn}\n{described['PipelineExecutionStatus']} {described.get('FailureReason', '')}".rstrip(), markup=False
    )
    parameters = history.parameters(client, arn)
    shown = ", ".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    context.console.print(f"parameters: {shown}", markup=False)
    steps, reasons, because = history.steps(client, arn), dict[str, str](), dict[str, str]()
    gate.add_reasons(context, arn, steps, reasons)
    triggers.add_reasons(context, arn, steps, because)
    tuning.add_best(context, steps, reasons)
    context.console.print(follow.steps_table(steps, {**because, **reasons}))
    if described["PipelineExecutionStatus"] == "Succeeded":
        follow.say_who_scored(context, steps)
        batch_evaluation.say_how_good(context, steps)
    elif described["PipelineExecutionStatus"] in follow.FINAL:
        text = advice.after(context, arn, described["PipelineExecutionStatus"], steps)
        context.console.print(text, markup=False)


def stop(context: Context, options: argparse.Namespace) -> None:
    """Ask an execution to stop."""
    arn = history.find_execution(context, options.execution)
    context.client("sagemaker").stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=uuid.uuid4().hex)
    context.console.print(f"Stopping {history.execution_id(arn)}. {advice.resume_hint(context, arn)}")


def retry(context: Context, options: argparse.Namespace) -> int:
    """Resume an execution where it failed or was stopped."""
    arn = history.find_execution(context, options.execution)
    context.client("sagemaker").retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=uuid.uuid4().hex)
    context.console.print(f"Resumed {arn}")
    return follow.to_the_end(context, arn) if options.wait else 0

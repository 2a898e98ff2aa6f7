"""`logs`: what a step's script printed."""

from __future__ import annotations

import argparse
from typing import Any

from cli.context import Context
from cli.errors import CommandError
from cli.executions import history, job_logs


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("logs", parents=[shared], help="the log of one step of an execution")
    command.add_argument("execution", metavar="EXECUTION", help="id, ARN, or `latest`")
    command.add_argument("step", metavar="STEP", help="the step's name, as `status` shows it")
    command.set_defaults(run=logs)


def logs(context: Context, options: argparse.Namespace) -> None:
    """Print the step's log, oldest line first."""
    arn = history.find_execution(context, options.execution)
    steps = {step["StepName"]: step for step in history.steps(context.client("sagemaker"), arn)}
    wanted = {name.lower(): name for name in steps} | {
        step["StepDisplayName"].lower(): name for name, step in steps.items() if step.get("StepDisplayName")
    }
    if options.step.lower() not in wanted:
        raise CommandError(
            f"the execution {history.execution_id(arn)} has no step {options.step!r} that started; "
            f"it has: {', '.join(steps) or 'none yet'}."
        )
    count = 0
    for count, line in enumerate(job_logs.read(context, steps[wanted[options.step.lower()]]), start=1):  # noqa: B007
        print(line)
    if not count:
        context.console.print(f"The step {wanted[options.step.lower()]} has written no log.")

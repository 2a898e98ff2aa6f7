"""`evaluate`: measure a published day by labels that came later."""

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from cli import batch_evaluation, late_labels, published_runs, s3_objects
from cli.commands import definitions
from cli.context import Context
from cli.day import parse_day
from cli.errors import CommandError
from cli.executions import follow, history
from cli.executions.start import start_execution

PIPELINE = "evaluation"
_DAY, _LABELS = "InferenceDate", "LabelsUri"
"""Parameters of the pipeline (pipelines/parameters.py)."""
_NEAREST = 5


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser(
        "evaluate", parents=[shared], help="measure a published day by labels that came later"
    )
    command.add_argument("day", metavar="DAY", help="YYYY-MM-DD, as `publications` prints it")
    command.add_argument(
        "--labels",
        required=True,
        metavar="URI",
        help="CSV or Parquet with the id and the target: an s3:// address, or a file or folder, which is uploaded",
    )
    command.add_argument("--output", type=Path, metavar="FILE", help="save the page with the plots there, too")
    command.set_defaults(run=evaluate)


def evaluate(context: Context, options: argparse.Namespace) -> int:
    """Run the pipeline for the day, then print the metrics and where the page is; 0 only when it succeeded."""
    output: Path | None = options.output
    _check_output(output)
    day = _published_day(context, options.day)
    labels = late_labels.address_of(context, options.labels)
    definitions.deploy(context, PIPELINE)
    arn = start_execution(context, PIPELINE, {_DAY: day, _LABELS: labels})
    context.console.print(f"Started {arn}")
    exit_code = follow.to_the_end(context, arn)
    if exit_code == 0:
        _show(context, arn, output)
    return exit_code


def _show(context: Context, arn: str, output: Path | None) -> None:
    step = batch_evaluation.find_step(history.steps(context.client("sagemaker"), arn), batch_evaluation.PUBLISHED)
    if step is None:
        raise CommandError(
            f"{arn} has no step {batch_evaluation.PUBLISHED} that succeeded: the pipeline was changed meanwhile. "
            "Evaluate the day again."
        )
    context.console.print(batch_evaluation.table_of(batch_evaluation.read(context, step)))
    report = f"{batch_evaluation.folder_of(context, step)}/{batch_evaluation.REPORT}"
    context.console.print(f"The page with the plots: {report}", markup=False)
    if output is not None:
        output.write_bytes(s3_objects.read(context, report))
        context.console.print(f"Saved as {output}", markup=False)


def _published_day(context: Context, text: str) -> str:
    """The day, when it is published: a job that only finds out that it is not takes minutes."""
    wanted = parse_day(text, "day")
    published: list[date] = []
    for known in published_runs.current_runs(context):
        with suppress(ValueError):  # a partition that somebody else made
            published.append(date.fromisoformat(known))
    if wanted not in published:
        nearest = sorted(sorted(published, key=lambda other: abs(other - wanted))[:_NEAREST])
        days = (
            f"the nearest days that it has are {', '.join(map(str, nearest))}" if nearest else "no day is published yet"
        )
        raise CommandError(f"{published_runs.table_name(context)} has no day {wanted}; {days}.")
    return wanted.isoformat()


def _check_output(output: Path | None) -> None:
    """Refuse before a job is run and paid for."""
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise CommandError(f"--output {str(output)!r} is refused: name a file in a folder that exists.")

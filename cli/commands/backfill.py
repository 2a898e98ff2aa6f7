"""`backfill`: score days that have passed, each as of that day."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from cli import published_runs
from cli.backfill import DAY, MODEL_VERSION, Backfill, Day, Plan, State
from cli.commands import definitions
from cli.context import Context
from cli.day import parse_day
from cli.errors import CommandError
from cli.parameters import parse
from cli.registry import model_packages

_PUBLISHES = "PublishToAthena"
"""The step that makes a day one of the table (pipelines/steps/publish.py)."""
_MOST_DAYS = 366
_PARALLEL, _MOST_PARALLEL = 2, 20


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("backfill", parents=[shared], help="run a pipeline for days that have passed")
    command.add_argument("pipeline", metavar="P", help="one that publishes, such as batch-inference")
    command.add_argument("--from", dest="first", required=True, metavar="DAY", help="YYYY-MM-DD, inclusive")
    command.add_argument("--to", dest="last", required=True, metavar="DAY", help="YYYY-MM-DD, inclusive")
    command.add_argument("--model", metavar="VERSION", help="the version that scores (the latest approved one)")
    command.add_argument("--force", action="store_true", help="publish days again that are published")
    command.add_argument(
        "--parallel", type=int, default=_PARALLEL, metavar="N", help=f"so many days at once ({_PARALLEL})"
    )
    command.add_argument("--param", action="append", default=[], metavar="Name=Value", help="a pipeline parameter")
    command.add_argument("--stop-on-failure", action="store_true", help="start no more days after one that failed")
    command.add_argument("--yes", action="store_true", help=f"allow more than {_MOST_DAYS} days")
    command.set_defaults(run=backfill)


def backfill(context: Context, options: argparse.Namespace) -> int:
    """Run the days that are not published yet, and print a table of all; 0 only when every day is published."""
    days = days_of(options, _today())
    _check_parallel(options.parallel)
    given = parse(options.param)
    built = definitions.build(context, options.pipeline)
    defaults = _defaults(context, options.pipeline, built.definition())
    parameters = _parameters(options, given, defaults)
    if options.model is not None:
        _check_model(context, options.model)
    definitions.deploy_built(context, built)
    before = {} if options.force else published_runs.current_runs(context)
    plan = Plan(
        pipeline=options.pipeline,
        days=[day for day in days if day not in before],
        parameters=parameters,
        defaults=defaults,
        parallel=options.parallel,
        stop_on_failure=options.stop_on_failure,
    )
    context.console.print(
        f"{len(days)} days, {len(days) - len(plan.days)} of them published already, {plan.parallel} at a time"
    )
    runner = Backfill(context, plan)
    try:
        runner.run()
    finally:
        results = [runner.results.get(day) or _skipped(day, before) for day in days]
        done = [result for result in results if result is not None]
        context.console.print(_table(done))
    return _conclude(context, options, done)


def days_of(options: argparse.Namespace, today: date) -> list[str]:
    """Every day of the range, in order.

    Raises:
        CommandError: not a day, a range that is turned around, in the future, or very long.
    """
    first, last = parse_day(options.first, "--from"), parse_day(options.last, "--to")
    if last < first:
        raise CommandError(f"--to {last} is before --from {first}: give the earlier day first.")
    if last > today:
        raise CommandError(f"--to {last} is in the future: today is {today} (UTC), which is the last day allowed.")
    count = (last - first).days + 1
    if count > _MOST_DAYS and not options.yes:
        raise CommandError(
            f"--from {first} --to {last} are {count} days, an execution each; allowed are {_MOST_DAYS}. Add --yes to "
            "run them all."
        )
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]


def _today() -> date:
    return datetime.now(UTC).date()


def _check_parallel(count: int) -> None:
    if not 1 <= count <= _MOST_PARALLEL:
        raise CommandError(f"--parallel {count} is refused: allowed are 1 to {_MOST_PARALLEL} days at once.")


def _defaults(context: Context, pipeline: str, definition: str) -> dict[str, str]:
    """The parameters of a pipeline that can be run for a day, with their defaults as text."""
    document = json.loads(definition)
    parameters = {entry["Name"]: str(entry.get("DefaultValue", "")) for entry in document["Parameters"]}
    publishes = next((step for step in document["Steps"] if step["Name"] == _PUBLISHES), None)
    lacks = [
        *([f"the parameter {DAY}"] if DAY not in parameters else []),
        *([f"a step {_PUBLISHES}"] if publishes is None else []),
    ]
    why = f"it lacks {' and '.join(lacks)}" if lacks else ""
    # The days that are there already, and what became of one, are read off the daily table.
    if publishes is not None and (table := _table_of(publishes)) != context.config.athena_output_table:
        why = f"it publishes to {table}, not to {published_runs.table_name(context)}"
    if why:
        raise CommandError(
            f"pipeline {pipeline!r} cannot be run for days that have passed: {why}. Backfill one that publishes days, "
            "such as batch-inference."
        )
    return parameters


def _table_of(step: Mapping[str, Any]) -> str:
    words = step["Arguments"]["AppSpecification"]["ContainerArguments"]
    return str(words[words.index("--table") + 1])


def _parameters(options: argparse.Namespace, given: dict[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    for name, instead in ((DAY, "--from and --to"), (MODEL_VERSION, "--model")):
        if name in given:
            raise CommandError(f"--param {name} is refused: use {instead} for it.")
    unknown = sorted(given.keys() - defaults.keys())
    if unknown:
        raise CommandError(
            f"--param {', '.join(unknown)} is refused: {options.pipeline} has no such parameter; it has: "
            f"{', '.join(defaults)}."
        )
    if options.model is None:
        return given
    if MODEL_VERSION not in defaults:
        raise CommandError(
            f"--model {options.model} is refused: {options.pipeline} has no parameter {MODEL_VERSION}. Leave it out, "
            "or backfill batch-inference."
        )
    return {**given, MODEL_VERSION: options.model}


def _check_model(context: Context, version: str) -> None:
    """Refuse a version that each single day would fail for."""
    if version == "latest":
        return
    if not version.isdecimal():
        raise CommandError(f"--model {version!r} is refused: write the number of a version, or latest.")
    status = model_packages.version(context, int(version)).approval
    wanted = context.config.model_approval_status
    if status != wanted:
        raise CommandError(
            f"--model {version} is refused: version {version} of {context.config.model_package_group} is {status}, and "
            f"only one that is {wanted} may score. `python pipeline.py approve {version}{context.options_text}` "
            "approves it."
        )


def _skipped(day: str, before: Mapping[str, published_runs.Publication]) -> Day | None:
    run = before.get(day)
    return None if run is None else Day(day, State.SKIPPED, run.execution, run.model_version, run.rows)


def _table(results: Sequence[Day]) -> Table:
    table = Table("day", "state", "execution", "model version", "rows", "seconds", "reason")
    for result in results:
        table.add_row(
            result.day,
            result.state.value,
            result.execution,
            result.version,
            "" if result.rows is None else f"{result.rows:,}",
            "" if result.seconds is None else f"{result.seconds:.1f}",
            Text(result.reason),
        )
    return table


def _conclude(context: Context, options: argparse.Namespace, results: Sequence[Day]) -> int:
    bad = [result for result in results if not result.state.is_good]
    others = [
        result
        for result in results
        if result.state is State.SKIPPED and options.model not in {None, "latest", result.version}
    ]
    context.console.print(f"{len(results) - len(bad)} of {len(results)} days are published.")
    if others:
        context.console.print(
            f"{len(others)} of them by another version than {options.model}, as before: --force publishes them again."
        )
    if bad:
        context.console.print(
            "Correct the cause, then run the same command again: days that are published are skipped."
        )
        for result in bad:
            if result.execution:
                log = f"python pipeline.py status {result.execution}{context.options_text}"
                context.console.print(f"  {result.day}: {log}")
    return 1 if bad else 0

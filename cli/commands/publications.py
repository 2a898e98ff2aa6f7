"""`publications`, `restore`: the runs of each day of the predictions, and the way back to one of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from cli import s3_objects
from cli.context import Context
from cli.day import parse_day
from cli.errors import CommandError
from cli.published_runs import (
    PARAMETER,
    Publication,
    describe_table,
    history_of,
    names,
    partitions,
    runs_of,
    table_name,
)

_INPUT = ("Values", "LastAccessTime", "StorageDescriptor", "Parameters", "LastAnalyzedTime")
"""What UpdatePartition takes of what GetPartition answers."""


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("publications", parents=[shared], help="the published days, each with its runs")
    command.add_argument("--days", type=int, default=30, metavar="N", help="how many days to print, newest first (30)")
    command.set_defaults(run=list_publications)
    command = commands.add_parser("restore", parents=[shared], help="point a published day back to an earlier run")
    command.add_argument("day", metavar="DAY", help="YYYY-MM-DD")
    command.add_argument("--run", dest="to", required=True, metavar="RUN", help="as `publications` prints it")
    command.set_defaults(run=restore)


def list_publications(context: Context, options: argparse.Namespace) -> None:
    """Print each day's runs: the one that readers see, then those that are kept."""
    days: dict[str, list[Publication]] = {}
    for partition in partitions(context):
        days.setdefault(partition["Values"][0], []).extend(runs_of(partition))
    if not days:
        context.console.print(f"{table_name(context)} has no published days yet.")
        return
    table = Table("day", "run", "state", "model version", "rows", "published (UTC)", title=table_name(context))
    for day in sorted(days, reverse=True)[: options.days]:
        for run in days[day]:
            table.add_row(
                day,
                _shown(run, days[day]),
                "readers see it" if run.is_current else "kept",
                run.model_version,
                "" if run.rows is None else f"{run.rows:,}",
                str(run.document.get("published", "")).removesuffix("+00:00").replace("T", " "),
            )
    context.console.print(table)
    if len(days) > options.days:
        context.console.print(f"{len(days) - options.days} earlier days not shown, raise --days")


def restore(context: Context, options: argparse.Namespace) -> None:
    """Point a day at one of its kept runs, in one call to the catalog."""
    partition = _partition_of(context, options.day)
    runs = runs_of(partition)
    chosen = _chosen(options.day, options.to, runs)
    if chosen.is_current:
        context.console.print(f"{options.day} is at run {chosen.run} already; nothing was changed.")
        return
    _check_files(context, chosen)
    # Another publish may have come while the files were counted: what it wrote must not be lost from the list.
    if _partition_of(context, options.day)["StorageDescriptor"]["Location"] != runs[0].location:
        raise CommandError(f"{options.day} was published meanwhile; look at `publications` and decide again.")
    context.client("glue").update_partition(
        **names(context),
        PartitionValueList=[options.day],
        PartitionInput=moved(partition, chosen, datetime.now(UTC)),
    )
    context.console.print(
        f"{options.day} of {table_name(context)} is at run {chosen.run} again; before, it was at {runs[0].run}, "
        "which is kept."
    )


def moved(partition: Mapping[str, Any], chosen: Publication, now: datetime) -> dict[str, Any]:
    """The partition, pointed at another of its runs; the one that it was at becomes the newest of the kept ones."""
    before, *older = runs_of(partition)
    replaced = {**before.document, "replaced": now.isoformat(timespec="seconds")}
    history = {
        "current": {**chosen.document, "replaced": None},
        "older": [replaced, *(run.document for run in older if run.location != chosen.location)],
        "removing": history_of(partition).get("removing", []),
    }
    return {name: partition[name] for name in _INPUT if name in partition} | {
        "StorageDescriptor": {**partition["StorageDescriptor"], "Location": chosen.location},
        "Parameters": {**partition.get("Parameters", {}), PARAMETER: json.dumps(history, separators=(",", ":"))},
    }


def _chosen(day: str, wanted: str, runs: Sequence[Publication]) -> Publication:
    found = [run for run in runs if wanted in {run.run, run.execution}]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(_shown(run, runs) for run in runs)
    if found:
        raise CommandError(f"{day} has {len(found)} runs of execution {wanted!r}: name one of them. It has: {listed}.")
    raise CommandError(f"{day} has no run {wanted!r}; it has: {listed}.")


def _shown(run: Publication, runs: Sequence[Publication]) -> str:
    """The execution, and its attempt where the day has several of them."""
    return run.execution if [other.execution for other in runs].count(run.execution) == 1 else run.run


def _check_files(context: Context, chosen: Publication) -> None:
    sizes = [size for _, size in s3_objects.below(context.client("s3"), chosen.location)]
    wanted = chosen.document.get("files"), chosen.document.get("bytes")
    if not sizes or (None not in wanted and (len(sizes), sum(sizes)) != wanted):
        raise CommandError(
            f"{chosen.day} stays where it is: run {chosen.run} is not whole any more. {chosen.location} has "
            f"{len(sizes)} files of {sum(sizes)} bytes, it was published with {wanted[0]} of {wanted[1]}."
        )


def _partition_of(context: Context, day: str) -> dict[str, Any]:
    parse_day(day, "day")
    glue = context.client("glue")
    keys = [key["Name"] for key in describe_table(context).get("PartitionKeys", [])]
    if keys != ["dt"]:
        raise CommandError(
            f"{table_name(context)} has the partition keys {', '.join(keys)}: readers see every run of a day "
            "(publish.mode append), there is nothing to point back."
        )
    try:
        found: dict[str, Any] = glue.get_partition(**names(context), PartitionValues=[day])["Partition"]
    except glue.exceptions.EntityNotFoundException as error:
        days = sorted((partition["Values"][0] for partition in partitions(context)), reverse=True)
        more = f" and {len(days) - 10} earlier ones" if len(days) > 10 else ""
        raise CommandError(
            f"{table_name(context)} has no day {day}; it has: {', '.join(days[:10]) or 'none yet'}{more}."
        ) from error
    return found

"""The published days of the predictions table, each with its runs: what the catalog keeps of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.context import Context
from cli.errors import CommandError

PARAMETER = "publications"
"""Of a partition; scripts/publish_history.py writes it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One run of a day whose files are there."""

    day: str
    document: Mapping[str, Any]
    """As the partition keeps it; of a run without a list, the location only."""
    is_current: bool

    @property
    def location(self) -> str:
        """Where its files are."""
        return str(self.document["location"])

    @property
    def run(self) -> str:
        """`<execution>/<attempt>`, as its folder is named."""
        return self.location.rstrip("/").partition("/run=")[2] or self.location

    @property
    def execution(self) -> str:
        """The execution that published it."""
        return self.run.partition("/")[0]

    @property
    def model_version(self) -> str:
        """The version of the model that scored; nothing when the run keeps none."""
        return str(self.document.get("model_package_arn", "")).rpartition("/")[2]

    @property
    def rows(self) -> int | None:
        """How many rows it has, when it keeps that."""
        return self.document.get("rows")


def runs_of(partition: Mapping[str, Any]) -> list[Publication]:
    """The runs of a partition, the current one first; a partition without a list has that one only."""
    day, location = partition["Values"][0], partition["StorageDescriptor"]["Location"]
    document = history_of(partition)
    known = [run for run in [document.get("current"), *document.get("older", [])] if isinstance(run, dict)]
    current = next((run for run in known if run.get("location") == location), {"location": location})
    older = [run for run in known if run is not current and "location" in run]
    return [Publication(day, current, is_current=True), *(Publication(day, run, is_current=False) for run in older)]


def current_runs(context: Context) -> dict[str, Publication]:
    """The run that readers see, by day; of several (publish.mode append), the one published last."""
    if find_table(context) is None:
        return {}
    found = [run for partition in partitions(context) for run in runs_of(partition) if run.is_current]
    return {run.day: run for run in sorted(found, key=lambda run: str(run.document.get("published", "")))}


def run_of_execution(context: Context, day: str, execution: str) -> Publication | None:
    """What an execution published for a day, when readers see it."""
    if find_table(context) is None:
        return None
    pages = context.client("glue").get_paginator("get_partitions")
    for page in pages.paginate(**names(context), Expression=f"dt = '{day}'"):
        for partition in page["Partitions"]:
            for run in runs_of(partition):
                if run.is_current and run.execution == execution:
                    return run
    return None


def history_of(partition: Mapping[str, Any]) -> dict[str, Any]:
    """The list of runs as the partition keeps it; empty when there is none that can be read."""
    try:
        document = json.loads(partition.get("Parameters", {}).get(PARAMETER, "{}"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def partitions(context: Context) -> list[dict[str, Any]]:
    """Every partition of the table.

    Raises:
        CommandError: there is no such table.
    """
    describe_table(context)
    pages = context.client("glue").get_paginator("get_partitions").paginate(**names(context))
    return [partition for page in pages for partition in page["Partitions"]]


def describe_table(context: Context) -> dict[str, Any]:
    """The table as the catalog has it.

    Raises:
        CommandError: there is no such table.
    """
    found = find_table(context)
    if found is None:
        raise CommandError(
            f"{table_name(context)} does not exist: the first publish makes it. Start a pipeline that publishes."
        )
    return found


def find_table(context: Context) -> dict[str, Any] | None:
    """The table as the catalog has it; None before the first publish, which makes it."""
    glue, config = context.client("glue"), context.config
    try:
        table: dict[str, Any] = glue.get_table(DatabaseName=config.athena_database, Name=config.athena_output_table)
    except glue.exceptions.EntityNotFoundException:
        return None
    return dict(table["Table"])


def names(context: Context) -> dict[str, str]:
    """Database and table, as the catalog's calls name them."""
    return {"DatabaseName": context.config.athena_database, "TableName": context.config.athena_output_table}


def table_name(context: Context) -> str:
    """Database and table, as people name them."""
    return f"{context.config.athena_database}.{context.config.athena_output_table}"

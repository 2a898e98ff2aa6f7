"""The table in Glue: made, widened by new columns, and one of its partitions pointed at a run in one call."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from dataset_schema import AuditFailed, SchemaRefused, ScriptError, quoted
from publish_history import History, Run
from publish_plan import Plan

ATTEMPTS = 5
MISSING, EXISTS = "EntityNotFoundException", "AlreadyExistsException"
RACES = {"ConcurrentModificationException", "VersionMismatchException"}
TABLE_MEMBERS = (
    *("Name", "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention", "StorageDescriptor"),
    *("PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters"),
)
"""What UpdateTable takes of what GetTable answers."""
SAME_TYPE = {"integer": "int"}
FORMAT: dict[str, Any] = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


def ensure_table(plan: Plan, glue: Any) -> list[dict[str, str]]:
    """Create database and table when they are missing, add columns that the table lacks, and return its columns.

    Raises:
        SchemaRefused: the table has a column of another type, or other partition keys.
    """
    if unless(MISSING, glue.get_database, Name=plan.database) is None:
        unless(EXISTS, glue.create_database, DatabaseInput={"Name": plan.database})
    for _ in range(ATTEMPTS):
        table = _table(plan, glue)
        _check_keys(plan, table)
        has = list(table["StorageDescriptor"]["Columns"])
        added = _missing(plan, has)
        if not added:
            return has
        storage = table["StorageDescriptor"] | {"Columns": [*has, *added]}
        version = {"VersionId": table["VersionId"]} if "VersionId" in table else {}
        wanted = {name: table[name] for name in TABLE_MEMBERS if name in table} | {"StorageDescriptor": storage}
        try:
            # With its version: another publish may be adding columns, too.
            glue.update_table(DatabaseName=plan.database, TableInput=wanted, **version)
            return [*has, *added]
        except ClientError as error:
            if code_of(error) not in RACES:
                raise
    raise ScriptError(f"Table {plan.database}.{plan.table} changes all the time: others change its columns; try again.")


def _table(plan: Plan, glue: Any) -> dict[str, Any]:
    name = {"DatabaseName": plan.database, "Name": plan.table}
    found = unless(MISSING, glue.get_table, **name)
    if found is None:
        unless(
            EXISTS,
            glue.create_table,
            DatabaseName=plan.database,
            TableInput={
                "Name": plan.table,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
                "PartitionKeys": plan.partition_keys,
                "StorageDescriptor": FORMAT | {"Columns": plan.columns, "Location": plan.uri(plan.prefix)},
            },
        )
        found = glue.get_table(**name)
    table: dict[str, Any] = found["Table"]
    return table


def _check_keys(plan: Plan, table: dict[str, Any]) -> None:
    keys = [f"{key['Name']} {key['Type']}" for key in table.get("PartitionKeys", [])]
    wanted = [f"{key['Name']} {key['Type']}" for key in plan.partition_keys]
    if keys != wanted:
        raise SchemaRefused(
            f"Table {plan.database}.{plan.table} is refused: its partition keys are [{quoted(keys)}], "
            f"publish.mode {plan.mode.value!r} needs [{quoted(wanted)}]; keep the mode that the table was made with, "
            "or name another table."
        )


def _missing(plan: Plan, has: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Columns of the predictions that the table lacks; columns that only the table has stay, and read as NULL."""
    types = {column["Name"].lower(): _type(column) for column in has}
    other = [
        f"{column['Name']} is {types[column['Name'].lower()]} and predictions have {column['Type']}"
        for column in plan.columns
        if types.get(column["Name"].lower(), column["Type"]) != column["Type"]
    ]
    if other:
        raise SchemaRefused(
            f"Table {plan.database}.{plan.table} is refused, a column's type never changes: [{quoted(other, 20)}]; "
            "name another table, or drop this one."
        )
    return [column for column in plan.columns if column["Name"].lower() not in types]


def _type(column: dict[str, str]) -> str:
    kind = column["Type"].lower()
    return SAME_TYPE.get(kind, kind)


def find_history(plan: Plan, glue: Any) -> History | None:
    """Return the runs of the partition to publish; None when there is no such partition."""
    found = _find(plan, glue)
    return None if found is None else History.of(found)


def check_unchanged(plan: Plan, glue: Any, before: History | None) -> None:
    """Refuse to replace a run that was not there when this publish began."""
    _refuse_other(plan, find_history(plan, glue), before)


def point_partition(
    plan: Plan,
    glue: Any,
    columns: Sequence[dict[str, str]],
    run: Run,
    before: History | None,
    left: Sequence[str],
    clock: Callable[[], datetime],
) -> None:
    """Make the partition point to a run, in one call.

    Args:
        plan: the publish.
        glue: a client.
        columns: of the table.
        run: what was written.
        before: what was there when this publish began.
        left: locations that could not be removed before.
        clock: gives the time of the switch.

    Raises:
        AuditFailed: another publish came between.
    """
    for _ in range(ATTEMPTS):
        found = _find(plan, glue)
        now = None if found is None else History.of(found)
        if now is not None and now.current.location == run.location:
            return  # The answer to the call before got lost, and the client asked again.
        _refuse_other(plan, now, before)
        history = History(run) if now is None else now.followed_by(run, plan.keep_runs, clock(), left)
        partition = {
            "Values": plan.partition_values,
            "StorageDescriptor": FORMAT | {"Columns": list(columns), "Location": run.location},
            "Parameters": ((found or {}).get("Parameters") or {}) | history.as_parameters(),
        }
        try:
            if found is None:
                glue.create_partition(**plan.name, PartitionInput=partition)
            else:
                glue.update_partition(**plan.name, PartitionValueList=plan.partition_values, PartitionInput=partition)
            return
        except ClientError as error:
            # Created, dropped or changed between the look and the call: look again.
            if code_of(error) not in {EXISTS, MISSING, *RACES}:
                raise
    raise ScriptError(f"The partition of {plan.day} changes all the time: others work on the same day; try again.")


def _refuse_other(plan: Plan, now: History | None, before: History | None) -> None:
    if now is not None and (before is None or now.current.location != before.current.location):
        raise AuditFailed(
            f"Nothing is published: while this run was written, another one became that of {plan.day}, "
            f"{now.current.location}, which stays; run the step again to replace it."
        )


def _find(plan: Plan, glue: Any) -> dict[str, Any] | None:
    found = unless(MISSING, glue.get_partition, **plan.name, PartitionValues=plan.partition_values)
    return None if found is None else found["Partition"]


def unless(code: str, call: Any, **request: Any) -> Any:
    """Call, and return None instead of an error with this code."""
    try:
        return call(**request)
    except ClientError as error:
        if code_of(error) != code:
            raise
        return None


def code_of(error: ClientError) -> str:
    """Return the code by which a service names an error."""
    return str(error.response.get("Error", {}).get("Code", ""))

"""PREPARE, EXECUTE, DEALLOCATE PREPARE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sagemaker_local.athena.ddl.cursor import Cursor
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.statements import classify
from sagemaker_local.athena.text_results import done
from sagemaker_local.errors import ResourceNotFoundException
from sagemaker_local.records.work_group import PreparedStatement

_PREPARABLE = {"SELECT", "INSERT", "CREATE_TABLE_AS_SELECT", "UNLOAD"}


@dataclass(frozen=True, slots=True)
class Call:
    """`EXECUTE name USING 1, 'a'`."""

    name: str
    arguments: Sequence[str]


def check_preparable(sql: str) -> None:
    """Refuse what cannot be prepared.

    Raises:
        QueryError: it is no SELECT, INSERT INTO, CREATE TABLE AS or UNLOAD.
    """
    kind = classify(sql)
    if kind is None or kind.substatement not in _PREPARABLE:
        raise QueryError(
            "NOT_SUPPORTED", "A prepared statement is a SELECT, INSERT INTO, CREATE TABLE AS or UNLOAD; this is none."
        )


def plan_prepare(sql: str) -> Action:
    """Read PREPARE name FROM statement."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("PREPARE")
    name = cursor.name()
    cursor.expect("FROM")
    statement = sql[cursor.offset :].rstrip().removesuffix(";").rstrip()
    check_preparable(statement)

    def run(execution: Execution) -> Outcome:
        prepared, group = execution.resources.prepared, execution.query.work_group
        prepared.put(PreparedStatement(name, group, statement, None, datetime.now(UTC)))
        return done(execution)

    return run


def plan_deallocate(sql: str) -> Action:
    """Read DEALLOCATE PREPARE name."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("DEALLOCATE", "PREPARE")
    name = cursor.name()
    cursor.end()

    def run(execution: Execution) -> Outcome:
        try:
            execution.resources.prepared.delete(execution.query.work_group, name)
        except ResourceNotFoundException as error:
            raise QueryError("NOT_FOUND", error.message) from error
        return done(execution)

    return run


def read_execute(sql: str) -> Call:
    """Read EXECUTE name [USING constant, ...].

    Raises:
        QueryError: it is malformed.
    """
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("EXECUTE")
    name = cursor.name()
    arguments: list[str] = []
    if cursor.accept("USING"):
        arguments.append(cursor.raw_until(","))
        while cursor.accept(","):
            arguments.append(cursor.raw_until(","))
    cursor.end()
    return Call(name, arguments)

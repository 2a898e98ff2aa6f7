"""Find the published prediction of one customer."""

from __future__ import annotations

from dataclasses import dataclass

from cli import athena, sql
from cli.context import Context
from cli.errors import CommandError

_DAYS = 10
"""So many days are named in a message."""


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One row of the predictions table."""

    id: str
    day: str
    prediction: str
    """As Athena prints it: every digit of the double."""
    probability: str | None
    model_package_arn: str
    execution: str


def find(context: Context, customer: str, day: str | None, table: str | None) -> PublishedRow:
    """Give the row of a customer, of the newest day that has one unless a day is named.

    Raises:
        CommandError: there is none; with the days that have been published.
    """
    name = sql.table(table or context.config.athena_output_table, context.config.athena_database)
    where = f"{sql.identifier(context.config.dataset.id_column)} = {sql.text(customer)}"
    result = athena.run(
        context,
        "SELECT dt, prediction, prediction_probability, model_package_arn, execution_id "
        f"FROM {name} WHERE {where}{'' if day is None else f' AND dt = {sql.text(day)}'} "
        "ORDER BY dt DESC, prediction_timestamp DESC LIMIT 1",
    )
    if not result.rows:
        raise CommandError(_absence(context, name, where, customer, day))
    found_day, prediction, probability, model, execution = result.rows[0]
    return PublishedRow(customer, str(found_day), str(prediction), probability, str(model), str(execution))


def _absence(context: Context, name: str, where: str, customer: str, day: str | None) -> str:
    shown = name.replace('"', "")
    if day is not None:
        own = _days(context, f"SELECT DISTINCT dt FROM {name} WHERE {where} ORDER BY dt DESC")
        if own:
            return f"{customer!r} has no prediction of {day} in {shown}; it has some of: {_listed(own)}."
    days = _days(context, f"SELECT DISTINCT dt FROM {name} ORDER BY dt DESC")
    if not days:
        return f"{shown} has no published days yet: start a pipeline that publishes."
    return (
        f"{customer!r} has no prediction in {shown}. Published are: {_listed(days)}. Look for the id with "
        f"`python pipeline.py query{context.options_text} \"SELECT * FROM {shown} WHERE dt = '{days[0]}' LIMIT 10\"`."
    )


def _days(context: Context, statement: str) -> list[str]:
    return [str(row[0]) for row in athena.run(context, statement).rows]


def _listed(days: list[str]) -> str:
    more = f" and {len(days) - _DAYS} earlier ones" if len(days) > _DAYS else ""
    return ", ".join(days[:_DAYS]) + more

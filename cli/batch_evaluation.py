"""How good a scored batch was: the evaluation that a step wrote, as one line and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from cli import s3_objects
from cli.context import Context
from cli.executions import job_outputs

IF_LABELLED, PUBLISHED = "EvaluateIfLabelled", "EvaluatePublished"
"""The steps that measure a batch: when its rows have labels, and when labels come after it was published."""
DOCUMENT, REPORT = "evaluation.json", "report.html"
_OUTPUT = "evaluation"
_METRICS = ("roc_auc", "accuracy", "precision", "recall", "f1_score", "rmse", "mae", "r2")
_COUNTS = {
    "rows": "scored rows",
    "labelled_rows": "labelled rows",
    "unlabelled_rows": "rows without a label",
    "unknown_labels": "labels of ids that were not scored",
    "empty_labels": "label rows without a label",
}


def say_how_good(context: Context, steps: Sequence[Mapping[str, Any]]) -> None:
    """Tell, after an execution that succeeded, what its batch's labels said of it, or why they said nothing."""
    step = find_step(steps, IF_LABELLED)
    if step is None:
        return
    try:
        line = line_of(read(context, step))
    except Exception as error:  # noqa: BLE001  # the execution succeeded, whatever becomes of a line about it
        line = f"The batch's evaluation cannot be read: {error}"
    context.console.print(line, markup=False)


def find_step(steps: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The step of that name, when it has succeeded."""
    return next((step for step in steps if step["StepName"] == name and step["StepStatus"] == "Succeeded"), None)


def folder_of(context: Context, step: Mapping[str, Any]) -> str:
    """Where a step's job put the evaluation."""
    return job_outputs.address_of(context, step, _OUTPUT)


def read(context: Context, step: Mapping[str, Any]) -> dict[str, Any]:
    """The document that a step's job wrote."""
    document: dict[str, Any] = json.loads(s3_objects.read(context, f"{folder_of(context, step)}/{DOCUMENT}"))
    return document


def line_of(document: Mapping[str, Any]) -> str:
    """`The batch: roc_auc 0.842, accuracy 0.771 on 4,800 of 5,000 rows.`, or `Not evaluated: ...`."""
    if not document["evaluated"]:
        return f"Not evaluated: {document['reason']}"
    metrics = ", ".join(f"{name} {value}" for name, value in _metrics(document))
    return f"The batch: {metrics} on {document['labelled_rows']:,} of {document['rows']:,} rows."


def table_of(document: Mapping[str, Any]) -> Table:
    """Metrics, counts, and where the rows come from."""
    rows = [
        *_metrics(document),
        *((text, f"{document[name]:,}") for name, text in _COUNTS.items() if document.get(name) is not None),
        ("model version", document["model_package_arn"]),
        ("execution", document["execution_id"]),
    ]
    table = Table("", "value", title=f"Evaluation of {document['day']}")
    for name, value in rows:
        table.add_row(name, Text(str(value)))
    return table


def _metrics(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _METRICS:
        if name in document:
            value = document[name]
            yield name, f"none ({document[f'{name}_reason']})" if value is None else f"{value:.4f}"

"""Measures a scored batch by its labels, and writes evaluation.json and report.html.

Its bundle: evaluate_batch.py, batch_curves.py, batch_labels.py, batch_metrics.py, evaluation_charts.py,
evaluation_page.py, label_join.py, markup.py, publish_day.py, publish_history.py, published_rows.py, raw_labels.py,
raw_rows.py, scored_rows.py, svg_plot.py, dataset_schema.py.

Two ways in: a batch that has just been scored, with the labels that its own rows had (--predictions, --labels), or a
day that was published, with labels that came later (--table, --raw-labels).
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import batch_curves
import boto3
import evaluation_charts as charts
import evaluation_page as page
from batch_labels import Labels, read_prepared
from batch_metrics import Metrics, classification, regression
from botocore.exceptions import BotoCoreError, ClientError
from dataset_schema import DataRefused, Schema, SchemaRefused, ScriptError, exit_code, new_parser, quoted, say
from label_join import LabelledRows, join
from publish_day import day_of
from published_rows import PublishedDay
from raw_labels import read_raw
from scored_rows import SUFFIX, read_transformed

PROCESSING = Path("/opt/ml/processing")
RESULT, REPORT = "evaluation.json", "report.html"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is written."""

    document: dict[str, Any]
    report: str


def evaluate_transformed(predictions: Path, labels: Path, schema: Schema, facts: page.Facts) -> Evaluation:
    """Measure what a transform job answered by the labels that the batch's rows had, when they had some."""
    joined = join(Labels.collect(read_prepared(labels, schema)), [read_transformed(predictions, schema)])
    if not len(joined):
        return _not_evaluated(facts, joined.rows, f"none of the {joined.rows} rows has a label ({schema.target}).")
    return _evaluated(schema, facts, joined)


def evaluate_published(published: PublishedDay, raw_labels: Path) -> Evaluation:
    """Measure a day's published rows by labels that came later.

    Raises:
        DataRefused: the day is not published, or none of its rows has a label.
    """
    schema = published.schema
    joined = join(Labels.collect(read_raw(raw_labels, schema)), published.runs())
    if not len(joined):
        raise DataRefused(
            f"The label files have no label: {joined.empty} rows have an id and an empty {schema.target!r}; "
            "give labels for rows that were published."
        )
    facts = page.Facts(
        target=schema.target,
        model_package_arn=", ".join(published.models) or "unknown",
        execution_id=", ".join(published.executions) or "unknown",
        day=published.day.isoformat(),
    )
    return _evaluated(schema, facts, joined)


def _not_evaluated(facts: page.Facts, rows: int, reason: str) -> Evaluation:
    document = {"evaluated": False, "reason": reason, "rows": rows, "labelled_rows": 0, **_origin(facts)}
    say(f"Not evaluated: {reason}")
    return Evaluation(document, page.not_evaluated(facts, {"Scored rows": f"{rows:,}", "Labelled rows": "0"}, reason))


def _evaluated(schema: Schema, facts: page.Facts, joined: LabelledRows) -> Evaluation:
    metrics = (
        regression(joined.labels, joined.predictions)
        if schema.is_regression
        else classification(joined.labels, joined.predictions, joined.probabilities)
    )
    counts = {
        "rows": joined.rows,
        "labelled_rows": len(joined),
        "unlabelled_rows": joined.rows - len(joined),
        "unknown_labels": joined.unknown,
        "empty_labels": joined.empty,
    }
    reasons = {f"{name}_reason": reason for name, reason in metrics.reasons.items()}
    document = {"evaluated": True, **metrics.values, **reasons, **counts, **_origin(facts)}
    figures = _regression_figures(schema, joined) if schema.is_regression else _class_figures(schema, joined, metrics)
    notes = _notes(schema, joined, metrics)
    for note in notes:
        say(note)
    shown = ", ".join(f"{name} {'none' if value is None else f'{value:.4f}'}" for name, value in metrics.values.items())
    say(f"Evaluated {len(joined)} of {joined.rows} rows: {shown}.")
    return Evaluation(document, page.evaluated(facts, _counted(schema, joined), metrics.values, notes, figures))


def _origin(facts: page.Facts) -> dict[str, str]:
    return {"model_package_arn": facts.model_package_arn, "execution_id": facts.execution_id, "day": facts.day}


def _counted(schema: Schema, joined: LabelledRows) -> dict[str, str]:
    counted = {"Scored rows": f"{joined.rows:,}", "Labelled rows": f"{len(joined):,}"}
    if schema.classes is None:
        return counted
    positive = int(joined.labels.sum())
    return counted | {f"Labelled {schema.classes[1]!r}": f"{positive:,} ({positive / len(joined):.1%})"}


def _notes(schema: Schema, joined: LabelledRows, metrics: Metrics) -> list[str]:
    """Say what was left out, and why a value is missing."""
    notes = [f"{page.METRIC_NAMES[name]} has no value: {reason}." for name, reason in metrics.reasons.items()]
    if metrics.values.get("roc_auc", 0.0) is None:
        notes.append("For the same reason there are no curves of ROC, precision and recall, gains and lift.")
    notes += metrics.notes
    if joined.rows > len(joined):
        notes.append(f"{joined.rows - len(joined):,} scored rows have no label: they are in none of the values.")
    if joined.unknown:
        more = " and more" if joined.unknown > len(joined.unknown_ids) else ""
        notes.append(
            f"{joined.unknown:,} labels are of ids that were not scored, and were left out: "
            f"{quoted(joined.unknown_ids)}{more}."
        )
    if joined.empty:
        notes.append(f"{joined.empty:,} rows of the label files have an id and no {schema.target}.")
    return notes


def _class_figures(schema: Schema, joined: LabelledRows, metrics: Metrics) -> list[charts.Figure]:
    classes = schema.classes or ("0", "1")
    auc = metrics.values["roc_auc"]
    figures = [
        charts.calibration(batch_curves.calibration(joined.labels, joined.probabilities)),
        charts.confusion_matrix(batch_curves.confusion(joined.labels, joined.predictions), classes),
    ]
    if auc is None:  # Of one class there is no curve.
        return figures
    curves = batch_curves.rank(joined.labels, joined.probabilities)
    return [
        charts.roc(curves, auc),
        charts.precision_recall(curves),
        *figures,
        charts.gains(curves),
        charts.lift(curves),
    ]


def _regression_figures(schema: Schema, joined: LabelledRows) -> list[charts.Figure]:
    curves, rows = batch_curves.residuals(joined.labels, joined.predictions), len(joined)
    return [
        charts.predicted_against_actual(curves, schema.target, rows),
        charts.residual_histogram(curves),
        charts.residuals_against_predictions(curves, schema.target, rows),
    ]


def write(evaluation: Evaluation, folder: Path) -> None:
    """Write evaluation.json and report.html."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evaluation.document, indent=2, allow_nan=False)
    (folder / RESULT).write_text(f"{text}\n", encoding="utf-8")
    (folder / REPORT).write_text(evaluation.report, encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        schema = Schema.load(given.schema)
        day = day_of(given.day, given.execution_started, datetime.now(UTC), option="--day")
        if given.table is not None:
            write(_evaluate_late(given, schema, day), given.output)
            return
        facts = page.Facts(schema.target, given.model_package_arn, given.execution_id, day.isoformat())
        write(evaluate_transformed(given.predictions, given.labels, schema, facts), given.output)

    return exit_code(work)


def _evaluate_late(given: argparse.Namespace, schema: Schema, day: date) -> Evaluation:
    database, _, table = given.table.partition(".")
    if not database or not table:
        raise SchemaRefused(f"--table {given.table!r} is refused: write DATABASE.TABLE.")
    region = given.region or os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION only
    try:
        s3, glue = (boto3.client(service, region_name=region) for service in ("s3", "glue"))
        return evaluate_published(PublishedDay(s3, glue, database, table, day, schema), given.raw_labels)
    except (ClientError, BotoCoreError) as error:
        raise ScriptError(f"AWS refused: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    inputs = PROCESSING / "input"
    parser.add_argument(
        "--predictions", type=Path, default=inputs / "predictions", help=f"*{SUFFIX}: Parquet, or CSV without a header"
    )
    parser.add_argument("--labels", type=Path, default=inputs / "labels", help="Parquet of the batch's id and target")
    parser.add_argument("--schema", type=Path, default=inputs / "schema/schema.json", help="the columns")
    parser.add_argument(
        "--output", type=Path, default=PROCESSING / "output/evaluation", help=f"for {RESULT} and {REPORT}"
    )
    parser.add_argument("--model-package-arn", default="unknown", help="the model that scored; a published row says it")
    parser.add_argument("--execution-id", default="unknown", help="the execution; a published row says it")
    parser.add_argument("--day", default="today", help="YYYY-MM-DD, or today: the execution's first day")
    parser.add_argument("--execution-started", default="", help="when the execution started")
    parser.add_argument("--table", metavar="DATABASE.TABLE", help="measure what is published there on --day instead")
    parser.add_argument("--raw-labels", type=Path, default=inputs / "raw-labels", help="CSV or Parquet, for --table")
    parser.add_argument("--region", help="of the clients; else AWS_REGION")
    return parser


if __name__ == "__main__":
    sys.exit(main())

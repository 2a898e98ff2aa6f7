"""`explain`: why a customer got its score."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Column, Table
from rich.text import Text

from cli import batch_row, published_row, s3_objects
from cli.context import Context
from cli.day import parse_day
from cli.errors import CommandError, UnknownExecution
from cli.executions import history, job_logs
from cli.published_row import PublishedRow
from cli.registry import model_packages

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts/explain_prediction.py"
_TOP = 10


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser(
        "explain", parents=[shared], help="score a customer again and show what moved the score"
    )
    command.add_argument("customer", metavar="CUSTOMER_ID", help="the id, as the table has it")
    command.add_argument("--day", metavar="DAY", help="YYYY-MM-DD (the newest day that has the customer)")
    command.add_argument("--table", metavar="TABLE", help="another table of predictions: TABLE or DATABASE.TABLE")
    command.add_argument("--top", type=int, default=_TOP, metavar="N", help=f"so many features ({_TOP})")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=explain)


def explain(context: Context, options: argparse.Namespace) -> None:
    """Find the row, its model and its input; score it again; print what moved it.

    Raises:
        CommandError: also when the score is not the published one.
    """
    _check(options)
    row = published_row.find(context, options.customer, options.day, options.table)
    document = _described(row, _scored_again(context, row), options.top)
    if options.json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _print(context, document)


def _check(options: argparse.Namespace) -> None:
    if options.top < 1:
        raise CommandError(f"--top {options.top} is refused: show at least 1 feature.")
    if options.day is not None:
        parse_day(options.day, "--day")


def _scored_again(context: Context, row: PublishedRow) -> dict[str, Any]:
    job = _transform_job(context, row)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, archive, result = folder / "row", folder / "model.tar.gz", folder / "explanation.json"
        kind = batch_row.fetch(context.client("s3"), job, context.config.dataset.id_column, row.id, data)
        _download(context, row, archive)
        words = [sys.executable, str(_SCRIPT), "--archive", str(archive), "--row", str(data), "--content-type", kind]
        words += [f"--id={row.id}", f"--prediction={row.prediction}", "--output", str(result)]
        words += [] if row.probability is None else [f"--probability={row.probability}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandError(_last_words(done.stderr, row))
        document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return document


def _transform_job(context: Context, row: PublishedRow) -> dict[str, Any]:
    """What scored the row."""
    try:
        arn = history.find_execution(context, row.execution)
    except UnknownExecution as error:
        raise CommandError(
            f"the prediction of {row.id!r} for {row.day} comes from execution {row.execution}, which is not in the "
            "history of this configuration's pipelines: it was deleted with its pipeline, or --config names another."
        ) from error
    client = context.client("sagemaker")
    jobs = [step["Metadata"]["TransformJob"]["Arn"] for step in history.steps(client, arn) if _has_job(step)]
    if not jobs:
        raise CommandError(f"execution {row.execution} has no step with a transform job: it did not score {row.id!r}.")
    name = job_logs.job_name(client, "TransformJob", jobs[-1])
    job: dict[str, Any] = client.describe_transform_job(TransformJobName=name)
    return job


def _has_job(step: Mapping[str, Any]) -> bool:
    return "TransformJob" in step.get("Metadata", {})


def _download(context: Context, row: PublishedRow, archive: Path) -> None:
    package = context.client("sagemaker").describe_model_package(ModelPackageName=row.model_package_arn)
    address = model_packages.artifact_uri(package)
    if not address or s3_objects.is_there(context, address) is False:
        raise CommandError(
            f"the row cannot be scored again: the artifact of {row.model_package_arn} is not in S3 any more "
            f"({address or 'it names none'}). Put it back, and ask again."
        )
    context.client("s3").download_file(*s3_objects.split(address), str(archive))


def _last_words(text: str, row: PublishedRow) -> str:
    """The script's own error, or all of a traceback."""
    lines = text.strip().splitlines() or ["it gave no reason"]
    said = lines[-1].removeprefix("Error: ") if lines[-1].startswith("Error: ") else text.strip()
    return f"{said}\nThe row is of {row.day}, execution {row.execution}, model {row.model_package_arn}."


def _described(row: PublishedRow, explained: Mapping[str, Any], top: int) -> dict[str, Any]:
    """The document of --json."""
    features = explained["features"]
    return {
        **explained,
        "day": row.day,
        "execution_id": row.execution,
        "model_package_arn": row.model_package_arn,
        "is_published_score": True,  # anything else has ended the command
        "features": features[:top],
        "other_features": {
            "count": len(features[top:]),
            "contribution": sum(feature["contribution"] for feature in features[top:]),
        },
    }


def _print(context: Context, document: Mapping[str, Any]) -> None:
    say, version = context.console.print, document["model_package_arn"].rpartition("/")[2]
    say(f"{document['id']}, {document['day']}: {_prediction(document)}", markup=False)
    say(
        f"Scored by version {version} in execution {document['execution_id']}. Scored again now, by the code in that "
        "version's archive: exactly the same.",
        markup=False,
    )
    say(_table(document))
    base, margin = (_with_probability(document, document[name]) for name in ("base_value", "margin"))
    say(f"Without any feature: {base}. With all contributions: {margin}.", markup=False)


def _table(document: Mapping[str, Any]) -> Table:
    table = Table("feature", "value", Column(Text(document["unit"])), "direction")
    for feature in document["features"]:
        value = "" if feature["value"] is None else str(feature["value"])
        note = f"({feature['note']})" if feature["note"] else ""
        table.add_row(
            Text(feature["name"]),
            Text(f"{value} {note}".strip()),
            f"{feature['contribution']:+.4f}",
            feature["direction"],
        )
    others = document["other_features"]
    if others["count"]:
        table.add_row(f"{others['count']} others", "", f"{others['contribution']:+.4f}", "")
    return table


def _with_probability(document: Mapping[str, Any], value: float) -> str:
    if document["classes"] is None:
        return f"{value:.4f}"
    probability = 0.5 * (1.0 + math.tanh(value / 2))  # the logistic function, for odds of any size
    return f"{value:.4f} (probability {probability:.4f})"


def _prediction(document: Mapping[str, Any]) -> str:
    if document["classes"] is None:
        return f"{document['target']} {document['prediction']:g}"
    name = document["classes"][document["prediction"]]
    return f"{document['target']} {name}, probability {document['prediction_probability']:.4f}"

"""`make demo`: the main job on this machine, from generated customers to a queried table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from cli import athena, s3_objects
from cli.commands import data, definitions
from cli.commands.query import as_table
from cli.context import Context
from cli.executions import follow, history
from cli.executions.dag import predecessors, triggers
from cli.executions.start import start_execution
from cli.main import call
from cli.registry import model_packages

_ROWS = 5_000
_SEED = 42
_GENERATOR = Path("scripts/generate_customers.py")
_METRICS = ("auc", "accuracy", "precision", "recall", "f1")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration and return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--rows", type=int, default=_ROWS, help="how many customers to generate (5000)")
    parser.set_defaults(config=None, local=True)
    return call(run, parser.parse_args(argv))


def run(context: Context, options: argparse.Namespace) -> int:
    """Generate, upload, run, show."""
    begin = time.monotonic()
    _heading(context, f"1. {options.rows:,} synthetic customers")
    _generate(context, options.rows)
    for heading, pipeline in (
        ("2. Into the Feature Store", "feature-ingestion"),
        ("3. The pipeline, out of the Feature Store through Athena", "end-to-end"),
    ):
        _heading(context, heading)
        definitions.deploy(context, pipeline)
        arn = start_execution(context, pipeline, {})
        exit_code = follow.to_the_end(context, arn)
        if exit_code:
            return exit_code
    _heading(context, "4. What waited for what")
    context.console.print(_dag_table(context, arn))
    _heading(context, "5. The model")
    _show_model(context)
    _heading(context, "6. The table")
    _show_predictions(context)
    context.console.print(f"\nDone in {time.monotonic() - begin:.1f} s. {_next_steps(context, arn)}", highlight=False)
    return 0


def _heading(context: Context, text: str) -> None:
    context.console.print(f"\n[bold]{text}[/bold]")


def _generate(context: Context, rows: int) -> None:
    """Run the generator as anyone would and put its file where the pipeline reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.parquet"
        subprocess.run(
            [sys.executable, str(_GENERATOR), "--rows", str(rows), "--seed", str(_SEED), "--output", str(path)],
            check=True,
        )
        _ = context.session  # starts the endpoint and makes the bucket
        context.console.print(f"uploaded to {data.put(context, path, context.config.input_uri)}")


def _dag_table(context: Context, arn: str) -> Table:
    client = context.client("sagemaker")
    definition = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)["PipelineDefinition"]
    times = {step["StepName"]: step for step in history.steps(client, arn)}
    table = Table("step", "waits for", "starts at", "took")
    first = min(step["StartTime"] for step in times.values())
    for name, before in predecessors(definition).items():
        step = times.get(name)
        if step is None and name in triggers(definition):
            continue  # What it waits for, such as a failure, has not happened.
        if step is None:
            table.add_row(name, ", ".join(before), "", "not reached")
            continue
        offset = (step["StartTime"] - first).total_seconds()
        took = (step["EndTime"] - step["StartTime"]).total_seconds()
        table.add_row(name, ", ".join(before), f"{offset:.1f} s", f"{took:.1f} s")
    return table


def _show_model(context: Context) -> None:
    package = model_packages.describe(context, model_packages.versions(context)[0])
    metrics = _metrics(context, package)
    context.console.print(
        f"Version {package['ModelPackageVersion']} of {package['ModelPackageGroupName']} is "
        f"{package['ModelApprovalStatus']}. On the test split: "
        + ", ".join(f"{name} {metrics[name]['value']:.3f}" for name in _METRICS if name in metrics)
        + "."
    )


def _metrics(context: Context, package: dict[str, Any]) -> dict[str, Any]:
    report = s3_objects.read(context, package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"])
    metrics: dict[str, Any] = json.loads(report)["binary_classification_metrics"]
    return metrics


def _show_predictions(context: Context) -> None:
    table = context.config.athena_output_table
    counts = (
        "SELECT prediction, count(*) AS customers, avg(prediction_probability) AS mean_probability "
        f"FROM {table} GROUP BY prediction ORDER BY prediction"
    )
    first = (
        "SELECT customer_id, prediction, prediction_probability, dt "
        f"FROM {table} ORDER BY prediction_probability DESC, customer_id LIMIT 5"
    )
    for sql in (counts, first):
        context.console.print(f"[dim]{sql}[/dim]")
        context.console.print(as_table(athena.run(context, sql), max_rows=10))


def _next_steps(context: Context, arn: str) -> str:
    table = context.config.athena_output_table
    execution = history.execution_id(arn)
    return "\n".join(
        (
            "Try next (python is .venv/bin/python):",
            f'  python pipeline.py query --local "SELECT count(*) FROM {table}"',
            f"  python pipeline.py logs --local {execution} Train",
            "  python pipeline.py models --local",
            "  python pipeline.py explain CUST_004000 --local             # why this customer has this score",
            "  python execute_pipeline.py --local                         # the daily scoring, with this version",
            "  python execute_pipeline.py training --local --param MetricThreshold=0.99   # the gate says no",
            "  make local-down                                            # the state stays",
        )
    )


if __name__ == "__main__":
    sys.exit(main())

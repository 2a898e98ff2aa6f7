"""SELECT: its rows in a CSV file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.result_file import metadata, write_csv
from sagemaker_local.athena.syntax import parse
from sagemaker_local.records.s3_uri import S3Uri


def plan_select(sql: str) -> Action:
    """Read a SELECT; running it stores its result."""
    tree = parse(sql)

    def run(execution: Execution) -> Outcome:
        with (
            execution.reading(lambda: execution.translated(sql, bind(tree, execution.query.parameters))) as reading,
            tempfile.TemporaryDirectory(prefix="athena-") as folder,
        ):
            path = Path(folder) / "result.csv"
            rows = write_csv(path, reading.columns, reading.batches)
            execution.check_not_stopped()
            target, objects = S3Uri.parse(execution.query.output_location), execution.resources.objects
            described = metadata(execution.query.query_id, reading.described)
            objects.put(target.bucket, f"{target.key}.metadata", described, "binary/octet-stream")
            objects.put_file(target.bucket, target.key, path, "application/octet-stream")
        return Outcome(reading.described, rows, reading.scanned_bytes, reading.planning_milliseconds)

    return run

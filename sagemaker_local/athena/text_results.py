"""Results of statements that are no queries: lines of text in a .txt file."""

from __future__ import annotations

from collections.abc import Sequence

from sagemaker_local.athena.execution import Execution, Outcome
from sagemaker_local.athena.result_file import metadata
from sagemaker_local.records.query import ResultColumn
from sagemaker_local.records.s3_uri import S3Uri

_WIDTH = 20


def store_lines(execution: Execution, columns: Sequence[str], lines: Sequence[str]) -> Outcome:
    """Write the lines, whose columns are separated by tabs; no header."""
    described = tuple(ResultColumn(name, "string", 0) for name in columns)
    target, objects = S3Uri.parse(execution.query.output_location), execution.resources.objects
    execution.check_not_stopped()
    content = metadata(execution.query.query_id, described)
    objects.put(target.bucket, f"{target.key}.metadata", content, "binary/octet-stream")
    body = "".join(f"{line}\n" for line in lines).encode()
    objects.put(target.bucket, target.key, body, "text/plain")
    return Outcome(columns=described, rows=len(lines))


def done(execution: Execution) -> Outcome:
    """The result of a statement that answers nothing: an empty file."""
    return store_lines(execution, (), ())


def padded(*cells: str) -> str:
    """A line as DESCRIBE writes it: each cell 20 characters wide, tabs between."""
    return "\t".join(cell.ljust(_WIDTH) for cell in cells)

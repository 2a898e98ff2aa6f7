"""How an uploaded CSV file is scored."""

from __future__ import annotations

from pydantic import Field, field_validator

from pipelines.config.aws_names import InstanceType, KeyPrefix, TableName
from pipelines.config.section import Section

_OWN_FOLDERS = (
    *("athena_output", "athena_query_results", "code", "data", "errors", "evaluation", "feature_store", "models"),
    "predictions",
)
"""What the pipelines write below the project's prefix: an upload folder in one of them would start itself."""


class Upload(Section):
    """The pipeline upload-inference, which a file below input_prefix starts."""

    input_prefix: KeyPrefix = "batch-inference/input"
    """Below s3://<bucket>/<prefix>/: a CSV file that is put there is scored."""
    table: TableName | None = None
    """Left out: <athena_output_table>_uploads. Each execution is a partition dt, run: a day may have many uploads."""
    max_refused_share: float = Field(default=0.0, ge=0, le=1)
    """More bad rows than this, and nothing of the file is scored."""
    max_payload_mb: int | None = Field(default=None, ge=1, le=100)
    """Largest request; the lines of a file are shared among requests. Left out: 6, or what the concurrency allows."""
    instance_type: InstanceType | None = None
    """Of CheckUpload; left out: processing_instance_type."""
    max_runtime_seconds: int = Field(default=7200, ge=1, le=777600)

    @field_validator("input_prefix")
    @classmethod
    def _check_prefix(cls, value: str) -> str:
        if value.partition("/")[0] in _OWN_FOLDERS:
            raise ValueError(
                f"the pipelines write to {value.partition('/')[0]!r} themselves; allowed: a prefix that begins with "
                f"none of {', '.join(_OWN_FOLDERS)}"
            )
        return value

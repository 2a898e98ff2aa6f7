"""A batch: the rows that a transform job scores, and the labels of those that have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from pipelines.steps.processing import output_of

ROWS, LABELS = "batch", "labels"
OUTPUTS = (ROWS, LABELS)


@dataclass(frozen=True, slots=True)
class Batch:
    """Where both lie; references, which also make the edges to the step that writes them."""

    rows: Any
    """Parquet (one file a request) or CSV without a header: id, then features."""
    labels: Any
    """Parquet: id and target; a file without rows when nobody has a label."""

    @classmethod
    def of(cls, step: Any) -> Self:
        """Take it from a step with both outputs."""
        return cls(rows=output_of(step, ROWS), labels=output_of(step, LABELS))

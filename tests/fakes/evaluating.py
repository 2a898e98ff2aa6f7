"""What an evaluation needs: scored rows in files, labels in files, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scored_rows import ScoredRows

from tests.fakes.datasets import SMALL, write_rows

TEXTS: dict[str, Any] = SMALL | {"classes": ["stayed", "left"]}
LABELS = [0, 0, 0, 1, 1]
PROBABILITIES = [0.1, 0.6, 0.2, 0.9, 0.4]
IDS = ["A", "B", "C", "D", "E"]


def scored_rows(ids: Sequence[str], predictions: Sequence[float] | None = None) -> ScoredRows:
    """Rows of a run; of those without predictions, each has a probability of its own."""
    values = np.array(predictions if predictions is not None else np.linspace(0, 1, len(ids)), dtype=np.float64)
    return ScoredRows(pa.array(ids, pa.string()), (values >= 0.5).astype(np.float64), values)


def scores_table(ids: Sequence[Any], probabilities: Sequence[float | None], **columns: Any) -> pa.Table:
    """What a transform job answers; a keyword replaces a column."""
    types = {"customer_id": pa.string(), "prediction": pa.int32(), "prediction_probability": pa.float64()}
    said = [None if value is None else int(value >= 0.5) for value in probabilities]
    values = {"customer_id": list(ids), "prediction": said, "prediction_probability": list(probabilities)}
    return pa.table({name: pa.array(values[name], kind) for name, kind in types.items()} | columns)


def write_scores(folder: Path, table: pa.Table, number: int = 0) -> Path:
    """Write one file of a transform job's output."""
    return write_rows(folder / f"predictions/part-{number:05d}.parquet.out", table)


def write_labels(folder: Path, ids: Sequence[str], labels: Sequence[float | None], target: str = "churned") -> Path:
    """Write the labels folder as the batch's own step does."""
    kind = pa.int32() if target == "churned" else pa.float64()
    table = pa.table({"customer_id": pa.array(ids, pa.string()), target: pa.array(labels, kind)})
    return write_rows(folder / "labels/part-00000.parquet", table).parent

"""Small data sets for the scripts: schemas, rows, and files of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from generate_customers import CUSTOMER_FEATURES

CUSTOMERS: dict[str, Any] = {
    "version": 1,
    "problem_type": "binary_classification",
    "id_column": "customer_id",
    "id_format": "CUST_{:06d}",
    "event_time_column": "event_time",
    "target": "churned",
    "classes": [0, 1],
    "features": [{"name": name, "kind": kind} for name, kind in CUSTOMER_FEATURES.items()],
}
SMALL: dict[str, Any] = {
    "version": 1,
    "problem_type": "binary_classification",
    "id_column": "customer_id",
    "id_format": "CUST_{:06d}",
    "event_time_column": None,
    "target": "churned",
    "classes": [0, 1],
    "features": [{"name": "amount", "kind": "numeric"}, {"name": "plan", "kind": "categorical"}],
}
PRICES: dict[str, Any] = SMALL | {"problem_type": "regression", "classes": None, "target": "price"}

_SIZES = ("length", "diameter", "height", "whole_weight", "shucked_weight", "viscera_weight", "shell_weight")
ABALONES: dict[str, Any] = {
    "version": 1,
    "problem_type": "regression",
    "id_column": "abalone_id",
    "id_format": "ABALONE_{:06d}",
    "event_time_column": None,
    "target": "rings",
    "classes": None,
    "features": [*({"name": name, "kind": "numeric"} for name in _SIZES), {"name": "sex", "kind": "categorical"}],
    "csv_columns": ["sex", *_SIZES, "rings"],
}


def small_rows(count: int = 60, first: int = 1, **columns: Any) -> pa.Table:
    """Rows of SMALL; a keyword replaces a column."""
    numbers = range(first, first + count)
    plans = ["basic", "plus", None]
    defaults: dict[str, list[Any]] = {
        "customer_id": [f"CUST_{number:06d}" for number in numbers],
        "amount": [None if number % 7 == 0 else number * 0.5 for number in numbers],
        "plan": [plans[number % 3] for number in numbers],
        "churned": [int(number * 7 % 10 < 4) for number in numbers],
    }
    return pa.table(defaults | columns)


def price_rows(count: int = 60) -> pa.Table:
    """Rows of PRICES."""
    rows = small_rows(count).drop_columns("churned")
    return rows.append_column("price", pa.array([10.0 + number % 5 for number in range(count)]))


def abalone_rows(count: int = 300) -> pa.Table:
    """Invented shells with the columns of ABALONES' files, in order; no ids.

    As with the real ones, a shell grows with its rings, ever more slowly, and the young are of no sex (I).
    """
    draws = np.random.default_rng(count)
    rings = draws.integers(1, 25, count)
    length = 0.8 * (1 - np.exp(-rings / 6)) * draws.uniform(0.9, 1.1, count)
    weight = 5 * length**3 * draws.uniform(0.9, 1.1, count)
    shares = {"whole": 1.0, "shucked": 0.43, "viscera": 0.22, "shell": 0.29}
    columns = {
        "sex": np.where(rings < 7, "I", np.where(draws.random(count) < 0.5, "M", "F")).tolist(),
        "length": length.round(3),
        "diameter": (0.78 * length).round(3),
        "height": (0.27 * length).round(3),
        **{f"{part}_weight": (share * weight).round(4) for part, share in shares.items()},
        "rings": rings,
    }
    return pa.table(columns)


def write_headerless(path: Path, rows: pa.Table) -> Path:
    """Write rows as CSV without a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pa.csv.write_csv(rows, path, pa.csv.WriteOptions(include_header=False, quoting_style="needed"))
    return path


def write_schema(folder: Path, document: dict[str, Any]) -> Path:
    """Write schema.json and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "schema.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_rows(path: Path, rows: pa.Table) -> Path:
    """Write rows as the path's suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        pa.csv.write_csv(rows, path, pa.csv.WriteOptions(quoting_style="needed"))
    else:
        pq.write_table(rows, path)
    return path


def read_parts(folder: Path) -> pa.Table:
    """Every row of a folder's files, in order."""
    return pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(folder.glob("*.parquet"))])

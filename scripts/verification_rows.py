"""Five raw rows with the training's own predictions, which travel in model.tar.gz to be scored again from there.

Its bundle: verification_rows.py, signature.py, dataset_schema.py.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xgboost as xgb
from dataset_schema import Kind, ModelRefused, find_files, hash_ids
from id_shares import shares
from signature import Signature

FILE_NAME = "verification.json"
ROWS, ROWS_WITH_GAPS = 5, 2
"""So many rows, and so many of them with missing values, when there are any."""


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A row before the signature is applied, and what the model in the training's memory said of it."""

    id: str
    features: Mapping[str, float | str | None]
    """In the signature's order; a missing value is None."""
    prediction: float
    prediction_probability: float | None
    """None for a regression."""


@dataclass(frozen=True, slots=True)
class VerificationRows:
    """What verification.json holds."""

    id_column: str
    kinds: Mapping[str, Kind]
    """Of each feature, in the signature's order."""
    rows: tuple[ScoredRow, ...]

    @classmethod
    def scored(cls, booster: Any, signature: Signature, folder: Path, threshold: float) -> Self:
        """Choose rows of a split, the same ones each time, and score them with the booster as it is in memory.

        Args:
            booster: as training left it, neither saved nor loaded.
            signature: the one that it learned with.
            folder: of a split that preprocess.py wrote.
            threshold: least probability of the positive class.
        """
        table = choose(signature, folder)
        values = [float(value) for value in booster.predict(xgb.DMatrix(signature.apply(table).matrix))]
        rows = [
            ScoredRow(
                id=row.pop(signature.id_column),
                features=row,
                prediction=value if signature.is_regression else float(value >= threshold),
                prediction_probability=None if signature.is_regression else value,
            )
            for row, value in zip(table.to_pylist(), values, strict=True)
        ]
        return cls(signature.id_column, _kinds(signature), tuple(rows))

    def save(self, folder: Path) -> None:
        """Write verification.json into a folder."""
        text = json.dumps({"version": 1, **asdict(self)}, indent=2, ensure_ascii=False, allow_nan=False)
        (folder / FILE_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read verification.json from a folder.

        Raises:
            ModelRefused: it is not there, or not what `save` writes.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            raise ModelRefused(f"The archive has no {FILE_NAME}: is it one that train.py's job made? Train again.")
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["version"] != 1:
                raise ModelRefused(
                    f"{FILE_NAME} has version {document['version']!r}: this code reads version 1. Train again."
                )
            rows = tuple(ScoredRow(**row) for row in document["rows"])
            kinds = {name: Kind(kind) for name, kind in document["kinds"].items()}
            return cls(id_column=document["id_column"], kinds=kinds, rows=rows)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelRefused(f"{FILE_NAME} is not what train.py writes ({error!r}). Train again.") from error


def choose(signature: Signature, folder: Path) -> pa.Table:
    """Return the id and the features of a few rows: the same ones in any order of the split, some with gaps.

    Numbers are float64 and categories are text, which is what every format of a request can hold.
    """
    types = pa.schema([(signature.id_column, pa.string()), *((n, _TYPES[k]) for n, k in _kinds(signature).items())])
    whole, gaps = types.empty_table(), types.empty_table()
    for path in find_files(folder, (".parquet",)):
        for batch in pq.ParquetFile(path).iter_batches():
            rows = _with_nulls(pa.Table.from_batches([batch]).select(types.names).cast(types))
            has_gap = _has_gap(rows)
            whole = _smallest(pa.concat_tables([whole, rows.filter(pc.invert(has_gap))]))
            gaps = _smallest(pa.concat_tables([gaps, rows.filter(has_gap)]))
    some = gaps.slice(0, ROWS_WITH_GAPS)
    # Where whole rows are too few, more of those with gaps.
    return pa.concat_tables([some, whole, gaps.slice(some.num_rows)]).slice(0, ROWS)


_TYPES = {Kind.NUMERIC: pa.float64(), Kind.CATEGORICAL: pa.string()}


def _kinds(signature: Signature) -> dict[str, Kind]:
    texts = set(signature.categorical_names)
    return {name: Kind.CATEGORICAL if name in texts else Kind.NUMERIC for name in signature.names}


def _with_nulls(rows: pa.Table) -> pa.Table:
    """Turn NaN and the empty text, which count as missing, into null."""
    for place, name in enumerate(rows.column_names[1:], start=1):
        column = rows.column(name)
        is_empty = pc.equal(column, "") if pa.types.is_string(column.type) else pc.is_nan(column)
        rows = rows.set_column(place, name, pc.if_else(is_empty, pa.scalar(None, column.type), column))
    return rows


def _has_gap(rows: pa.Table) -> pa.ChunkedArray:
    found = pc.is_null(rows.column(0))
    for column in rows.columns[1:]:
        found = pc.or_(found, pc.is_null(column))
    return found


def _smallest(rows: pa.Table) -> pa.Table:
    # Spread, because the hashes of neighbouring ids are neighbours.
    places = shares(hash_ids(rows.column(0).combine_chunks()), seed=0)
    return rows.take(np.argsort(places, kind="stable")[:ROWS])

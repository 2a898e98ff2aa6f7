"""Labels by id: collected and sorted by the ids' hashes, then found for scored rows; never by a row's position."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dataset_schema import DataRefused, Schema, check_columns, find_files, hash_ids, quoted
from raw_rows import READ_ROWS, Rows

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

NOT_FOUND = -1


@dataclass(frozen=True, slots=True)
class LabelRows:
    """Some rows of a label file."""

    ids: pa.Array
    """Text, without nulls."""
    values: Floats
    """1 for the positive class and 0 for the other, or a number; NaN where there is no label (yet)."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Every label, each id once."""

    ids: pa.Array
    values: Floats
    hashes: npt.NDArray[np.uint64]
    """Of the ids, sorted."""
    order: Positions
    """The label of each of the sorted hashes."""
    empty: int
    """Rows that had an id and no label."""

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def collect(cls, parts: Iterable[LabelRows]) -> Self:
        """Keep the rows that have a label: their text, and 24 bytes for each.

        Raises:
            DataRefused: ids that have more than one label, by name.
        """
        ids: list[pa.Array] = [pa.array([], pa.large_string())]
        values: list[Floats] = [np.empty(0)]
        empty = 0
        for rows in parts:
            known = ~np.isnan(rows.values)
            empty += int(len(known) - known.sum())
            ids.append(rows.ids.filter(pa.array(known)).cast(pa.large_string()))
            values.append(rows.values[known])
        every = pa.concat_arrays(ids)
        hashes = np.concatenate([np.empty(0, np.uint64), *map(hash_ids, ids)])
        order = np.argsort(hashes, kind="stable")
        labels = cls(every, np.concatenate(values), hashes[order], order, empty)
        labels._refuse_repeated()
        return labels

    def find(self, ids: pa.Array) -> Positions:
        """Return each id's place among the labels, NOT_FOUND where it has none.

        Two ids may share a hash: only the ids themselves tell.
        """
        wanted, texts = hash_ids(ids), ids.cast(pa.large_string())
        found = np.full(len(ids), NOT_FOUND, dtype=np.int64)
        places = np.searchsorted(self.hashes, wanted)
        left = np.arange(len(ids))
        while len(left):
            left = left[places[left] < len(self.hashes)]
            left = left[self.hashes[places[left]] == wanted[left]]
            candidates = self.order[places[left]]
            same = pc.equal(self.ids.take(pa.array(candidates)), texts.take(pa.array(left)))
            is_same = same.to_numpy(zero_copy_only=False)
            found[left[is_same]] = candidates[is_same]
            left = left[~is_same]
            places[left] += 1
        return found

    def examples(self, positions: Positions, limit: int = 5) -> list[str]:
        """Return the ids of the first of some labels."""
        names: list[str] = self.ids.take(pa.array(positions[:limit])).to_pylist()
        return names

    def _refuse_repeated(self) -> None:
        same = self.hashes[1:] == self.hashes[:-1]
        if not same.any():
            return
        suspects = np.unique(np.concatenate([self.order[1:][same], self.order[:-1][same]]))
        counts = pc.value_counts(self.ids.take(pa.array(suspects)))
        names = counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist()
        if names:
            raise DataRefused(
                f"{len(names)} ids have more than one label: {quoted(names)}; nobody knows which one is right, "
                "give each id once."
            )


def read_prepared(folder: Path, schema: Schema) -> Iterator[LabelRows]:
    """Read the labels that the batch's own step wrote: Parquet with id and target, maybe of no rows at all."""
    columns = (schema.id_column, schema.target)
    for path in find_files(folder, (".parquet",)):
        name, first = path.relative_to(folder).as_posix(), 1
        try:
            file = pq.ParquetFile(path)
            check_columns(file.schema_arrow.names, columns, f"File {name!r}")
            for batch in file.iter_batches(batch_size=READ_ROWS):
                yield _checked(Rows(name, first, batch, is_text=False), schema)
                first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise DataRefused(f"File {name!r} cannot be read: {error}; expected is Parquet.") from error


def _checked(rows: Rows, schema: Schema) -> LabelRows:
    ids = rows.batch.column(schema.id_column).cast(pa.string())
    rows.refuse_first(schema.id_column, ids.is_null().to_numpy(zero_copy_only=False), "an id on every row")
    values = rows.batch.column(schema.target).cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
    if schema.is_regression:
        rows.refuse_first(schema.target, np.isinf(values), "a finite number")
    else:
        rows.refuse_first(schema.target, ~(np.isin(values, (0.0, 1.0)) | np.isnan(values)), "0 or 1")
    return LabelRows(ids, values)

"""Joins labels to the runs of scored rows by id; where runs have an id in common, the newest one counts."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from batch_labels import NOT_FOUND, Labels
from dataset_schema import DataRefused, hash_ids, quoted
from scored_rows import ScoredRows

Floats = npt.NDArray[np.float64]

UNUSED = -1


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """The scored rows that have a label, and how many were left over on either side."""

    labels: Floats
    predictions: Floats
    probabilities: Floats
    rows: int
    """Scored ids, with and without a label."""
    unknown: int
    """Labels of ids that were not scored."""
    unknown_ids: tuple[str, ...]
    """The first of them."""
    empty: int
    """Ids in the label files without a label."""

    def __len__(self) -> int:
        return len(self.labels)


def join(labels: Labels, runs: Iterable[Iterable[ScoredRows]]) -> LabelledRows:
    """Find the label of each scored row.

    Args:
        labels: each id once.
        runs: the newest first; the same id in an older one is passed over.

    Raises:
        DataRefused: an id twice in one run, or not one label for a scored row.
    """
    run_of_label = np.full(len(labels), UNUSED, dtype=np.int16)
    found: list[tuple[Floats, Floats, Floats]] = [(np.empty(0), np.empty(0), np.empty(0))]
    hashes: list[npt.NDArray[np.uint64]] = []
    first_ids: list[str] = []
    for number, run in enumerate(runs):
        for rows in run:
            hashes.append(hash_ids(rows.ids))
            first_ids = first_ids or rows.ids[:5].to_pylist()
            places = labels.find(rows.ids)
            has_label = places != NOT_FOUND
            _refuse_repeated(labels, places[has_label], run_of_label, number)
            # An id that a newer run has, too, is known already.
            has_label[has_label] = run_of_label[places[has_label]] == UNUSED
            places = places[has_label]
            run_of_label[places] = number
            found.append((labels.values[places], rows.predictions[has_label], rows.probabilities[has_label]))
    unused = np.flatnonzero(run_of_label == UNUSED)
    values, predictions, probabilities = (np.concatenate(column) for column in zip(*found, strict=True))
    joined = LabelledRows(
        labels=values,
        predictions=predictions,
        probabilities=probabilities,
        # Hashes, because a day of many rows has no room for all the texts.
        rows=len(np.unique(np.concatenate(hashes))) if hashes else 0,
        unknown=len(unused),
        unknown_ids=tuple(labels.examples(unused)),
        empty=labels.empty,
    )
    if len(labels) and not len(joined):
        raise DataRefused(
            f"None of the {len(labels)} labels is of one of the {joined.rows} scored rows: labelled are "
            f"{quoted(joined.unknown_ids)}, scored are {quoted(first_ids)}; check the day, and which column has the id."
        )
    return joined


def _refuse_repeated(labels: Labels, places: npt.NDArray[np.int64], used: npt.NDArray[np.int16], run: int) -> None:
    ordered = np.sort(places)
    twice = np.concatenate([ordered[1:][ordered[1:] == ordered[:-1]], places[used[places] == run]])
    if len(twice):
        raise DataRefused(
            f"The scored rows have the id {labels.examples(twice, 1)[0]!r} twice: each row needs an id of its own."
        )

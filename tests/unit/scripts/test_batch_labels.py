from pathlib import Path
from typing import Any

import batch_labels
import numpy as np
import pyarrow as pa
import pytest
from batch_labels import LabelRows, Labels, read_prepared
from dataset_schema import DataRefused, Schema
from hypothesis import given, settings, strategies as st
from label_join import join

from tests.fakes.datasets import PRICES, SMALL, write_rows
from tests.fakes.evaluating import scored_rows, write_labels

ID = st.text("abc", min_size=1, max_size=2)


def labels_of(known: dict[str, float]) -> Labels:
    return Labels.collect([LabelRows(pa.array(list(known), pa.string()), np.array(list(known.values()), dtype=float))])


def few_hashes(ids: pa.Array) -> Any:
    """Many ids of one hash, as no real data has them."""
    return np.array([len(name) % 2 for name in ids.to_pylist()], dtype=np.uint64)


@settings(deadline=None)
@given(st.dictionaries(ID, st.integers(0, 1)), st.lists(ID, unique=True), st.integers(1, 4), st.booleans())
def test_join_finds_what_a_dictionary_finds(known: dict[str, int], ids: list[str], size: int, collide: bool) -> None:
    labels_match = {name: float(value) for name, value in known.items()}
    common = [name for name in ids if name in known]
    with pytest.MonkeyPatch.context() as patched:
        if collide:
            patched.setattr(batch_labels, "hash_ids", few_hashes)
        labels = labels_of(labels_match)
        batches = [scored_rows(ids[start : start + size]) for start in range(0, len(ids), size)]
        if known and not common:
            with pytest.raises(DataRefused, match="None of the"):
                join(labels, [batches])
            return
        found = join(labels, [batches])

    assert found.labels.tolist() == [labels_match[name] for name in common]
    assert len(found) == len(common)
    assert found.rows == len(ids)
    assert found.unknown == len(known.keys() - set(ids))
    assert set(found.unknown_ids) <= known.keys() - set(ids)


def test_each_row_gets_its_own_label_whatever_the_order() -> None:
    found = join(labels_of({"C": 1, "A": 0, "B": 1}), [[scored_rows(["A", "B", "C"], [0.1, 0.9, 0.4])]])

    assert found.labels.tolist() == [0, 1, 1]
    assert found.probabilities.tolist() == [0.1, 0.9, 0.4]
    assert found.predictions.tolist() == [0, 1, 0]


def test_rows_without_a_label_and_labels_without_a_row_are_counted() -> None:
    found = join(labels_of({"A": 1, "X": 0, "Y": 0}), [[scored_rows(["A", "B"])]])

    assert (len(found), found.rows, found.unknown, sorted(found.unknown_ids)) == (1, 2, 2, ["X", "Y"])


def test_labels_of_none_of_the_rows_are_refused_with_examples_of_both() -> None:
    with pytest.raises(DataRefused, match=r"None of the 1 labels .* 2 scored rows: .*'X', scored are 'A'"):
        join(labels_of({"X": 1}), [[scored_rows(["A", "B"])]])


def test_newest_run_counts_where_two_have_an_id() -> None:
    newest, older = scored_rows(["A", "B"], [0.9, 0.8]), scored_rows(["B", "C"], [0.1, 0.2])

    found = join(labels_of({"A": 1, "B": 1, "C": 0}), [[newest], [older]])

    assert found.probabilities.tolist() == [0.9, 0.8, 0.2]
    assert found.rows == 3


@pytest.mark.parametrize("batches", [[["A", "B", "A"]], [["A"], ["B", "A"]]])
def test_id_twice_in_one_run_is_refused_by_name(batches: list[list[str]]) -> None:
    with pytest.raises(DataRefused, match="The scored rows have the id 'A' twice"):
        join(labels_of({"A": 1}), [[scored_rows(ids) for ids in batches]])


@pytest.mark.parametrize("collide", [False, True])
def test_id_with_two_labels_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, collide: bool) -> None:
    if collide:
        monkeypatch.setattr(batch_labels, "hash_ids", few_hashes)
    parts = [LabelRows(pa.array(["A", "B"]), np.zeros(2)), LabelRows(pa.array(["C", "A"]), np.ones(2))]

    with pytest.raises(DataRefused, match="1 ids have more than one label: 'A'; nobody knows which one is right"):
        Labels.collect(parts)


def test_rows_without_a_value_are_no_labels() -> None:
    labels = Labels.collect([LabelRows(pa.array(["A", "B", "A"]), np.array([np.nan, 1, 0]))])

    assert (len(labels), labels.empty) == (2, 1)


def test_no_labels_and_no_rows_are_no_fault() -> None:
    found = join(labels_of({}), [[]])

    assert (len(found), found.rows, found.unknown) == (0, 0, 0)


def test_prepared_labels_are_read_with_their_types(tmp_path: Path) -> None:
    folder = write_labels(tmp_path, ["A", "B", "C"], [1, None, 0])

    (rows,) = read_prepared(folder, Schema.from_document(SMALL))

    assert rows.ids.to_pylist() == ["A", "B", "C"]
    assert rows.values.tolist() == pytest.approx([1.0, np.nan, 0.0], nan_ok=True)


def test_prepared_labels_of_no_rows_are_read(tmp_path: Path) -> None:
    folder = write_labels(tmp_path, [], [])

    assert len(Labels.collect(read_prepared(folder, Schema.from_document(SMALL)))) == 0


@pytest.mark.parametrize(
    ("document", "columns", "message"),
    [
        (
            SMALL,
            {"customer_id": ["A", "B"], "churned": [0, 2]},
            "row 2, column 'churned': the value 2 .* expected is 0 or",
        ),
        (SMALL, {"customer_id": ["A", None], "churned": [0, 1]}, "row 2, column 'customer_id'.* an id on every row"),
        (SMALL, {"customer_id": ["A"], "label": [0]}, r"missing columns \['churned'\], extra \['label'\]"),
        (PRICES, {"customer_id": ["A"], "price": [float("inf")]}, "row 1, column 'price'.* a finite number"),
    ],
)
def test_prepared_labels_that_no_step_writes_are_refused(
    tmp_path: Path, document: dict[str, Any], columns: dict[str, list[Any]], message: str
) -> None:
    write_rows(tmp_path / "labels.parquet", pa.table(columns))

    with pytest.raises(DataRefused, match=message):
        list(read_prepared(tmp_path, Schema.from_document(document)))


def test_prepared_labels_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.parquet").write_text("customer_id,churned\n")

    with pytest.raises(DataRefused, match=r"File 'labels.parquet' cannot be read: .* expected is Parquet"):
        list(read_prepared(tmp_path, Schema.from_document(SMALL)))

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dataset_schema import DataRefused, Schema, SchemaRefused
from hypothesis import given, strategies as st
from signature import MAX_CATEGORIES, CategoricalFeature, NumericFeature, Signature

from tests.fakes.datasets import SMALL, small_rows

SCHEMA = Schema.from_document(SMALL)
NUMBERS = st.one_of(st.none(), st.floats(width=32, allow_infinity=False))
TEXTS = st.one_of(st.none(), st.sampled_from(["basic", "plus", "", "never seen"]))


def fitted(rows: pa.Table) -> Signature:
    return Signature.fit(SCHEMA, lambda: rows.to_batches(max_chunksize=7))


def rows_of(amounts: list[Any], plans: list[Any]) -> pa.Table:
    ids = [f"CUST_{number:06d}" for number in range(len(amounts))]
    columns = [pa.array(ids, pa.string()), pa.array(amounts, pa.float64()), pa.array(plans, pa.string())]
    return pa.table(columns, names=["customer_id", "amount", "plan"])


SIGNATURE = Signature(
    problem_type=SCHEMA.problem_type,
    id_column="customer_id",
    target="churned",
    classes=("0", "1"),
    features=(NumericFeature("amount", 5.5), CategoricalFeature("plan", ("basic", "plus"))),
    schema_sha256=SCHEMA.sha256,
)


@given(st.lists(st.tuples(NUMBERS, TEXTS), max_size=40))
def test_apply_gives_fill_values_codes_and_counts_for_any_rows(rows: list[tuple[float | None, str | None]]) -> None:
    table = rows_of([amount for amount, _ in rows], [plan for _, plan in rows])

    applied = SIGNATURE.apply(table)

    amounts = [5.5 if amount is None or np.isnan(amount) else np.float32(amount) for amount, _ in rows]
    codes = [{"basic": 0.0, "plus": 1.0}.get(plan or "", np.nan) for _, plan in rows]
    np.testing.assert_array_equal(applied.matrix, np.array([amounts, codes], dtype=np.float32).T.reshape(-1, 2))
    assert applied.matrix.dtype == np.float32
    assert applied.matrix.flags.c_contiguous
    assert applied.unseen["plan"] == sum(plan == "never seen" for _, plan in rows)


@given(st.lists(st.tuples(NUMBERS, TEXTS), min_size=1, max_size=40), st.integers(1, 40))
def test_apply_does_not_depend_on_encoding_or_chunks(rows: list[tuple[float | None, str | None]], size: int) -> None:
    table = rows_of([amount for amount, _ in rows], [plan for _, plan in rows])
    encoded = table.set_column(2, "plan", table["plan"].dictionary_encode())
    chunked = pa.Table.from_batches(table.to_batches(max_chunksize=size))

    expected = SIGNATURE.apply(table)

    for other in (encoded, chunked, encoded.slice(0), table.combine_chunks()):
        applied = SIGNATURE.apply(other)
        np.testing.assert_array_equal(applied.matrix, expected.matrix)
        assert +applied.unseen == +expected.unseen


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_fit_fills_with_the_exact_lower_median_of_the_numbers(amounts: list[float | None]) -> None:
    rows = rows_of(amounts, ["basic"] * len(amounts))

    signature = fitted(rows)

    known = sorted(np.float32(amount) for amount in amounts if amount is not None and not np.isnan(amount))
    feature = signature.features[0]
    assert isinstance(feature, NumericFeature)
    assert np.float32(feature.fill) == (known[(len(known) - 1) // 2] if known else 0.0)


def test_fit_does_not_depend_on_the_order_of_rows() -> None:
    rows = small_rows(50)
    shuffled = rows.take(np.random.default_rng(0).permutation(50))

    assert fitted(rows) == fitted(shuffled)


def test_fit_sorts_categories_and_leaves_out_empty_texts() -> None:
    rows = rows_of([1.0] * 4, ["plus", "", None, "basic"])

    assert fitted(rows).features[1] == CategoricalFeature("plan", ("basic", "plus"))


def test_fit_refuses_a_category_that_is_an_identifier() -> None:
    count = MAX_CATEGORIES + 1
    rows = rows_of([1.0] * count, [f"plan {number}" for number in range(count)])

    with pytest.raises(DataRefused, match="Column 'plan' has more than 1000 categories"):
        fitted(rows)


def test_signature_survives_its_json_form(tmp_path: Path) -> None:
    signature = fitted(small_rows())

    signature.save(tmp_path)

    assert Signature.load(tmp_path) == signature


@pytest.mark.parametrize(
    ("plans", "codes"),
    [
        (pa.array([7, 8, None]), [np.nan, 0.0, np.nan]),
        (pa.array(["8", "7", None], pa.large_string()), [0.0, np.nan, np.nan]),
        (pa.array([None, None, None]), [np.nan] * 3),
    ],
)
def test_apply_reads_integers_and_any_text_as_categories(plans: pa.Array, codes: list[float]) -> None:
    signature = Signature(
        SCHEMA.problem_type, "customer_id", "churned", ("0", "1"), (CategoricalFeature("plan", ("8",)),), "0"
    )
    rows = pa.table({"customer_id": ["a", "b", "c"], "plan": plans})

    np.testing.assert_array_equal(signature.apply(rows).matrix[:, 0], np.array(codes, dtype=np.float32))


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.decimal128(10, 2)])
def test_apply_reads_any_type_of_number(kind: pa.DataType) -> None:
    rows = rows_of([1.0, None, 3.0], ["basic"] * 3)
    rows = rows.set_column(1, "amount", rows["amount"].cast(kind))

    assert SIGNATURE.apply(rows).matrix[:, 0].tolist() == [1.0, 5.5, 3.0]


def test_apply_refuses_missing_and_extra_columns_by_name() -> None:
    rows = rows_of([1.0], ["basic"]).rename_columns(["customer_id", "amount", "tariff"])

    with pytest.raises(DataRefused, match=r"missing columns \['plan'\], extra \['tariff'\].*expected are"):
        SIGNATURE.apply(rows)


def test_apply_accepts_further_columns_only_when_told() -> None:
    rows = rows_of([1.0], ["basic"]).append_column("churned", pa.array([1]))

    assert SIGNATURE.apply(rows, also=("churned",)).matrix.shape == (1, 2)
    with pytest.raises(DataRefused, match=r"extra \['churned'\]"):
        SIGNATURE.apply(rows)


@pytest.mark.parametrize(
    ("index", "column", "message"),
    [
        (1, pa.array(["12"]), "Column 'amount' is refused: it is of type string, expected is a number"),
        (1, pa.array([True]), "Column 'amount' is refused: it is of type bool"),
        (2, pa.array([1.5]), "Column 'plan' is refused: it is of type double, expected is a category"),
        (1, pa.array([float("inf")]), "'amount' is refused: its value inf is not a finite 32-bit number"),
        (1, pa.array([1e300]), r"'amount' is refused: its value 1e\+300 is not a finite 32-bit number"),
    ],
)
def test_apply_refuses_an_ill_typed_column_by_name(index: int, column: pa.Array, message: str) -> None:
    rows = rows_of([1.0], ["basic"])
    rows = rows.set_column(index, rows.column_names[index], column)

    with pytest.raises(DataRefused, match=message):
        SIGNATURE.apply(rows)


def test_apply_in_blocks_gives_the_same_matrix() -> None:
    rows = small_rows(100).drop_columns("churned")

    blocks = [applied.matrix for applied in SIGNATURE.apply_in_blocks(rows)]

    np.testing.assert_array_equal(np.concatenate(blocks), SIGNATURE.apply(rows).matrix)


def test_labels_with_a_missing_value_are_refused() -> None:
    with pytest.raises(DataRefused, match="Target 'churned' has 1 missing values"):
        SIGNATURE.labels(pa.array([1, None]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not what preprocess.py writes"),
        ("{}", "KeyError"),
        ('{"version": 2}', "Signature version 2 is refused"),
    ],
)
def test_signature_that_is_broken_is_refused(text: str, message: str) -> None:
    with pytest.raises(SchemaRefused, match=message):
        Signature.from_json(text)


def test_signature_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaRefused, match=r"has no signature.json: preprocess.py writes it"):
        Signature.load(tmp_path)

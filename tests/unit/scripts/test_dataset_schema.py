from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dataset_schema import (
    DataRefused,
    IdFormat,
    IdRange,
    Kind,
    ProblemType,
    Schema,
    SchemaRefused,
    exit_code,
    find_files,
    hash_ids,
    quoted,
    repeated,
)
from hypothesis import given, strategies as st

from tests.fakes.datasets import PRICES, SMALL, write_schema


def test_schema_of_a_classification_is_read(tmp_path: Path) -> None:
    path = write_schema(tmp_path, SMALL)

    schema = Schema.load(path)

    assert schema.problem_type is ProblemType.BINARY_CLASSIFICATION
    assert schema.classes == ("0", "1")
    assert schema.columns == ("customer_id", "amount", "plan", "churned")
    assert [feature.kind for feature in schema.features] == [Kind.NUMERIC, Kind.CATEGORICAL]


def test_schema_of_a_regression_has_no_classes() -> None:
    schema = Schema.from_document(PRICES)

    assert schema.is_regression
    assert schema.classes is None


@pytest.mark.parametrize("columns", [["plan", "amount", "churned"], ["churned", "customer_id", "amount", "plan"]])
def test_schema_keeps_the_order_of_columns_without_a_header(columns: list[str]) -> None:
    assert Schema.from_document(SMALL | {"csv_columns": columns}).csv_columns == tuple(columns)


def test_schema_with_a_header_has_no_order() -> None:
    assert Schema.from_document(SMALL).csv_columns is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem_type": "clustering"}, "problem_type 'clustering' is refused: allowed are 'binary_classification'"),
        ({"version": 2}, "Schema version 2 is refused"),
        ({"colour": "red"}, r"unknown keys \['colour'\]"),
        ({"classes": [0]}, r"classes \[0\] is refused: write the two classes"),
        ({"classes": [0, "0"]}, "is refused: write the two classes"),
        ({"classes": [0.5, 1]}, "Class 0.5 is refused"),
        ({"classes": None}, "classes None is refused"),
        ({"id_format": "CUST"}, "id_format 'CUST' is refused: write one number field"),
        ({"target": "plan"}, "names these columns twice: 'plan'"),
        ({"target": ""}, "target '' is refused"),
        ({"features": []}, "features is refused"),
        ({"features": [{"name": "a", "kind": "date"}]}, "'a' has the kind 'date': allowed are 'numeric'"),
        ({"features": [{"name": "a"}]}, "write exactly 'name' and 'kind'"),
        ({"problem_type": "regression"}, "a regression has none, write null"),
        ({"csv_columns": "amount"}, "csv_columns 'amount' is refused: it must be a list"),
        ({"csv_columns": ["plan", "churned"]}, r"csv_columns \['plan', 'churned'\] is refused: name 'amount', 'plan'"),
        ({"csv_columns": ["amount", "plan"]}, "name 'amount', 'plan', 'churned' once each, and nothing else"),
        ({"csv_columns": ["amount", "plan", "plan", "churned"]}, "once each, and nothing else"),
        ({"csv_columns": ["amount", "plan", "churned", "tariff"]}, "once each, and nothing else"),
        ({"csv_columns": []}, r"csv_columns \[\] is refused"),
        (
            {"csv_columns": ["amount", "plan", "churned"], "id_format": None},
            "name 'customer_id', 'amount', 'plan', 'churned' once each",
        ),
    ],
)
def test_schema_with_a_wrong_value_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaRefused, match=message):
        Schema.from_document(SMALL | change)


def test_schema_that_lacks_a_key_is_refused_by_name() -> None:
    document = {key: value for key, value in SMALL.items() if key != "target"}

    with pytest.raises(SchemaRefused, match=r"missing keys \['target'\]"):
        Schema.from_document(document)


def test_schema_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaRefused, match=r"schema.json' does not exist: name the file with --schema"):
        Schema.load(tmp_path / "schema.json")


def test_schema_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text("{")

    with pytest.raises(SchemaRefused, match="is no JSON"):
        Schema.load(tmp_path / "schema.json")


def test_schema_digest_ignores_the_order_of_keys_and_sees_a_changed_name() -> None:
    reordered = dict(reversed(SMALL.items()))
    renamed = SMALL | {"target": "left"}

    digests = [Schema.from_document(document).sha256 for document in (SMALL, reordered, renamed)]

    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("text", "fits"),
    [("CUST_000042", True), ("CUST_1000000", True), ("CUST_0000042", False), ("CUST_42", False), ("X_000042", False)],
)
def test_id_pattern_fits_each_number_in_one_way_only(text: str, fits: bool) -> None:
    import re

    found = re.match(IdFormat.parse("CUST_{:06d}").pattern, text)

    assert (found is not None) is fits


@given(st.lists(st.text(max_size=12), min_size=1, max_size=30), st.integers(0, 29))
def test_id_hashes_do_not_depend_on_the_chunk_that_an_id_is_in(ids: list[str], cut: int) -> None:
    whole = hash_ids(pa.array(ids))

    parts = [hash_ids(pa.array(ids).slice(0, cut)), hash_ids(pa.array(ids).slice(cut))]

    assert np.concatenate(parts).tolist() == whole.tolist()


def test_id_hash_is_the_published_fnv_1a_value() -> None:
    assert [hex(value) for value in hash_ids(pa.array(["", "a", "foobar"]))] == [
        "0xcbf29ce484222325",
        "0xaf63dc4c8601ec8c",
        "0x85944171f73967e8",
    ]


def test_id_range_includes_both_ends_and_none_is_no_bound() -> None:
    numbers = np.arange(6)

    assert IdRange(2, 4).holds(numbers).tolist() == [False, False, True, True, True, False]
    assert IdRange(None, 1).holds(numbers).sum() == 2
    assert str(IdRange(None, 4)) == "first to 4"


def test_find_files_passes_over_what_is_no_data_and_sorts_the_rest(tmp_path: Path) -> None:
    for name in ("b/2.csv", "a.csv", "_SUCCESS", ".hidden", "a.csv.metadata"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert find_files(tmp_path, (".csv",)) == [tmp_path / "a.csv", tmp_path / "b/2.csv"]


def test_find_files_refuses_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").touch()

    with pytest.raises(DataRefused, match=r"a.xlsx' is refused: allowed are names that end in '.csv'"):
        find_files(tmp_path, (".csv",))


def test_exit_code_of_a_refusal_is_one_line_and_the_jobs_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise DataRefused("No rows.\nAt all.")

    code = exit_code(work, tmp_path / "message")

    assert code == 1
    assert capsys.readouterr().err == "Error: No rows. At all.\n"
    assert (tmp_path / "message").read_text() == "No rows. At all."


def test_exit_message_is_cut_to_what_the_service_reads(tmp_path: Path) -> None:
    def work() -> None:
        raise DataRefused("é" * 2000)

    exit_code(work, tmp_path / "message")

    assert len((tmp_path / "message").read_bytes()) == 1024


def test_quoted_names_says_how_many_more_there_are() -> None:
    assert quoted(["a", "b", "c"], limit=2) == "'a', 'b' and 1 more"


def test_nothing_is_repeated_where_there_is_nothing() -> None:
    assert list(repeated([])) == []

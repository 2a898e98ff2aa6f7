from __future__ import annotations

import io

import numpy as np
import pytest

from sagemaker_local.runners.transform import encodings
from sagemaker_local.runners.transform.refusals import UnsupportedFormat


def rows(matrix: object) -> list[list[float]]:
    return matrix.get_data().toarray().tolist()  # type: ignore[no-any-return, attr-defined]  # DMatrix publishes no types


@pytest.mark.parametrize("content_type", ["text/csv", "text/csv; charset=utf-8", "TEXT/CSV"])
def test_csv_becomes_a_matrix(content_type: str) -> None:
    matrix = encodings.decode("1,2.5\n3,4", content_type)

    assert rows(matrix) == [[1, 2.5], [3, 4]]


def test_csv_with_an_empty_cell_has_a_missing_value() -> None:
    matrix = encodings.decode(b"1,,3\n4,5,6", "text/csv")

    assert (matrix.num_row(), matrix.num_col(), matrix.num_nonmissing()) == (2, 3, 5)


def test_csv_delimiter_is_found_as_the_container_does() -> None:
    assert rows(encodings.decode("1;2\n3;4", "text/csv")) == [[1, 2], [3, 4]]


@pytest.mark.parametrize("content_type", ["text/libsvm", "text/x-libsvm"])
def test_libsvm_indexes_count_from_one(content_type: str) -> None:
    matrix = encodings.decode("0 1:5 3:7\n1 2:6\n", content_type)

    assert (matrix.num_row(), matrix.num_col()) == (2, 3)
    assert rows(matrix) == [[5, 0, 7], [0, 6, 0]]


def test_libsvm_with_a_zero_index_counts_from_zero() -> None:
    assert encodings.decode("0:5 2:7", "text/libsvm").num_col() == 3


def test_libsvm_without_values_is_empty() -> None:
    assert encodings.decode("1", "text/libsvm").num_row() == 0


def test_other_content_types_are_refused_with_what_is_read() -> None:
    with pytest.raises(UnsupportedFormat, match=r"'application/x-parquet' is not read by .* it reads text/csv"):
        encodings.decode(b"", "application/x-parquet")


def test_prediction_as_csv_is_one_value_a_line_in_its_shortest_form() -> None:
    assert encodings.encode(np.array([0.1, 0.25], dtype=np.float32), "text/csv") == b"0.1\n0.25\n"


def test_prediction_of_several_classes_as_csv_is_one_row_a_line() -> None:
    assert encodings.encode(np.array([[0.5, 0.5], [1, 0]]), "text/csv") == b"0.5,0.5\n1.0,0.0\n"


def test_prediction_as_json_is_a_list() -> None:
    assert encodings.encode(np.array([0.5, 0.25], dtype=np.float32), "application/json") == b"[0.5, 0.25]"


def test_prediction_as_npy_can_be_loaded() -> None:
    encoded = encodings.encode(np.array([0.5]), "application/x-npy")

    assert np.load(io.BytesIO(encoded)).tolist() == [0.5]


def test_other_accepts_are_refused_with_what_is_written() -> None:
    with pytest.raises(UnsupportedFormat, match=r"Accept 'text/plain' is not written by .* it writes text/csv"):
        encodings.encode([1], "text/plain")

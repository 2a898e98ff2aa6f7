import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import xgboost as xgb
from dataset_schema import DataRefused, ModelRefused
from inference import CSV, JSON_LINES, PARQUET, Model, input_fn, model_fn, output_fn, predict_fn
from train import save_model

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows
from tests.fakes.models import trained

ROWS = small_rows(300).drop_columns("churned")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("model"), SMALL, small_rows(300))


def encoded(rows: pa.Table, content_type: str) -> bytes:
    sink = io.BytesIO()
    if content_type == PARQUET:
        pq.write_table(rows, sink)
    elif content_type == CSV:
        pyarrow.csv.write_csv(rows, sink, pyarrow.csv.WriteOptions(include_header=False))
    else:
        return "".join(json.dumps(row) + "\n" for row in rows.to_pylist()).encode()
    return sink.getvalue()


def decoded(body: bytes, content_type: str) -> list[tuple[Any, ...]]:
    if content_type == PARQUET:
        return [tuple(row.values()) for row in pq.read_table(io.BytesIO(body)).to_pylist()]
    if content_type == JSON_LINES:
        return [tuple(json.loads(line).values()) for line in body.splitlines()]
    names = pyarrow.csv.ReadOptions(autogenerate_column_names=True)
    return [tuple(row.values()) for row in pyarrow.csv.read_csv(io.BytesIO(body), names).to_pylist()]


def answered(model: Model, body: bytes, content_type: str, accept: str | None = None) -> bytes:
    answer, kind = output_fn(predict_fn(input_fn(body, content_type), model), accept or content_type)
    assert kind == (accept or content_type)
    return answer


@pytest.mark.parametrize("content_type", [PARQUET, CSV, JSON_LINES])
def test_every_format_gives_the_predictions_of_the_booster_itself(model: Model, content_type: str) -> None:
    body = answered(model, encoded(ROWS, content_type), content_type)

    matrix = xgb.DMatrix(model.signature.apply(ROWS).matrix)
    direct = model.booster.predict(matrix)
    expected = [
        (name, int(value >= 0.5), float(value))
        for name, value in zip(ROWS["customer_id"].to_pylist(), direct, strict=True)
    ]
    assert decoded(body, content_type) == expected


def test_columns_of_parquet_may_come_in_any_order(model: Model) -> None:
    turned = ROWS.select(["plan", "customer_id", "amount"])

    assert answered(model, encoded(turned, PARQUET), PARQUET) == answered(model, encoded(ROWS, PARQUET), PARQUET)


def test_long_request_is_scored_in_parts_with_the_same_result(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answered(model, encoded(ROWS, PARQUET), PARQUET)

    monkeypatch.setattr("inference.READ_ROWS", 7)
    monkeypatch.setattr("signature.BLOCK_ROWS", 3)

    assert decoded(answered(model, encoded(ROWS, PARQUET), PARQUET), PARQUET) == decoded(whole, PARQUET)


def test_integers_are_categories_in_parquet_too(tmp_path: Path) -> None:
    rows = small_rows(300, plan=[number % 3 for number in range(300)])
    model = trained(tmp_path, SMALL, rows)
    as_text = rows.set_column(2, "plan", rows["plan"].cast(pa.string()))

    bodies = [encoded(table.drop_columns("churned"), PARQUET) for table in (rows, as_text)]

    assert answered(model, bodies[0], PARQUET) == answered(model, bodies[1], PARQUET)


def test_text_body_of_the_container_is_accepted(model: Model) -> None:
    scores = predict_fn(input_fn("CUST_000001,1.5,basic\n", "text/csv; charset=utf-8"), model)

    assert scores.table["customer_id"].to_pylist() == ["CUST_000001"]


@pytest.mark.parametrize("accept", ["*/*", "", None])
def test_caller_who_accepts_anything_gets_the_requests_format(model: Model, accept: str | None) -> None:
    body, kind = output_fn(predict_fn(input_fn(encoded(ROWS, CSV), CSV), model), accept)

    assert body.startswith(b"CUST_000001,")
    assert kind == CSV


def test_ids_with_a_comma_are_quoted_in_csv(model: Model) -> None:
    rows = small_rows(2, customer_id=["a,b", 'c"d']).drop_columns("churned")

    body = answered(model, encoded(rows, PARQUET), PARQUET, CSV)

    assert [row[0] for row in decoded(body, CSV)] == ["a,b", 'c"d']


@pytest.mark.parametrize("content_type", [PARQUET, CSV, JSON_LINES])
def test_request_without_rows_gives_no_rows(model: Model, content_type: str) -> None:
    body = answered(model, encoded(ROWS.slice(0, 0), content_type), content_type)

    assert body == b"" if content_type != PARQUET else decoded(body, PARQUET) == []


def test_csv_without_ids_gives_prediction_and_probability_of_each_line(model: Model) -> None:
    """A transform job that joins the answer with its input drops the id before it asks."""
    with_ids = decoded(answered(model, encoded(ROWS, CSV), CSV), CSV)

    body = answered(model, encoded(ROWS.drop_columns("customer_id"), CSV), CSV)

    assert decoded(body, CSV) == [row[1:] for row in with_ids]


@pytest.mark.parametrize("first", ["CUST_000001,", ""])
@pytest.mark.parametrize(
    ("line", "same"),
    [("1.5,basic", "1.5,basic\n"), ("1.5,basic\r\n", "1.5,basic\n"), ('"1.5","basic"', "1.5,basic"), ('"",""', ",")],
)
def test_csv_line_ends_and_quotes_make_no_difference(model: Model, first: str, line: str, same: str) -> None:
    body = f"{first}{line}".encode()

    answers = [answered(model, text, CSV) for text in (body, f"{first}{same}".encode(), b"\n" + body)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0].count(b"\n") == 1


def test_csv_categories_with_commas_quotes_and_unicode_are_found_without_ids(tmp_path: Path) -> None:
    plans = ["a,b", 'c"d', "ü€"]
    rows = small_rows(300, plan=[plans[number % 3] for number in range(300)])
    model = trained(tmp_path, SMALL, rows)
    bare = rows.drop_columns("churned")

    body = answered(model, encoded(bare.drop_columns("customer_id"), CSV), CSV)

    assert decoded(body, CSV) == [row[1:] for row in decoded(answered(model, encoded(bare, PARQUET), PARQUET), PARQUET)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1.5,basic\nCUST_000002,1.5,basic\n", "Expected 2 columns, got 3.*has 2 columns, .* are 'amount', 'plan'[.]"),
        (
            "CUST_000002,1.5,basic\n1.5,basic",
            "Expected 3 columns, got 2.*has 3 columns, .* 'customer_id', 'amount', 'p",
        ),
        ("1.5,basic\n1.5", "Expected 2 columns, got 1"),
    ],
)
def test_csv_lines_of_different_length_are_refused(model: Model, body: str, message: str) -> None:
    with pytest.raises(DataRefused, match=f"The text/csv body is refused: .*{message}"):
        answered(model, body.encode(), CSV)


def test_csv_body_of_empty_lines_gives_no_rows(model: Model) -> None:
    assert answered(model, b"\n\r\n", CSV) == b""


@pytest.mark.parametrize("content_type", [PARQUET, JSON_LINES])
def test_request_of_another_format_needs_its_ids(model: Model, content_type: str) -> None:
    with pytest.raises(DataRefused, match=r"missing columns \['customer_id'\]"):
        answered(model, encoded(ROWS.drop_columns("customer_id"), content_type), content_type)


def test_regression_answers_csv_without_ids_with_an_empty_probability(tmp_path: Path) -> None:
    model = trained(tmp_path, PRICES, price_rows(300))

    lines = answered(model, encoded(ROWS.drop_columns("customer_id"), CSV), CSV).decode().splitlines()

    assert len(lines) == 300
    assert all(
        probability == "" and np.isfinite(float(number)) for number, probability in (x.split(",") for x in lines)
    )


def test_unseen_categories_count_as_missing_and_are_logged(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    unseen, missing = (small_rows(3, plan=plans).drop_columns("churned") for plans in (["x", "y", "x"], [None] * 3))

    with caplog.at_level(logging.WARNING):
        body = answered(model, encoded(unseen, CSV), CSV)

    assert caplog.messages == ["Feature 'plan' has 3 values that training never saw: they count as missing."]
    assert body == answered(model, encoded(missing, CSV), CSV)


def test_regression_gives_a_number_and_no_probability(tmp_path: Path) -> None:
    model = trained(tmp_path, PRICES, price_rows(300))

    table = predict_fn(input_fn(encoded(ROWS, PARQUET), PARQUET), model).table

    assert table.schema.types == [pa.string(), pa.float64(), pa.float64()]
    assert table["prediction_probability"].null_count == 300
    assert np.isfinite(table["prediction"].to_numpy()).all()


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_other_content_types_are_refused_by_name(model: Model, content_type: str) -> None:
    with pytest.raises(DataRefused, match=f"'{content_type}' is refused: allowed are 'application/x-parquet'"):
        input_fn(b"", content_type)
    with pytest.raises(DataRefused, match=f"Accept '{content_type}' is refused"):
        answered(model, encoded(ROWS, CSV), CSV, content_type)


@pytest.mark.parametrize(
    ("rows", "content_type", "message"),
    [
        (ROWS.drop_columns("plan"), PARQUET, r"missing columns \['plan'\], extra \[\]"),
        (ROWS.drop_columns("plan"), JSON_LINES, r"missing columns \['plan'\], extra \[\]"),
        (small_rows(3), PARQUET, r"missing columns \[\], extra \['churned'\]"),
        (small_rows(3), JSON_LINES, "unexpected field.*expected are 'customer_id', 'amount', 'plan'"),
        (
            small_rows(3),
            CSV,
            "its first line has 4 columns; expected are 2, the features 'amount', 'plan', or 3, the id",
        ),
        (
            ROWS.select(["amount"]),
            CSV,
            "its first line has 1 columns; expected are 2, .* or 3, the id 'customer_id' be",
        ),
    ],
)
def test_missing_and_extra_columns_are_refused(model: Model, rows: pa.Table, content_type: str, message: str) -> None:
    with pytest.raises(DataRefused, match=message):
        answered(model, encoded(rows, content_type), content_type)


@pytest.mark.parametrize("content_type", [PARQUET, CSV, JSON_LINES])
def test_text_in_a_numeric_column_is_refused(model: Model, content_type: str) -> None:
    rows = small_rows(3, amount=["a", "b", "c"]).drop_columns("churned")

    with pytest.raises(DataRefused, match=r"amount|CSV column #1"):
        answered(model, encoded(rows, content_type), content_type)


@pytest.mark.parametrize("content_type", [PARQUET, CSV, JSON_LINES])
def test_row_without_an_id_is_refused(model: Model, content_type: str) -> None:
    rows = small_rows(3, customer_id=["a", None, "c"]).drop_columns("churned")

    with pytest.raises(DataRefused, match="Id column 'customer_id' lacks 1 values"):
        answered(model, encoded(rows, content_type), content_type)


def test_body_that_is_no_parquet_is_refused(model: Model) -> None:
    with pytest.raises(DataRefused, match="The application/x-parquet body is refused"):
        answered(model, b"customer_id", PARQUET)


@pytest.mark.parametrize(("variable", "threads"), [("3", 3), ("", 1), (None, 1)])
def test_model_uses_the_threads_of_the_environment(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, threads: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    save_model(model.booster, model.signature, tmp_path)

    loaded = model_fn(str(tmp_path))

    assert json.loads(loaded.booster.save_config())["learner"]["generic_param"]["nthread"] == str(threads)


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"has no model.ubj: is this an archive that train.py wrote\?"):
        model_fn(str(tmp_path))

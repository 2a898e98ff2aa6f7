from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from generate_customers import CATEGORIES, CUSTOMER_FEATURES, STREAMS, Draws, customers, draw_customers, main
from hypothesis import given, settings, strategies as st
from sklearn.metrics import roc_auc_score

THOUSAND = customers(1, 1000, seed=7)


@settings(max_examples=20)
@given(st.integers(1, 999), st.integers(1, 1000))
def test_customers_are_the_same_whatever_the_chunks(cut: int, first: int) -> None:
    parts = pa.concat_tables([customers(1, cut, 7), customers(cut + 1, 1000 - cut, 7)])

    assert parts.equals(THOUSAND)
    assert customers(first, 1, 7).equals(THOUSAND.slice(first - 1, 1))


def test_customers_of_another_seed_are_others() -> None:
    assert not customers(1, 1000, seed=8).equals(THOUSAND)


def test_streams_fill_whole_steps_of_the_generator() -> None:
    assert len(STREAMS) % 4 == 0
    assert len(set(STREAMS)) == len(STREAMS)


def test_customers_have_eighteen_features_between_id_and_label() -> None:
    names = THOUSAND.column_names

    assert names == ["customer_id", "event_time", *CUSTOMER_FEATURES, "churned"]
    assert len(CUSTOMER_FEATURES) == 18
    assert [name for name, kind in CUSTOMER_FEATURES.items() if kind == "categorical"] == list(CATEGORIES)


def test_customers_are_numbered_from_one_with_times_in_utc() -> None:
    assert THOUSAND["customer_id"][0].as_py() == "CUST_000001"
    assert customers(1_000_000, 1, 7)["customer_id"][0].as_py() == "CUST_1000000"
    pattern = r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$"
    assert pa.compute.all(pa.compute.match_substring_regex(THOUSAND["event_time"], pattern)).as_py()


def test_signal_is_honest_and_attainable() -> None:
    draws = Draws.of_rows(1, 100_000, 42)

    drawn = draw_customers(draws)

    left = draws.uniform("churn") < drawn.probability
    assert 0.20 < left.mean() < 0.27
    assert 0.85 < roc_auc_score(left, drawn.probability) < 0.87


def test_values_go_missing_in_some_columns_and_never_in_id_time_or_label() -> None:
    table = customers(1, 20_000, 42)

    shares = {name: table[name].null_count / table.num_rows for name in table.column_names}

    assert shares["customer_id"] == shares["event_time"] == shares["churned"] == 0
    assert 0.02 < shares["age"] < 0.06
    assert shares["data_usage_gb"] > 0.1
    assert shares["payment_method"] > 0.01


def test_features_hang_together() -> None:
    values = draw_customers(Draws.of_rows(1, 20_000, 42)).values

    assert np.corrcoef(values["monthly_charges"], values["plan"])[0, 1] > 0.5
    assert np.corrcoef(values["support_tickets"], values["satisfaction_score"])[0, 1] < -0.3


def test_files_hold_every_customer_once_in_order(tmp_path: Path) -> None:
    code = main(["--rows", "1000", "--seed", "7", "--output", str(tmp_path), "--rows-per-file", "300"])

    assert code == 0
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == [f"customers-{number:05d}.parquet" for number in range(4)]
    assert pa.concat_tables([pq.read_table(path) for path in paths]).equals(THOUSAND)


def test_csv_holds_the_same_values_as_parquet(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"

    main(["--rows", "1000", "--seed", "7", "--output", str(path), "--format", "csv"])

    types = dict(zip(THOUSAND.schema.names, THOUSAND.schema.types, strict=True))
    options = pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    assert pa.csv.read_csv(path, convert_options=options).equals(THOUSAND)


def test_a_folder_without_a_number_of_rows_gets_one_file(tmp_path: Path) -> None:
    main(["--rows", "10", "--output", str(tmp_path / "raw")])

    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["customers-00000.parquet"]


@pytest.mark.parametrize(
    ("option", "message"), [("--rows=0", "must be at least 1"), ("--seed=-1", "--seed -1 is refused")]
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, option: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--output", str(tmp_path), option])

    assert code == 1
    assert message in capsys.readouterr().err


def test_file_is_of_the_format_that_its_name_ends_in(tmp_path: Path) -> None:
    assert main(["--rows=3", f"--output={tmp_path / 'customers.csv'}"]) == 0

    assert pyarrow.csv.read_csv(tmp_path / "customers.csv").num_rows == 3


def test_file_whose_name_contradicts_the_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows=3", "--format=parquet", f"--output={tmp_path / 'customers.csv'}"]) == 1

    assert "name a file that ends in .parquet" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())

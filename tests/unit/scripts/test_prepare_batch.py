from pathlib import Path
from typing import Any

import preprocess
import pyarrow as pa
import pytest
from prepare_batch import main

from tests.fakes.datasets import PRICES, SMALL, price_rows, read_parts, small_rows, write_rows, write_schema

ROWS = small_rows(400)
LABELS = [*ROWS["churned"].to_pylist()[:350], *[None] * 50]


def run(folder: Path, *options: str, document: dict[str, Any] = SMALL) -> int:
    schema = write_schema(folder / "schema", document)
    outputs = [f"--{name}={folder / 'out' / name}" for name in ("batch", "labels")]
    return main([f"--input={folder / 'raw'}", f"--schema={schema}", *outputs, *options])


def refusal(folder: Path, capsys: pytest.CaptureFixture[str], *options: str, document: dict[str, Any] = SMALL) -> str:
    assert run(folder, *options, document=document) == 1
    return capsys.readouterr().err


def test_batch_and_labels_have_the_bytes_that_preprocess_writes(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.csv", small_rows(400, churned=LABELS))
    ids = ["--batch-id-start=300", "--batch-id-end=390"]

    assert run(tmp_path, *ids) == 0
    names = ("train", "validation", "test", "signature", "batch", "labels")
    outputs = [f"--{name}={tmp_path / 'other' / name}" for name in names]
    schema = tmp_path / "schema/schema.json"
    preprocess.main([f"--input={tmp_path / 'raw'}", f"--schema={schema}", *outputs, *ids, "--train-id-end=350"])

    for name in ("batch", "labels"):
        (path,) = (tmp_path / "out" / name).iterdir()
        assert path.read_bytes() == (tmp_path / "other" / name / path.name).read_bytes()


def test_rows_of_the_range_are_scored_and_the_labelled_ones_labelled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "raw/a.csv", small_rows(400, churned=LABELS))

    assert run(tmp_path, "--batch-id-start=341", "--batch-id-end=360") == 0

    batch, labels = read_parts(tmp_path / "out/batch"), read_parts(tmp_path / "out/labels")
    assert batch.to_pydict() == ROWS.slice(340, 20).drop_columns("churned").to_pydict()
    assert labels.to_pydict() == ROWS.slice(340, 10).select(["customer_id", "churned"]).to_pydict()
    assert "Read 400 rows from 1 files; to score 20 in 1 files, 10 of them labelled." in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_without_the_target_are_scored_beside_those_with_it(tmp_path: Path, suffix: str) -> None:
    write_rows(tmp_path / f"raw/a.{suffix}", ROWS.slice(0, 100))
    write_rows(tmp_path / f"raw/b.{suffix}", ROWS.slice(100).drop_columns("churned"))

    assert run(tmp_path) == 0

    assert read_parts(tmp_path / "out/batch").num_rows == 400
    assert read_parts(tmp_path / "out/labels")["customer_id"].to_pylist() == ROWS["customer_id"].to_pylist()[:100]


@pytest.mark.parametrize("document", [SMALL, PRICES])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_batch_without_any_label_has_an_empty_file_of_labels(
    tmp_path: Path, suffix: str, document: dict[str, Any]
) -> None:
    write_rows(tmp_path / f"raw/a.{suffix}", ROWS.drop_columns("churned"))

    assert run(tmp_path, document=document) == 0

    labels = read_parts(tmp_path / "out/labels")
    kind = pa.float64() if document is PRICES else pa.int32()
    assert (labels.num_rows, labels.schema.types) == (0, [pa.string(), kind])


def test_labels_of_a_regression_are_its_numbers(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.csv", price_rows(20))

    run(tmp_path, document=PRICES)

    assert read_parts(tmp_path / "out/labels")["price"].to_pylist() == price_rows(20)["price"].to_pylist()


def test_other_columns_than_the_target_are_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.csv", ROWS.drop_columns(["churned", "plan"]))

    assert "missing columns ['plan'], extra []" in refusal(tmp_path, capsys)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"amount": ["much"] * 400}, "File 'a.csv', row 1, column 'amount': the value 'much' is refused"),
        ({"churned": ["perhaps"] * 400}, "column 'churned': the value 'perhaps' is refused; expected is one of"),
        ({"customer_id": ["CUST_000001"] * 400}, "Id 'CUST_000001' occurs twice, in 'a.csv' row 1 and in 'a.csv' row"),
    ],
)
def test_rows_are_checked_as_those_to_train_with(
    tmp_path: Path, columns: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "raw/a.csv", small_rows(400, **columns))

    assert message in refusal(tmp_path, capsys)


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        (["--batch-id-start=1000"], {}, "No rows to score: the input has none of the ids 1000 to last"),
        (["--batch-id-end=ten"], {}, "The id bound 'ten' is refused: write a whole number, or nothing"),
        (["--batch-id-end=3"], {"id_format": None}, "An id range needs id_format"),
        (["--max-file-mb=0"], {}, "--max-file-mb 0 is refused: it must be above 0"),
    ],
)
def test_impossible_arguments_are_refused(
    tmp_path: Path, options: list[str], change: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "raw/a.csv", ROWS)

    assert message in refusal(tmp_path, capsys, *options, document=SMALL | change)


def test_files_to_score_stay_below_the_limit(tmp_path: Path) -> None:
    rows = small_rows(20_000, plan=[f"plan {number % 9}" for number in range(20_000)])
    write_rows(tmp_path / "raw/a.parquet", rows)

    run(tmp_path, "--max-file-mb=0.1")

    paths = sorted((tmp_path / "out/batch").iterdir())
    assert len(paths) > 3
    assert max(path.stat().st_size for path in paths) <= 100_000
    assert read_parts(tmp_path / "out/batch")["customer_id"].to_pylist() == rows["customer_id"].to_pylist()

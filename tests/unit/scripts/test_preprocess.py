import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dataset_schema import hash_ids
from id_shares import shares
from preprocess import main
from signature import Signature

from tests.fakes.datasets import PRICES, SMALL, price_rows, read_parts, small_rows, write_rows, write_schema

OUTPUTS = ("train", "validation", "test", "signature", "batch")
ROWS = small_rows(400)


def run(folder: Path, *options: str, document: dict[str, Any] = SMALL, raw: str = "raw", out: str = "out") -> int:
    schema = write_schema(folder / "schema", document)
    outputs = [f"--{name}={folder / out / name}" for name in OUTPUTS]
    return main([f"--input={folder / raw}", f"--schema={schema}", *outputs, *options])


def refusal(folder: Path, capsys: pytest.CaptureFixture[str], *options: str, document: dict[str, Any] = SMALL) -> str:
    assert run(folder, *options, document=document) == 1
    return capsys.readouterr().err


def ids_of(folder: Path, name: str) -> set[str]:
    return set(read_parts(folder / name)["customer_id"].to_pylist())


def test_splits_hold_every_row_once_with_raw_values(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    assert run(tmp_path) == 0

    parts = [read_parts(tmp_path / "out" / name) for name in ("train", "validation", "test")]
    joined = pa.concat_tables(parts).sort_by("customer_id")
    assert joined.to_pydict() == ROWS.to_pydict()
    found = [part.num_rows / ROWS.num_rows for part in parts]
    assert found == pytest.approx([0.7, 0.15, 0.15], abs=0.06)


def test_rows_to_score_have_no_label(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    run(tmp_path)

    batch = read_parts(tmp_path / "out/batch")
    assert batch.to_pydict() == ROWS.drop_columns("churned").to_pydict()


def test_splits_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)
    write_rows(tmp_path / "shuffled/a.parquet", ROWS.take(np.random.default_rng(0).permutation(ROWS.num_rows)))

    run(tmp_path)
    run(tmp_path, raw="shuffled", out="other")

    for name in ("train", "validation", "test", "batch"):
        assert ids_of(tmp_path / "out", name) == ids_of(tmp_path / "other", name)
    assert Signature.load(tmp_path / "out/signature") == Signature.load(tmp_path / "other/signature")


def test_split_of_a_row_does_not_depend_on_other_rows(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)
    write_rows(tmp_path / "fewer/a.parquet", ROWS.slice(100))

    run(tmp_path)
    run(tmp_path, raw="fewer", out="other")

    assert ids_of(tmp_path / "other", "test") <= ids_of(tmp_path / "out", "test")


def test_shares_spread_evenly_and_otherwise_for_another_seed() -> None:
    hashes = hash_ids(pa.array([f"CUST_{number:06d}" for number in range(20_000)]))

    one, other = shares(hashes, 1), shares(hashes, 2)

    assert np.histogram(one, bins=10, range=(0, 1))[0].min() > 1850
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


def test_another_seed_is_another_split(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    run(tmp_path)
    run(tmp_path, "--seed=1", out="other")

    assert ids_of(tmp_path / "out", "test") != ids_of(tmp_path / "other", "test")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_many_files_of_any_format_give_the_bytes_of_one(tmp_path: Path, suffix: str) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)
    for number, start in enumerate(range(0, 400, 90)):
        write_rows(tmp_path / f"many/{number}/part.{suffix}", ROWS.slice(start, 90))

    run(tmp_path)
    run(tmp_path, raw="many", out="other")

    for path in sorted((tmp_path / "out").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "other" / path.relative_to(tmp_path / "out")).read_bytes()


def test_ranges_choose_rows_with_both_ends(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    run(tmp_path, "--train-id-start=1", "--train-id-end=300", "--batch-id-start=300", "--batch-id-end=310")

    trained = set().union(*(ids_of(tmp_path / "out", name) for name in ("train", "validation", "test")))
    assert (min(trained), max(trained), len(trained)) == ("CUST_000001", "CUST_000300", 300)
    assert sorted(ids_of(tmp_path / "out", "batch")) == [f"CUST_{number:06d}" for number in range(300, 311)]


def test_signature_is_fitted_on_the_training_split_only(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    run(tmp_path)

    amounts = read_parts(tmp_path / "out/train")["amount"].drop_null().sort().to_pylist()
    document = json.loads((tmp_path / "out/signature/signature.json").read_text())
    assert document["features"][0] == {"name": "amount", "kind": "numeric", "fill": amounts[(len(amounts) - 1) // 2]}
    assert document["features"][1] == {"name": "plan", "kind": "categorical", "categories": ["basic", "plus"]}


def test_rows_to_score_may_lack_a_label(tmp_path: Path) -> None:
    labels = [*small_rows(390)["churned"].to_pylist(), *[None] * 10]
    write_rows(tmp_path / "raw/a.csv", small_rows(400, churned=labels))

    code = run(tmp_path, "--train-id-end=390", "--batch-id-start=391")

    assert code == 0
    assert len(ids_of(tmp_path / "out", "batch")) == 10


def test_labels_are_those_of_the_rows_to_score(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.csv", ROWS)

    assert run(tmp_path, "--batch-id-start=391", f"--labels={tmp_path / 'out/labels'}") == 0

    labels = read_parts(tmp_path / "out/labels")
    assert labels.to_pydict() == ROWS.slice(390).select(["customer_id", "churned"]).to_pydict()


def test_without_a_folder_for_the_batch_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.csv", ROWS)
    schema, folders = write_schema(tmp_path, SMALL), OUTPUTS[:-1]
    outputs = [f"--{name}={tmp_path / 'out' / name}" for name in folders]

    code = main([f"--input={tmp_path / 'raw'}", f"--schema={schema}", *outputs, "--train-id-end=300"])

    assert code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(folders)
    assert "to score" not in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--labels=there", "--batch-id-start=1", "--batch-id-end=9"])
def test_labels_or_ids_of_no_batch_are_refused(tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = write_schema(tmp_path, SMALL)

    assert main([f"--input={tmp_path}", f"--schema={schema}", option]) == 1

    assert "no folder for the batch: name it with --batch, or leave out --labels" in capsys.readouterr().err


def test_files_to_score_stay_below_the_limit(tmp_path: Path) -> None:
    rows = small_rows(20_000, plan=[f"plan {number % 9}" for number in range(20_000)])
    write_rows(tmp_path / "raw/a.parquet", rows)

    run(tmp_path, "--max-file-mb=0.1")

    paths = sorted((tmp_path / "out/batch").iterdir())
    assert len(paths) > 3
    assert max(path.stat().st_size for path in paths) <= 100_000
    assert read_parts(tmp_path / "out/batch")["customer_id"].to_pylist() == rows["customer_id"].to_pylist()


def test_row_larger_than_the_limit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    assert "is larger than a file may be (100 bytes): raise --max-file-mb" in refusal(
        tmp_path, capsys, "--max-file-mb=0.0001"
    )


def test_second_run_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", small_rows(20_000))

    run(tmp_path, "--max-file-mb=0.1")
    run(tmp_path)

    assert [path.name for path in (tmp_path / "out/batch").iterdir()] == ["part-00000.parquet"]


@pytest.mark.parametrize("labels", [[True, False], ["yes", "no"], [1.0, 0.0], [1, 0]])
def test_labels_of_any_type_become_zero_and_one(tmp_path: Path, labels: list[Any]) -> None:
    positive, negative = labels
    classes = [0, 1] if isinstance(positive, float) else [negative, positive]
    column = [positive if label else negative for label in ROWS["churned"].to_pylist()]
    write_rows(tmp_path / "raw/a.parquet", small_rows(400, churned=column))

    assert run(tmp_path, document=SMALL | {"classes": classes}) == 0

    train = read_parts(tmp_path / "out/train")
    expected = ROWS.filter(pc.is_in(ROWS["customer_id"], value_set=train["customer_id"]))
    assert train["churned"].to_pylist() == expected["churned"].to_pylist()


def test_regression_keeps_its_target_as_a_number(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.csv", price_rows(200))

    assert run(tmp_path, document=PRICES) == 0

    assert pc.unique(read_parts(tmp_path / "out/train")["price"]).sort().to_pylist() == [10.0, 11.0, 12.0, 13.0, 14.0]


def test_ids_without_a_format_are_any_text(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.csv", small_rows(400, customer_id=[f"any {number}" for number in range(400)]))

    assert run(tmp_path, document=SMALL | {"id_format": None}) == 0


FAULTS: dict[str, tuple[dict[str, list[Any]], str]] = {
    "null id": ({"customer_id": [None]}, "column 'customer_id': the value None is refused; expected is an id on every"),
    "id of another form": (
        {"customer_id": ["C1"]},
        "column 'customer_id': the value 'C1' is refused; expected is an id as CUST_{:06d}",
    ),
    "text for a number": ({"amount": ["much"]}, "column 'amount': the value 'much' is refused; expected is a number"),
    "infinite number": (
        {"amount": ["inf"]},
        "column 'amount': the value 'inf' is refused; expected is a finite number",
    ),
    "unknown label": ({"churned": ["perhaps"]}, "column 'churned': the value 'perhaps' is refused; expected is one of"),
    "missing label": ({"churned": [None]}, "column 'churned': the value None is refused; expected is a label on every"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_csv_with_a_bad_value_is_refused_by_file_row_and_column(
    tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, message = FAULTS[fault]
    name, bad = next(iter(columns.items()))
    good = [None if value is None else str(value) for value in small_rows(20)[name].to_pylist()]
    write_rows(tmp_path / "raw/good.csv", small_rows(400))
    write_rows(tmp_path / "raw/sub/bad.csv", small_rows(20, first=401, **{name: [*good[:12], *bad, *good[13:]]}))

    line = refusal(tmp_path, capsys)

    assert "File 'sub/bad.csv', row 13, " in line
    assert message in line


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"amount": ["1"] * 400},
            "column 'amount': the value '1' is refused; expected is a number, not the type string",
        ),
        ({"amount": [True] * 400}, "expected is a number, not the type bool"),
        ({"plan": [1.5] * 400}, "column 'plan': the value 1.5 is refused; expected is a text, an integer or a boolean"),
    ],
)
def test_parquet_with_an_ill_typed_column_is_refused_by_name(
    tmp_path: Path, columns: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path / "raw/a.parquet", small_rows(400, **columns))

    line = refusal(tmp_path, capsys)

    assert "File 'a.parquet', row 1, " in line
    assert message in line


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_missing_and_extra_columns_are_refused_by_name(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["customer_id", "amount", "tariff", "churned"]
    write_rows(tmp_path / f"raw/a.{suffix}", ROWS.rename_columns(names))

    line = refusal(tmp_path, capsys)

    assert f"File 'a.{suffix}' is refused: missing columns ['plan'], extra ['tariff']" in line
    assert "expected are 'customer_id', 'amount', 'plan', 'churned'" in line


def test_column_that_a_header_names_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.csv").write_text("customer_id,amount,amount,plan,churned\nCUST_000001,1,2,basic,0\n")

    assert "twice ['amount']" in refusal(tmp_path, capsys)


def test_line_with_too_few_values_is_refused_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.csv").write_text("customer_id,amount,plan,churned\nCUST_000001,1\n")

    line = refusal(tmp_path, capsys)

    # Arrow names the row only when it reads with one thread.
    assert "File 'a.csv' cannot be read: CSV parse error: " in line
    assert "Expected 4 columns, got 2" in line


def test_file_that_is_no_parquet_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.parquet").write_text("customer_id,amount")

    assert "File 'a.parquet' cannot be read" in refusal(tmp_path, capsys)


@pytest.mark.parametrize("content", [None, "", "customer_id,amount,plan,churned\n"])
def test_empty_input_is_refused(tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "raw").mkdir()
    if content is not None:
        (tmp_path / "raw/a.csv").write_text(content)

    line = refusal(tmp_path, capsys)

    assert "is empty" in line or "Empty CSV file" in line


def test_id_twice_is_refused_with_both_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.csv", small_rows(200))
    write_rows(tmp_path / "raw/b.parquet", small_rows(200, first=150))

    assert "Id 'CUST_000150' occurs twice, in 'a.csv' row 150 and in 'b.parquet' row 1" in refusal(tmp_path, capsys)


def test_ids_that_only_share_a_hash_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def colliding(ids: pa.Array) -> Any:
        return np.array([int(text[-6:]) // 2 * 0x9E3779B97F4A7C15 % 2**64 for text in ids.to_pylist()], dtype=np.uint64)

    monkeypatch.setattr("unique_ids.hash_ids", colliding)
    write_rows(tmp_path / "raw/a.parquet", ROWS)

    assert run(tmp_path) == 0


@pytest.mark.parametrize("label", [0, 1])
def test_label_of_one_class_is_refused(tmp_path: Path, label: int, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.csv", small_rows(400, churned=[label] * 400))

    line = refusal(tmp_path, capsys)

    assert f"Target 'churned' has the one class '{label}' in all" in line
    assert "of the train split; both of '0', '1' are needed" in line


def test_no_rows_to_train_with_is_refused_by_range(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.csv", ROWS)

    assert "Too few rows to train: ids 1000 to last give train 0" in refusal(tmp_path, capsys, "--train-id-start=1000")


def test_no_rows_to_score_is_refused_by_range(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "raw/a.csv", ROWS)

    line = refusal(tmp_path, capsys, "--batch-id-start=1000", "--batch-id-end=2000")

    assert "No rows to score: the input has none of the ids 1000 to 2000" in line


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        (["--test-fraction=0.9"], {}, "The fractions '0.15', '0.9' of validation and test are refused"),
        (["--validation-fraction=0"], {}, "both must be above 0"),
        (["--max-file-mb=0"], {}, "it must be above 0"),
        (["--train-id-end=3"], {"id_format": None}, "An id range needs id_format"),
        (["--train-id-end=ten"], {}, "The id bound 'ten' is refused: write a whole number, or nothing for no bound"),
    ],
)
def test_impossible_arguments_are_refused(
    tmp_path: Path, options: list[str], change: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refusal(tmp_path, capsys, *options, document=SMALL | change)


def test_parquet_groups_do_not_grow_with_the_input(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw/a.parquet", small_rows(70_000))

    run(tmp_path)

    metadata = pq.ParquetFile(tmp_path / "out/batch/part-00000.parquet").metadata
    assert [metadata.row_group(index).num_rows for index in range(3)] == [32_768, 32_768, 4464]

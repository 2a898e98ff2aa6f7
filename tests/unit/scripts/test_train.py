import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from dataset_schema import Schema
from inference import model_fn
from signature import Signature
from train import main

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows, write_rows

VARIABLES = {
    "SM_CHANNEL_TRAIN": "train",
    "SM_CHANNEL_VALIDATION": "validation",
    "SM_CHANNEL_SIGNATURE": "signature",
    "SM_MODEL_DIR": "model",
    "SM_OUTPUT_DATA_DIR": "report",
}


@pytest.fixture(autouse=True)
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, folder in VARIABLES.items():
        monkeypatch.setenv(variable, str(tmp_path / folder))


def prepare(folder: Path, document: dict[str, Any] = SMALL, **columns: Any) -> None:
    rows = small_rows(200, **columns) if document is SMALL else price_rows(200)
    write_rows(folder / "train/a.parquet", rows.slice(0, 150))
    write_rows(folder / "validation/a.parquet", rows.slice(150))
    Signature.fit(Schema.from_document(document), rows.to_batches).save(folder / "signature")


def test_model_folder_holds_model_signature_and_serving_code(tmp_path: Path) -> None:
    prepare(tmp_path)

    assert main(["--num_round", "5"]) == 0

    names = {path.relative_to(tmp_path / "model").as_posix() for path in (tmp_path / "model").rglob("*.*")}
    assert names == {
        "model.ubj",
        "signature.json",
        "verification.json",
        "code/inference.py",
        "code/signature.py",
        "code/dataset_schema.py",
    }
    assert model_fn(str(tmp_path / "model")).signature == Signature.load(tmp_path / "signature")


@pytest.mark.parametrize(
    ("document", "pattern"), [(SMALL, r"validation-auc:([0-9\.]+)"), (PRICES, r"validation-rmse:([0-9\.]+)")]
)
def test_log_has_a_line_for_each_round_that_the_metric_definitions_match(
    tmp_path: Path, document: dict[str, Any], pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, document)

    main(["--num_round", "5", "--early_stopping_rounds", "0"])

    # One more for the round that was kept.
    assert len(re.findall(pattern, capfd.readouterr().out)) == 5 + 1


def test_last_metric_of_the_log_is_that_of_the_kept_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A tuning job compares models by it."""
    prepare(tmp_path)

    main(["--num_round", "100", "--early_stopping_rounds", "3"])

    report = json.loads((tmp_path / "report/training.json").read_text())
    kept = report["history"]["validation"]["auc"][report["best_round"]]
    assert float(re.findall(r"validation-auc:([0-9\.]+)", capfd.readouterr().out)[-1]) == pytest.approx(kept, abs=1e-5)


def test_early_stopping_keeps_the_trees_up_to_the_best_round(tmp_path: Path) -> None:
    prepare(tmp_path)

    main(["--num_round", "100", "--early_stopping_rounds", "3"])

    report = json.loads((tmp_path / "report/training.json").read_text())
    values = report["history"]["validation"]["auc"]
    assert report["best_round"] == int(np.argmax(values))
    assert model_fn(str(tmp_path / "model")).booster.num_boosted_rounds() == report["best_round"] + 1
    assert len(values) == report["best_round"] + 4


def test_report_names_the_features(tmp_path: Path) -> None:
    prepare(tmp_path)

    main(["--num_round", "5"])

    report = json.loads((tmp_path / "report/training.json").read_text())
    assert set(report["gain"]) == {"amount", "plan"}


def test_training_twice_gives_the_same_model(tmp_path: Path) -> None:
    prepare(tmp_path)

    main(["--num_round", "5"])
    first = (tmp_path / "model/model.ubj").read_bytes()
    main(["--num_round", "5"])

    assert (tmp_path / "model/model.ubj").read_bytes() == first


def test_rows_in_another_order_and_other_files_give_the_same_model(tmp_path: Path) -> None:
    prepare(tmp_path)
    options = ["--num_round", "10", "--subsample", "0.5"]
    main(options)
    first = (tmp_path / "model/model.ubj").read_bytes()

    rows = small_rows(200).slice(0, 150)
    shuffled = rows.take(np.random.default_rng(7).permutation(150))
    (tmp_path / "train/a.parquet").unlink()
    write_rows(tmp_path / "train/b.parquet", shuffled.slice(0, 40))
    write_rows(tmp_path / "train/c.parquet", shuffled.slice(40))
    main(options)

    assert (tmp_path / "model/model.ubj").read_bytes() == first


def test_hyperparameters_reach_xgboost(tmp_path: Path) -> None:
    prepare(tmp_path)

    main(["--num_round", "1", "--max_depth", "1", "--early_stopping_rounds", "0"])

    booster = xgb.Booster(model_file=tmp_path / "model/model.ubj")
    assert len(booster.get_dump()[0].strip().splitlines()) == 3


def test_impossible_hyperparameter_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path)

    code = main(["--subsample", "7"])

    assert code == 1
    assert "XGBoost refused to train with" in capsys.readouterr().err


def test_unknown_hyperparameter_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--max_dept", "3"])
    assert "unrecognized arguments: --max_dept 3" in capsys.readouterr().err


def test_label_of_one_class_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path, churned=[0] * 200)

    assert main([]) == 1
    assert "are of one class only: a model needs rows of both" in capsys.readouterr().err


def test_column_that_the_signature_does_not_know_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path)
    write_rows(tmp_path / "train/b.parquet", small_rows(10).rename_columns(["customer_id", "sum", "plan", "churned"]))

    assert main([]) == 1
    assert "missing columns ['amount'], extra ['sum']" in capsys.readouterr().err


def test_folder_that_nobody_named_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SM_CHANNEL_SIGNATURE")

    assert main([]) == 1
    assert "These folders are not named: '--signature'" in capsys.readouterr().err

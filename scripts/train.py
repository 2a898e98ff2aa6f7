"""Trains the XGBoost model and packs it with its signature and the code that serves it.

Its bundle: train.py, verification_rows.py, signature.py, dataset_schema.py, id_shares.py, inference.py.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import xgboost as xgb
from dataset_schema import (
    TRAINING_FAILURE,
    DataRefused,
    ScriptError,
    exit_code,
    find_files,
    hash_ids,
    new_parser,
    quoted,
    say,
)
from inference import MODEL_FILE, THRESHOLD
from signature import Matrix, Signature
from verification_rows import VerificationRows

SERVING_CODE = ("inference.py", "signature.py", "dataset_schema.py")
REPORT_FILE = "training.json"
BOOSTER_PARAMETERS: dict[str, tuple[type[int] | type[float], float, str]] = {
    "max_depth": (int, 6, "depth of a tree"),
    "eta": (float, 0.1, "step size"),
    "min_child_weight": (float, 1, "least weight of a leaf"),
    "subsample": (float, 0.8, "share of the rows for each tree"),
    "colsample_bytree": (float, 0.8, "share of the columns for each tree"),
    "gamma": (float, 0, "least gain of a split"),
    "lambda": (float, 1, "L2 penalty"),
    "alpha": (float, 0, "L1 penalty"),
    "max_bin": (int, 256, "bins of a numeric column"),
    "scale_pos_weight": (float, 1, "weight of the positive class"),
}
"""XGBoost's own names, with type, default and meaning."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the data is, where the model goes, and how to train it."""

    train: Path
    validation: Path
    signature: Path
    model: Path
    report: Path | None
    parameters: dict[str, Any]
    rounds: int
    early_stopping_rounds: int


@dataclass(frozen=True, slots=True)
class Split:
    """One split as the model sees it."""

    matrix: Matrix
    labels: npt.NDArray[np.float32]


def train(plan: Plan) -> None:
    """Train on one split, stop early by the other, and write the model's folder."""
    signature = Signature.load(plan.signature)
    train_split, validation_split = (read_split(folder, signature) for folder in (plan.train, plan.validation))
    say(f"Training on {len(train_split.labels)} rows, validating on {len(validation_split.labels)}.")
    booster, history = fit(signature, train_split, validation_split, plan)
    metric, values = list(history["validation"].items())[-1]
    best = booster.num_boosted_rounds() - 1
    verification = VerificationRows.scored(booster, signature, plan.validation, THRESHOLD)
    save_model(booster, signature, plan.model)
    verification.save(plan.model)
    if plan.report is not None:
        plan.report.mkdir(parents=True, exist_ok=True)
        gain = booster.get_score(importance_type="gain")
        gain = {name: gain.get(f"f{index}", 0.0) for index, name in enumerate(signature.names)}
        report = {"best_round": best, "history": history, "gain": gain}
        (plan.report / REPORT_FILE).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    say(f"Kept {best + 1} of {len(values)} trees; validation {metric} is {values[best]:.5f}.")
    # As XGBoost writes a round: the service takes the last value, and it shall be that of the model that was kept.
    say(f"[{best}]\tvalidation-{metric}:{values[best]:.5f}")


def read_split(folder: Path, signature: Signature) -> Split:
    """Read a split that preprocess.py wrote, ordered by a hash of the id: the same rows give the same model."""
    files = [pq.ParquetFile(path) for path in find_files(folder, (".parquet",))]
    rows = sum(file.metadata.num_rows for file in files)
    split = Split(np.empty((rows, len(signature.features)), np.float32), np.empty(rows, np.float32))
    hashes = np.empty(rows, np.uint64)
    start = 0
    for file in files:
        for batch in file.iter_batches():
            end = start + batch.num_rows
            split.matrix[start:end] = signature.apply(batch, also=(signature.target,)).matrix
            split.labels[start:end] = signature.labels(batch.column(signature.target))
            hashes[start:end] = hash_ids(batch.column(signature.id_column))
            start = end
    if not signature.is_regression and len(np.unique(split.labels)) != 2:
        raise DataRefused(f"The labels in {str(folder)!r} are of one class only: a model needs rows of both.")
    if not rows:
        raise DataRefused(f"The split in {str(folder)!r} has no rows.")
    order = np.argsort(hashes, kind="stable")
    return Split(split.matrix[order], split.labels[order])


def fit(signature: Signature, train_split: Split, validation_split: Split, plan: Plan) -> tuple[Any, dict[str, Any]]:
    """Train and return the booster, cut after its best round, and each round's metrics."""
    metrics = ["mae", "rmse"] if signature.is_regression else ["logloss", "auc"]
    objective = "reg:squarederror" if signature.is_regression else "binary:logistic"
    # Columns have no names here: the signature knows them, and XGBoost forbids some characters that a header may have.
    matrices = [xgb.DMatrix(split.matrix, label=split.labels) for split in (train_split, validation_split)]
    history: dict[str, Any] = {}
    # Early stopping looks at the last metric of the last data set: validation's auc or rmse.
    try:
        booster = xgb.train(
            plan.parameters | {"objective": objective, "eval_metric": metrics, "tree_method": "hist"},
            matrices[0],
            num_boost_round=plan.rounds,
            evals=[(matrices[0], "train"), (matrices[1], "validation")],
            early_stopping_rounds=plan.early_stopping_rounds or None,
            evals_result=history,
        )
    except (ValueError, xgb.core.XGBoostError) as error:
        raise ScriptError(f"XGBoost refused to train with {plan.parameters}: {error}") from error
    if plan.early_stopping_rounds:
        booster = booster[: booster.best_iteration + 1]
    return booster, history


def save_model(booster: Any, signature: Signature, folder: Path) -> None:
    """Write what becomes model.tar.gz: the model, the signature, and the code that serves them."""
    code = folder / "code"
    code.mkdir(parents=True, exist_ok=True)
    booster.save_model(folder / MODEL_FILE)
    signature.save(folder)
    for name in SERVING_CODE:
        shutil.copyfile(Path(__file__).parent / name, code / name)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        folders = {name: getattr(given, name) for name in ("train", "validation", "signature", "model_dir")}
        unnamed = [f"--{name.replace('_', '-')}" for name, folder in folders.items() if folder is None]
        if unnamed:
            raise ScriptError(
                f"These folders are not named: {quoted(unnamed)}; a training job sets them as SM_… names."
            )
        parameters = {name: getattr(given, name) for name in BOOSTER_PARAMETERS}
        train(
            Plan(
                train=given.train,
                validation=given.validation,
                signature=given.signature,
                model=given.model_dir,
                report=given.output_data_dir,
                parameters=parameters | {"seed": given.seed},
                rounds=given.num_round,
                early_stopping_rounds=given.early_stopping_rounds,
            )
        )

    return exit_code(work, TRAINING_FAILURE)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    for name, variable in (
        ("--train", "SM_CHANNEL_TRAIN"),
        ("--validation", "SM_CHANNEL_VALIDATION"),
        ("--signature", "SM_CHANNEL_SIGNATURE"),
        ("--model-dir", "SM_MODEL_DIR"),
        ("--output-data-dir", "SM_OUTPUT_DATA_DIR"),
    ):
        value = os.environ.get(variable)
        parser.add_argument(name, type=Path, default=value and Path(value), help=f"folder; from {variable}")
    for parameter, (kind, default, meaning) in BOOSTER_PARAMETERS.items():
        parser.add_argument(f"--{parameter}", type=kind, default=default, help=meaning)
    parser.add_argument("--num_round", type=int, default=200, help="most trees")
    parser.add_argument("--early_stopping_rounds", type=int, default=20, help="rounds without gain; 0: train them all")
    parser.add_argument("--seed", type=int, default=42, help="of the sampling")
    return parser


if __name__ == "__main__":
    sys.exit(main())

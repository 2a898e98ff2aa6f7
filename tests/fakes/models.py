"""Small models, trained on the spot and packed as train.py packs them."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import xgboost as xgb
from dataset_schema import Schema
from inference import THRESHOLD, Model, model_fn
from signature import Signature
from train import save_model
from verification_rows import VerificationRows

from tests.fakes.datasets import write_rows


def trained(folder: Path, document: dict[str, Any], rows: pa.Table) -> Model:
    """A model of eight trees, in a folder as a training job leaves it."""
    schema = Schema.from_document(document)
    signature = Signature.fit(schema, rows.to_batches)
    matrix = signature.apply(rows, also=(schema.target,)).matrix
    objective = "reg:squarederror" if schema.is_regression else "binary:logistic"
    data = xgb.DMatrix(matrix, rows[schema.target].to_numpy())
    save_model(xgb.train({"objective": objective, "max_depth": 3}, data, 8), signature, folder)
    return model_fn(str(folder))


def packed(folder: Path, document: dict[str, Any], rows: pa.Table) -> Path:
    """The folder, with the archive that a training job leaves in S3; beside it, what is in the archive."""
    model = trained(folder / "model", document, rows)
    write_rows(folder / "validation/a.parquet", rows)
    verification = VerificationRows.scored(model.booster, model.signature, folder / "validation", THRESHOLD)
    verification.save(folder / "model")
    pack(folder)
    return folder


def pack(folder: Path) -> Path:
    """Pack the folder `model` again, after a change."""
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "model", ".")
    return folder / "model.tar.gz"

"""Small models, trained on the spot and packed as train.py packs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import xgboost as xgb
from dataset_schema import Schema
from inference import Model, model_fn
from signature import Signature
from train import save_model


def trained(folder: Path, document: dict[str, Any], rows: pa.Table) -> Model:
    """A model of eight trees, in a folder as a training job leaves it."""
    schema = Schema.from_document(document)
    signature = Signature.fit(schema, rows.to_batches)
    matrix = signature.apply(rows, also=(schema.target,)).matrix
    objective = "reg:squarederror" if schema.is_regression else "binary:logistic"
    data = xgb.DMatrix(matrix, rows[schema.target].to_numpy())
    save_model(xgb.train({"objective": objective, "max_depth": 3}, data, 8), signature, folder)
    return model_fn(str(folder))

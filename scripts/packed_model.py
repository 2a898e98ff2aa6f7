"""A model out of its model.tar.gz, and what it says of a split.

Its bundle: packed_model.py, signature.py, dataset_schema.py.
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import xgboost as xgb
from dataset_schema import DataRefused, ModelRefused, find_files
from signature import FILE_NAME, Signature

ARCHIVE, MODEL_FILE = "model.tar.gz", "model.ubj"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PackedModel:
    """A booster and how it reads rows."""

    booster: Any
    signature: Signature

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the model and its signature out of an archive; nothing is extracted to disk.

        Raises:
            ModelRefused: the archive or the model in it cannot be read.
        """
        try:
            with tarfile.open(path) as archive:
                model, signature = (_member(archive, name) for name in (MODEL_FILE, FILE_NAME))
        except (OSError, EOFError, tarfile.TarError) as error:
            raise ModelRefused(f"The archive {str(path)!r} cannot be read: {error}.") from error
        booster = xgb.Booster()
        try:
            booster.load_model(bytearray(model))
        except xgb.core.XGBoostError as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelRefused(f"The {MODEL_FILE} in {str(path)!r} cannot be loaded: {reason}") from error
        return cls(booster, Signature.from_json(signature.decode("utf-8")))

    def score(self, folder: Path) -> tuple[Floats, Floats]:
        """Return labels and predictions (probabilities of the positive class, or numbers) of every row of a split.

        Raises:
            DataRefused: the split has other columns than the signature, or too few labels to measure anything.
            ModelRefused: a prediction is no number.
        """
        labels, predictions = [], []
        for path in find_files(folder, (".parquet",)):
            for batch in pq.ParquetFile(path).iter_batches():
                # First, because it says which columns are missing.
                matrix = self.signature.apply(batch, also=(self.signature.target,)).matrix
                labels.append(self.signature.labels(batch.column(self.signature.target)))
                predictions.append(self.booster.inplace_predict(matrix, validate_features=False))
        if sum(map(len, labels)) < 2:
            raise DataRefused(f"The test split in {str(folder)!r} has fewer than two rows: give more test data.")
        every, scored = (np.concatenate(parts).astype(np.float64) for parts in (labels, predictions))
        if not self.signature.is_regression and len(np.unique(every)) != 2:
            raise DataRefused(f"The labels in {str(folder)!r} are of one class only: an evaluation needs rows of both.")
        wrong = int(np.count_nonzero(~np.isfinite(scored)))
        if wrong:
            raise ModelRefused(f"The model predicts no finite number for {wrong} of {len(scored)} rows: train again.")
        return every, scored


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    for member in archive:
        if member.isfile() and member.name.removeprefix("./") == name:
            content = archive.extractfile(member)
            if content is not None:
                return content.read()
    raise ModelRefused(f"The archive has no {name}: is it one that train.py's job made?")

import tarfile
from pathlib import Path

import numpy as np
import pytest
from dataset_schema import DataRefused, ModelRefused
from packed_model import PackedModel
from signature import Matrix

from tests.fakes.datasets import SMALL, small_rows, write_rows
from tests.fakes.models import pack, packed


class Silent:
    """A booster that has no number to give."""

    def inplace_predict(self, matrix: Matrix, **_: bool) -> Matrix:
        return np.full(len(matrix), np.nan, dtype=np.float32)


def test_archive_without_a_signature_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ubj").write_bytes(b"{}")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "model.ubj", "model.ubj")

    with pytest.raises(ModelRefused, match=r"The archive has no signature.json"):
        PackedModel.load(tmp_path / "model.tar.gz")


@pytest.mark.parametrize("content", [None, b"no archive"])
def test_archive_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "model.tar.gz").write_bytes(content)

    with pytest.raises(ModelRefused, match=r"model.tar.gz' cannot be read"):
        PackedModel.load(tmp_path / "model.tar.gz")


def test_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, SMALL, small_rows()) / "model.tar.gz"
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(ModelRefused, match=r"model.tar.gz' cannot be read: Compressed file ended before"):
        PackedModel.load(path)


def test_model_that_xgboost_cannot_load_is_refused(tmp_path: Path) -> None:
    packed(tmp_path, SMALL, small_rows())
    (tmp_path / "model/model.ubj").write_bytes(b"{}")

    with pytest.raises(ModelRefused, match=r"The model.ubj in '.*model.tar.gz' cannot be loaded: "):
        PackedModel.load(pack(tmp_path))


def test_split_with_other_columns_is_refused(tmp_path: Path) -> None:
    model = PackedModel.load(packed(tmp_path, SMALL, small_rows()) / "model.tar.gz")
    write_rows(tmp_path / "test/a.parquet", small_rows().rename_columns(["customer_id", "sum", "plan", "churned"]))

    with pytest.raises(DataRefused, match=r"missing columns \['amount'\], extra \['sum'\]"):
        model.score(tmp_path / "test")


def test_model_that_predicts_no_number_is_refused(tmp_path: Path) -> None:
    signature = PackedModel.load(packed(tmp_path, SMALL, small_rows()) / "model.tar.gz").signature
    write_rows(tmp_path / "test/a.parquet", small_rows(40))

    with pytest.raises(ModelRefused, match="The model predicts no finite number for 40 of 40 rows: train again"):
        PackedModel(Silent(), signature).score(tmp_path / "test")

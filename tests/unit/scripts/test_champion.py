import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from champion import score_champion
from dataset_schema import ModelRefused, Schema
from evaluate import measure
from gate_verdict import Champion
from signature import Signature

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows, write_rows
from tests.fakes.models import pack, packed
from tests.fakes.s3 import FakeS3

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/3"
URI = "s3://lake/models/3/model.tar.gz"


class Broken:
    """S3 that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def download_file(self, *_: str) -> None:
        raise self.error


def scored(folder: Path, s3: Any, uri: str = URI) -> Champion:
    write_rows(folder / "test/a.parquet", small_rows(40))
    challenger = Signature.fit(Schema.from_document(SMALL), small_rows().to_batches)
    return score_champion(s3, ARN, uri, challenger, folder / "test", measure)


def lake_with(folder: Path) -> FakeS3:
    s3 = FakeS3()
    s3.objects["lake", "models/3/model.tar.gz"] = (folder / "model.tar.gz").read_bytes()
    return s3


def with_signature(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "model/signature.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def with_file(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "model" / name).write_bytes(content)

    return change


def test_champion_is_measured(tmp_path: Path) -> None:
    champion = scored(tmp_path, lake_with(packed(tmp_path, SMALL, small_rows())))

    assert (champion.arn, champion.error) == (ARN, None)
    assert 0 < champion.metrics["binary_classification_metrics"]["auc"]["value"] <= 1


def test_champion_of_other_columns_is_returned_with_the_reason(tmp_path: Path) -> None:
    other = SMALL | {"features": [{"name": "amount", "kind": "numeric"}, {"name": "size", "kind": "numeric"}]}
    rows = small_rows().drop_columns("plan").append_column("size", small_rows()["amount"])

    champion = scored(tmp_path, lake_with(packed(tmp_path, other, rows)))

    assert champion.metrics == {}
    assert "missing columns ['size'], extra ['plan']" in str(champion.error)


def test_champion_of_another_problem_is_returned_with_the_reason(tmp_path: Path) -> None:
    champion = scored(tmp_path, lake_with(packed(tmp_path, PRICES, price_rows())))

    assert champion.error == "its problem_type is 'regression', this model's is 'binary_classification'"


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (with_signature(target="left"), "its target is 'left', this model's is 'churned'"),
        (with_signature(classes=["1", "0"]), "its classes is '1', '0', this model's is '0', '1'"),
        (with_signature(version=7), "Signature version 7 is refused"),
        (with_file("model.ubj", b"{}"), "cannot be loaded"),
    ],
)
def test_champion_that_cannot_be_used_is_returned_with_the_reason(
    tmp_path: Path, damage: Callable[[Path], None], expected: str
) -> None:
    folder = packed(tmp_path, SMALL, small_rows())
    damage(folder)
    pack(folder)

    champion = scored(tmp_path, lake_with(folder))

    assert champion.metrics == {}
    assert expected in str(champion.error)


def test_champion_whose_archive_is_gone_is_returned_with_the_reason(tmp_path: Path) -> None:
    assert scored(tmp_path, FakeS3()).error == f"its archive {URI} is not in S3"


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject"),
        EndpointConnectionError(endpoint_url="https://s3"),
    ],
)
def test_champion_that_s3_does_not_give_ends_the_job(tmp_path: Path, error: Exception) -> None:
    """Otherwise a role that may not read it would let every model pass."""
    with pytest.raises(ModelRefused, match=rf"The champion's archive {URI} cannot be downloaded: ") as caught:
        scored(tmp_path, Broken(error))
    assert str(error) in str(caught.value)


@pytest.mark.parametrize("uri", ["/models/3/model.tar.gz", "s3://lake", "s3:///key", "https://lake/key"])
def test_champion_without_an_s3_address_ends_the_job(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ModelRefused, match=f"The champion's address '{uri}' is refused: write s3://bucket/key"):
        scored(tmp_path, FakeS3(), uri)

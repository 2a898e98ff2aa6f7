"""A model scores a batch, its rows are published, and labels say how good it was: at once, and later."""

import json
from pathlib import Path
from typing import Any

import evaluate_batch
import publish
import pyarrow as pa
import pyarrow.csv
import pytest
from inference import CSV, PARQUET, Model, input_fn, output_fn, predict_fn
from sklearn import metrics as scores

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows, write_rows, write_schema
from tests.fakes.glue import FakeGlue
from tests.fakes.models import trained
from tests.fakes.s3 import FakeS3
from tests.fakes.web_page import WebPage

DAY = "2026-01-31"


class Batch:
    """Rows in two files to score, with a model that was trained on them."""

    def __init__(self, folder: Path, document: dict[str, Any], rows: pa.Table) -> None:
        self.folder, self.rows, self.target = folder, rows, document["target"]
        self.schema = write_schema(folder / "schema", document)
        self.model: Model = trained(folder / "model", document, rows)

    def parts(self) -> list[pa.Table]:
        middle = self.rows.num_rows // 2
        return [self.rows.slice(0, middle), self.rows.slice(middle)]

    def score(self, kind: str) -> None:
        """Answer each file as the serving container does."""
        suffix = "csv" if kind == CSV else "parquet"
        for number, part in enumerate(self.parts()):
            features = part.drop_columns(self.target)
            path = write_rows(self.folder / f"batch/part-{number:05d}.parquet", features)
            body = path.read_bytes() if kind == PARQUET else _headerless(features)
            answer, _ = output_fn(predict_fn(input_fn(body, kind), self.model), kind)
            scored = self.folder / f"predictions/{path.stem}.{suffix}.out"
            scored.parent.mkdir(exist_ok=True)
            scored.write_bytes(answer)

    def evaluate(self, *options: str) -> dict[str, Any]:
        output = self.folder / "evaluation"
        assert evaluate_batch.main([f"--schema={self.schema}", f"--output={output}", f"--day={DAY}", *options]) == 0
        WebPage((output / "report.html").read_text(encoding="utf-8"))
        document: dict[str, Any] = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
        return document

    def evaluate_at_once(self) -> dict[str, Any]:
        labels = self.rows.select(["customer_id", self.target]).sort_by([("customer_id", "descending")])
        write_rows(self.folder / "labels/part-00000.parquet", labels)
        origin = ["--model-package-arn=arn:model/1", "--execution-id=run-1"]
        return self.evaluate(*(f"--{name}={self.folder / name}" for name in ("predictions", "labels")), *origin)

    def evaluate_later(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        """Publish the rows, then read them back and join a file that somebody wrote."""
        clients = {"s3": FakeS3(), "glue": FakeGlue()}
        monkeypatch.setattr("boto3.client", lambda service, **_: clients[service])
        arguments = {"database": "scores", "table": "daily", "location": "s3://lake/out/", "inference-date": DAY}
        origin = {"execution-id": "run-1", "model-package-arn": "arn:model/1", "schema": self.schema}
        folders = {name: self.folder / name for name in ("predictions", "batch")}
        options = [f"--{name}={value}" for name, value in (arguments | origin | folders).items()]
        assert publish.main(options) == 0
        write_rows(self.folder / "raw/labels.csv", self.rows.select([self.target, "amount", "customer_id"]))
        return self.evaluate("--table=scores.daily", f"--raw-labels={self.folder / 'raw'}")


def _headerless(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, sink, pyarrow.csv.WriteOptions(include_header=False))
    return bytes(sink.getvalue())


@pytest.fixture
def churn(tmp_path: Path) -> Batch:
    return Batch(tmp_path, SMALL, small_rows(300))


@pytest.mark.parametrize("kind", [PARQUET, CSV])
def test_scored_batch_is_measured_as_scikit_learn_does_on_the_same_rows(churn: Batch, kind: str) -> None:
    churn.score(kind)

    found = churn.evaluate_at_once()

    body = _headerless(churn.rows.drop_columns("churned"))
    table = predict_fn(input_fn(body, CSV), churn.model).table
    labels, probabilities = churn.rows["churned"].to_pylist(), table["prediction_probability"].to_pylist()
    assert found["roc_auc"] == pytest.approx(scores.roc_auc_score(labels, probabilities))
    assert found["f1_score"] == pytest.approx(scores.f1_score(labels, table["prediction"].to_pylist()))
    assert (found["rows"], found["labelled_rows"], found["unknown_labels"]) == (300, 300, 0)


@pytest.mark.parametrize("is_regression", [False, True])
def test_labels_that_come_later_give_the_same_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_regression: bool
) -> None:
    batch = Batch(tmp_path, PRICES, price_rows(200)) if is_regression else Batch(tmp_path, SMALL, small_rows(200))
    batch.score(PARQUET)

    at_once, later = batch.evaluate_at_once(), batch.evaluate_later(monkeypatch)

    assert later == at_once
    assert later["evaluated"]
    assert later["model_package_arn"] == "arn:model/1"

"""The scripts one after the other on the same folders, as the steps of a pipeline run them."""

import io
import json
import os
import re
import resource
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import evaluate
import export_breast_cancer
import generate_customers
import numpy as np
import prepare_batch
import preprocess
import publish
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import train
import xgboost as xgb
from inference import PARQUET, input_fn, model_fn, output_fn, predict_fn

from pipelines.config import load
from tests.fakes.datasets import (
    CUSTOMERS,
    PRICES,
    abalone_rows,
    price_rows,
    read_parts,
    write_headerless,
    write_rows,
    write_schema,
)
from tests.fakes.glue import FakeGlue
from tests.fakes.s3 import FakeS3

SCRIPTS = Path(__file__).parents[3] / "scripts"
CONFIGS = SCRIPTS.with_name("configs")

GATE = ["--metric=binary_classification_metrics.auc.value", "--comparison=at_least"]
CHAMPION = [
    "--champion-arn=arn:aws:sagemaker:us-west-2:000000000000:model-package/churn-models/1",
    "--champion-model-uri=s3://models/1/model.tar.gz",
    "--region=us-west-2",
]
MAX_HELP_CPU_SECONDS = 3.0  # about one on an idle machine; processor time, so that other tests do not matter


class Chain:
    """One folder for each step's output."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        self.folder = folder
        self.schema = write_schema(folder / "schema", document)
        self.s3, self.glue = FakeS3(), FakeGlue()

    def learn(self, *options: str, batch: bool = True) -> dict[str, Any]:
        """Preprocess, train, evaluate; give the evaluation."""
        names = ("train", "validation", "test", "signature", *(("batch",) if batch else ()))
        outputs = [f"--{name}={self.folder / name}" for name in names]
        assert preprocess.main([f"--input={self.folder / 'raw'}", f"--schema={self.schema}", *outputs, *options]) == 0
        self.train()
        assert self.evaluate() == 0
        return self.evaluation()

    def train(self, *options: str) -> Path:
        """Train, and give the archive."""
        inputs = [f"--{name}={self.folder / name}" for name in ("train", "validation", "signature")]
        assert train.main([*inputs, f"--model-dir={self.folder / 'model'}", *options]) == 0
        return self.pack()

    def pack(self) -> Path:
        """Pack the model's folder as a training job does."""
        path = self.folder / "archive/model.tar.gz"
        path.parent.mkdir(exist_ok=True)
        with tarfile.open(path, "w:gz") as archive:
            archive.add(self.folder / "model", ".")
        return path

    def evaluate(self, *options: str) -> int:
        """Evaluate, and give the exit code."""
        folders = {"model": "archive", "test": "test", "output": "evaluation"}
        return evaluate.main([*(f"--{name}={self.folder / folder}" for name, folder in folders.items()), *options])

    def evaluation(self) -> dict[str, Any]:
        """What the evaluation wrote."""
        document: dict[str, Any] = json.loads((self.folder / "evaluation/evaluation.json").read_text())
        return document

    def prepare(self, *options: str) -> pa.Table:
        """Prepare a batch by itself, and give the labels that are known of it."""
        outputs = [f"--{name}={self.folder / name}" for name in ("batch", "labels")]
        assert (
            prepare_batch.main([f"--input={self.folder / 'raw'}", f"--schema={self.schema}", *outputs, *options]) == 0
        )
        return read_parts(self.folder / "labels")

    def score(self) -> None:
        """Answer each file as the serving container does."""
        model = model_fn(str(self.folder / "model"))
        (self.folder / "predictions").mkdir(exist_ok=True)
        for path in (self.folder / "batch").iterdir():
            answer, _ = output_fn(predict_fn(input_fn(path.read_bytes(), PARQUET), model), PARQUET)
            (self.folder / f"predictions/{path.name}.out").write_bytes(answer)

    def publish(self, monkeypatch: pytest.MonkeyPatch) -> pa.Table:
        """Publish with fakes, and give the day's rows."""
        clients = {"s3": self.s3, "glue": self.glue}
        monkeypatch.setattr("boto3.client", lambda service, **_: clients[service])
        code = publish.main(
            [
                *(f"--{name}={self.folder / name}" for name in ("predictions", "batch")),
                f"--schema={self.schema}",
                "--database=scores",
                "--table=daily",
                "--location=s3://lake/out/",
                "--inference-date=2026-01-31",
                "--execution-id=run-1",
                "--model-package-arn=arn:model/1",
            ]
        )
        assert code == 0
        return self.s3.read_table(self.glue.location("scores", "daily", "2026-01-31"))


@pytest.fixture
def churn(tmp_path: Path) -> Chain:
    generate_customers.main(["--rows=5000", f"--output={tmp_path / 'raw'}"])
    return Chain(tmp_path, CUSTOMERS)


def test_churn_reaches_the_attainable_auc_and_every_customer_is_published(
    churn: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = churn.learn("--train-id-end=4000", "--batch-id-start=4000", "--batch-id-end=5000")
    churn.score()

    table = churn.publish(monkeypatch)

    assert 0.80 < evaluation["binary_classification_metrics"]["auc"]["value"] < 0.88
    assert table["customer_id"].to_pylist() == [f"CUST_{number:06d}" for number in range(4000, 5001)]
    assert set(table["prediction"].to_pylist()) == {0, 1}


def test_served_probabilities_are_those_of_the_trained_booster(churn: Chain) -> None:
    churn.learn("--train-id-end=4000", "--batch-id-start=4000", "--batch-id-end=5000")
    churn.score()

    served = pq.read_table(io.BytesIO((churn.folder / "predictions/part-00000.parquet.out").read_bytes()))

    booster = xgb.Booster(model_file=churn.folder / "model/model.ubj")
    signature = model_fn(str(churn.folder / "model")).signature
    direct = booster.predict(xgb.DMatrix(signature.apply(read_parts(churn.folder / "batch")).matrix))
    assert served["prediction_probability"].to_pylist() == [float(value) for value in direct]


def test_breast_cancer_runs_with_another_schema_and_no_other_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_breast_cancer.main([f"--output={tmp_path / 'raw'}"])
    names = export_breast_cancer.breast_cancer().column_names[1:-1]
    document = CUSTOMERS | {
        "id_column": "sample_id",
        "id_format": "SAMPLE_{:04d}",
        "event_time_column": None,
        "target": "diagnosis",
        "classes": ["benign", "malignant"],
        "features": [{"name": name, "kind": "numeric"} for name in names],
    }
    chain = Chain(tmp_path, document)

    evaluation = chain.learn()
    chain.score()
    table = chain.publish(monkeypatch)

    assert evaluation["binary_classification_metrics"]["auc"]["value"] > 0.95
    assert (table.num_rows, table.column_names[0]) == (569, "sample_id")


def test_regression_runs_through_every_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(tmp_path / "raw/prices.csv", price_rows(500))
    chain = Chain(tmp_path, PRICES)

    evaluation = chain.learn()
    chain.score()
    table = chain.publish(monkeypatch)

    assert evaluation["regression_metrics"]["rmse"]["value"] < 2
    assert table["prediction"].type == pa.float64()
    assert table["prediction_probability"].null_count == 500


def test_abalone_runs_from_a_file_without_header_or_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_headerless(tmp_path / "raw/abalone.csv", abalone_rows(800))
    document = load([CONFIGS / "abalone.yaml"]).dataset.as_schema()
    chain = Chain(tmp_path, document)

    evaluation = chain.learn("--train-id-end=600", batch=False)
    labels = chain.prepare("--batch-id-start=601")
    chain.score()
    table = chain.publish(monkeypatch)

    assert evaluation["regression_metrics"]["rmse"]["value"] < 4
    assert table.column_names[0] == "abalone_id"
    assert table["abalone_id"].to_pylist() == [f"ABALONE_{number:06d}" for number in range(601, 801)]
    assert table["prediction"].type == pa.float64()
    assert labels["abalone_id"].to_pylist() == table["abalone_id"].to_pylist()
    assert np.sqrt(np.mean((labels["rings"].to_numpy() - table["prediction"].to_numpy()) ** 2)) < 4


def test_abalones_without_rings_are_scored_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = abalone_rows(800)
    write_headerless(tmp_path / "raw/abalone.csv", rows)
    chain = Chain(tmp_path, load([CONFIGS / "abalone.yaml"]).dataset.as_schema())
    chain.learn(batch=False)
    write_headerless(tmp_path / "raw/abalone.csv", rows.slice(0, 50).drop_columns("rings"))

    labels = chain.prepare()
    chain.score()

    assert labels.num_rows == 0
    assert chain.publish(monkeypatch).num_rows == 50


def test_challenger_is_held_against_the_champion_on_the_same_customers(
    churn: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = churn.learn("--train-id-end=4000", "--batch-id-start=4000", "--batch-id-end=5000")
    champion = (churn.folder / "archive/model.tar.gz").read_bytes()
    churn.s3.objects["models", "1/model.tar.gz"] = champion
    monkeypatch.setattr("boto3.client", lambda *_, **__: churn.s3)

    churn.train("--num_round=1", "--max_depth=1")
    assert churn.evaluate(*GATE, "--threshold=0.5", "--tolerance=0.01", *CHAMPION) == 0
    worse = churn.evaluation()["gate"]
    churn.train()
    assert churn.evaluate(*GATE, "--threshold=0.5", "--tolerance=0.01", *CHAMPION) == 0
    equal = churn.evaluation()["gate"]

    assert worse["champion"]["value"] == first["binary_classification_metrics"]["auc"]["value"] == equal["value"]
    assert worse["value"] > 0.5
    assert worse["shortfall"] == pytest.approx(worse["champion"]["value"] - worse["value"])
    assert not worse["passed"]
    assert re.fullmatch(
        r"auc is 0\.\d+, the threshold asks for at least 0\.50+; the champion \(version 1\) has 0\.8\d+, and at most "
        r"0\.01 less is allowed",
        worse["reason"],
    )
    assert (equal["shortfall"], equal["passed"]) == (0.0, True)


def test_model_that_was_changed_after_training_is_never_evaluated(
    churn: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    churn.learn("--train-id-end=4000", "--batch-id-start=4000", "--batch-id-end=5000")
    (churn.folder / "evaluation/evaluation.json").unlink()
    sound = (churn.folder / "model/model.ubj").read_bytes()
    churn.train("--num_round=1", "--max_depth=1")
    (churn.folder / "model/model.ubj").write_bytes(sound)
    churn.pack()
    capsys.readouterr()

    code = churn.evaluate(*GATE, "--threshold=0.5")

    assert code == 1
    assert re.fullmatch(
        r"Error: The packed model answers otherwise than the training did: application/x-parquet, row 1 \(id "
        r"'CUST_\d+'\): prediction_probability is 0\.\d+, the training's is 0\.\d+, .* train again\.\n",
        capsys.readouterr().err,
    )
    assert not (churn.folder / "evaluation/evaluation.json").exists()


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_script_runs_alone_and_helps_in_time(name: str, tmp_path: Path) -> None:
    """In an empty environment, from another folder, as a container would start it."""
    started = _children_seconds()

    ended = subprocess.run(
        [sys.executable, str(SCRIPTS / f"{name}.py"), "--help"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert _children_seconds() - started < MAX_HELP_CPU_SECONDS
    publishing = {f"publish_{part}" for part in ("day", "history", "plan", "rows", "table")}
    features = {f"feature_{part}" for part in ("group", "manifest", "query", "writer")}
    rows = {
        *("batch_rows", "csv_parts", "customer_rows", "parquet_parts", "raw_rows", "refused_rows", "typed_rows"),
        *("unique_ids", "upload_rows"),
    }
    evaluation = {
        *("batch_curves", "batch_labels", "batch_metrics", "evaluation_charts", "evaluation_page", "label_join"),
        *("markup", "published_rows", "raw_labels", "scored_rows", "svg_plot"),
    }
    libraries = {"athena_client", "athena_sql", "dataset_schema", "id_shares", "signature", "inference"}
    models = {"champion", "gate_verdict", "packed_model", "verification_rows", "verify_model"}
    is_command = name not in publishing | features | rows | evaluation | libraries | models
    assert bool(re.match(r"usage: ", ended.stdout)) is is_command


def test_refused_input_ends_a_job_with_one_line_and_code_one(tmp_path: Path) -> None:
    schema = write_schema(tmp_path, CUSTOMERS)
    (tmp_path / "raw").mkdir()

    ended = subprocess.run(
        [sys.executable, str(SCRIPTS / "preprocess.py"), f"--input={tmp_path / 'raw'}", f"--schema={schema}"]
        + [f"--{name}={tmp_path / name}" for name in ("train", "validation", "test", "signature", "batch")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"Error: The input '.*raw' is empty: put files there .*\n", ended.stderr)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

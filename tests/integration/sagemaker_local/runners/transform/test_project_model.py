"""The project's own model: trained, packed and served by the scripts as they are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sagemaker_local.records.job import JobOutcome, JobStatus
from sagemaker_local.runners import archive
from tests.integration.sagemaker_local.runners.transform.jobs import Place

SCRIPTS = Path(__file__).parents[5] / "scripts"
PARQUET = "application/x-parquet"
ROWS = 900


def run_script(name: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(SCRIPTS / name), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model.tar.gz and the batch/ to score."""
    from generate_customers import CUSTOMER_FEATURES

    folder = tmp_path_factory.mktemp("trained")
    schema = {
        "version": 1,
        "problem_type": "binary_classification",
        "id_column": "customer_id",
        "event_time_column": "event_time",
        "target": "churned",
        "classes": [0, 1],
        "features": [{"name": name, "kind": kind} for name, kind in CUSTOMER_FEATURES.items()],
    }
    (folder / "schema.json").write_text(json.dumps(schema))
    run_script("generate_customers.py", f"--rows={ROWS}", f"--output={folder / 'raw' / 'customers.parquet'}")
    splits = {name: f"--{name}={folder / name}" for name in ("train", "validation", "test", "signature", "batch")}
    run_script("preprocess.py", f"--input={folder / 'raw'}", f"--schema={folder / 'schema.json'}", *splits.values())
    inputs = [splits[name] for name in ("train", "validation", "signature")]
    run_script("train.py", *inputs, f"--model-dir={folder / 'model'}", "--num_round=5")
    archive.pack(folder / "model", folder / "model.tar.gz")
    return folder


@pytest.fixture
def place(tmp_path: Path, trained: Path) -> Place:
    place = Place(tmp_path)
    place.objects.put_file("b", "model.tar.gz", trained / "model.tar.gz")
    return place


def score(place: Place) -> JobOutcome:
    return place.run({"ContentType": PARQUET}, {"Accept": PARQUET}, MaxConcurrentTransforms=2, MaxPayloadInMB=20)


def test_ids_out_are_the_ids_in_and_every_row_has_a_probability(place: Place, trained: Path) -> None:
    rows = pa.concat_tables(pq.read_table(path) for path in sorted((trained / "batch").iterdir()))
    for number, start in enumerate(range(0, ROWS, 300)):
        part = io.BytesIO()
        pq.write_table(rows.slice(start, 300), part)
        place.put(**{f"part-{number}.parquet": part.getvalue()})

    outcome = score(place)

    assert outcome == JobOutcome(JobStatus.COMPLETED)
    stored = pa.concat_tables(pq.read_table(io.BytesIO(place.stored[name])) for name in sorted(place.stored))
    assert stored.column("customer_id").to_pylist() == rows.column("customer_id").to_pylist()
    assert all(0 <= probability <= 1 for probability in stored.column("prediction_probability").to_pylist())


def test_missing_column_fails_the_object_and_is_named(place: Place, trained: Path) -> None:
    (path, *_) = sorted((trained / "batch").iterdir())
    lacking = io.BytesIO()
    pq.write_table(pq.read_table(path).drop_columns(["age"]), lacking)
    place.put(**{"fine.parquet": path.read_bytes(), "lacking.parquet": lacking.getvalue()})

    outcome = score(place)

    assert outcome.status is JobStatus.FAILED
    reason = str(outcome.failure_reason)
    assert reason.startswith("AlgorithmError: b/in/lacking.parquet: DataRefused: ")
    assert "missing columns ['age']" in reason
    assert list(place.stored) == ["fine.parquet.out"]

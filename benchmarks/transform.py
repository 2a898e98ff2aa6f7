"""Batch transform of 3,000,000 rows, end to end, beside XGBoost's own prediction in memory and a plain pandas script.

Rows, files and model come from the project's own scripts: generated customers with 18 features (12 numeric, 6
categorical), cut by preprocess.py as the pipeline cuts them, scored by 200 trees that train.py trained and packed with
inference.py. The job runs on an endpoint of its own, through its API. Every part has a process of its own, whose peak
memory is printed; job and baseline take turns, so that other load of the machine meets both.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
sys.path[:0] = [str(ROOT), str(SCRIPTS)]

from sagemaker_local.cli.endpoint import RunningEndpoint, ensure_up  # noqa: E402 - found by the path above
from sagemaker_local.settings import Settings  # noqa: E402

ROWS = 3_000_000
SMALL_ROWS = 1_000_000
TRAINING_ROWS = 100_000
TREES = 200
TURNS = 5
CORES = os.cpu_count() or 1
BUCKET = "benchmark"
ROLE = "arn:aws:iam::000000000000:role/benchmark"
PARQUET = "application/x-parquet"
MAX_FILE_MB = 20
IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0-cpu-py3"


@dataclass(frozen=True)
class Measured:
    """One run of one part."""

    rows: int
    seconds: float
    peaks_mb: dict[str, int]

    @property
    def rows_per_second(self) -> float:
        """The figure that is compared."""
        return self.rows / self.seconds


def peak_mb(pid: int | None = None) -> int:
    """The most memory that a process, this one by default, has held, in MiB."""
    status = Path(f"/proc/{pid or 'self'}/status")
    if status.exists():  # getrusage would count what its parent held when it was started
        return next(int(line.split()[1]) >> 10 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return 0 if pid else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20


def prepare(folder: Path, rows: int) -> None:
    """Generate, cut and train with the project's scripts, and pack the model as a training job does."""
    from generate_customers import CUSTOMER_FEATURES, EVENT_TIME_COLUMN, ID_COLUMN, TARGET

    schema = {
        "version": 1,
        "problem_type": "binary_classification",
        "id_column": ID_COLUMN,
        "id_format": "CUST_{:06d}",
        "event_time_column": EVENT_TIME_COLUMN,
        "target": TARGET,
        "classes": [0, 1],
        "features": [{"name": name, "kind": kind} for name, kind in CUSTOMER_FEATURES.items()],
    }
    (folder / "schema.json").write_text(json.dumps(schema))
    script("generate_customers.py", "--rows", rows, "--output", folder / "raw", "--rows-per-file", 500_000)
    splits = [f"--{name}={folder / name}" for name in ("train", "validation", "test", "signature", "batch")]
    limits = ["--train-id-start=1", f"--train-id-end={TRAINING_ROWS}", f"--max-file-mb={MAX_FILE_MB}"]
    script("preprocess.py", f"--input={folder / 'raw'}", f"--schema={folder / 'schema.json'}", *splits, *limits)
    shutil.rmtree(folder / "raw")
    model = folder / "model"
    rounds = [f"--num_round={TREES}", "--early_stopping_rounds=0"]
    script("train.py", *splits[:2], splits[3], f"--model-dir={model}", *rounds)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        for path in sorted(model.rglob("*")):
            archive.add(path, path.relative_to(model), recursive=False)


def script(name: str, *arguments: object) -> None:
    """Run one of the project's scripts, as a job would."""
    command = [sys.executable, str(SCRIPTS / name), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def batch_files(folder: Path) -> list[Path]:
    """The files to score."""
    return sorted((folder / "batch").iterdir())


class Baseline:
    """XGBoost's inplace_predict over one float32 matrix that is already in memory."""

    def __init__(self, folder: Path) -> None:
        import numpy as np
        import xgboost
        from inference import MODEL_FILE
        from signature import Signature

        signature = Signature.load(folder / "model")
        files = [pq.ParquetFile(path) for path in batch_files(folder)]
        self._matrix = np.empty((sum(file.metadata.num_rows for file in files), len(signature.names)), np.float32)
        start = 0
        for file in files:
            for batch in file.iter_batches():
                self._matrix[start : start + batch.num_rows] = signature.apply(batch).matrix
                start += batch.num_rows
        self._booster = xgboost.Booster(model_file=folder / "model" / MODEL_FILE)
        self._booster.set_param({"nthread": CORES})

    def measure(self) -> Measured:
        """Predict all rows once."""
        begin = time.perf_counter()
        scores = self._booster.inplace_predict(self._matrix, validate_features=False)
        return Measured(len(scores), time.perf_counter() - begin, {"process": peak_mb()})


class Job:
    """The transform job on an endpoint, through its API, as the pipeline's Transform step starts it."""

    def __init__(self, folder: Path, endpoint: RunningEndpoint) -> None:
        self._pid = endpoint.pid
        os.environ.update(endpoint.environment())
        self._s3, self._sagemaker, self._logs = map(boto3.client, ("s3", "sagemaker", "logs"))
        self._fill(folder, endpoint.region)
        self._count = 0

    def measure(self, rows: int) -> Measured:
        """Run the job over (about) so many rows: from CreateTransformJob until Describe says Completed."""
        self._count += 1
        name = f"benchmark-{self._count}"
        begin = time.perf_counter()
        self._sagemaker.create_transform_job(**request(name, rows))
        while (job := self._sagemaker.describe_transform_job(TransformJobName=name))[
            "TransformJobStatus"
        ] == "InProgress":
            time.sleep(0.02)
        seconds = time.perf_counter() - begin
        if job["TransformJobStatus"] != "Completed":
            raise RuntimeError(f"{job['TransformJobStatus']}: {job.get('FailureReason')}")
        return Measured(
            self._stored_rows(name), seconds, {"endpoint": peak_mb(self._pid), "worker": self._worker_peak(name)}
        )

    def _fill(self, folder: Path, region: str) -> None:
        """Put all files under batch/3000000/ and the first third of them under batch/1000000/; make the model."""
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
        self._s3.upload_file(str(folder / "model.tar.gz"), BUCKET, "model.tar.gz")
        files = batch_files(folder)
        for rows, some in ((ROWS, files), (SMALL_ROWS, files[: max(1, len(files) // 3)])):
            for path in some:
                self._s3.upload_file(str(path), BUCKET, f"batch/{rows}/{path.name}")
        script_mode = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz", "Environment": script_mode}
        self._sagemaker.create_model(ModelName="benchmark", PrimaryContainer=container, ExecutionRoleArn=ROLE)

    def _stored_rows(self, job_name: str) -> int:
        listed = self._s3.list_objects_v2(Bucket=BUCKET, Prefix=f"out/{job_name}/")["Contents"]
        bodies = (self._s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed)
        return sum(pq.read_metadata(io.BytesIO(body)).num_rows for body in bodies)

    def _worker_peak(self, job_name: str) -> int:
        """The workers say at their end how much memory they held."""
        group = "/aws/sagemaker/TransformJobs"
        streams = self._logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job_name}/")["logStreams"]
        lines = [
            event["message"]
            for stream in streams
            for event in self._logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        ]
        return max(int(found[1]) for line in lines if (found := re.search(r"it held at most (\d+) MiB", line)))


@contextmanager
def running_job(folder: Path) -> Iterator[Job]:
    """Start an endpoint of its own on an empty folder, and stop it."""
    with tempfile.TemporaryDirectory() as temporary, socket.socket() as probe:
        root = Path(temporary) / "endpoint"
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        endpoint = ensure_up(Settings.resolve(root=root, port=port))
        try:
            yield Job(folder, endpoint)
        finally:
            down = [sys.executable, "-m", "sagemaker_local", "down", "--root", str(root)]
            subprocess.run(down, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def request(name: str, rows: int) -> dict[str, Any]:
    """The request of the pipeline's Transform step."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/batch/{rows}/"}
    return {
        "TransformJobName": name,
        "ModelName": "benchmark",
        "MaxConcurrentTransforms": 4,
        "MaxPayloadInMB": MAX_FILE_MB,
        "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": PARQUET, "SplitType": "None"},
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/out/{name}/", "Accept": PARQUET},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    }


def measure_pandas(folder: Path) -> Measured:
    """Run the plain script once in a process of its own, imports included, as the job's time includes its own."""
    begin = time.perf_counter()
    done = subprocess.run(part_command("pandas", folder), check=True, capture_output=True, text=True)
    rows, peak = map(int, done.stdout.split())
    return Measured(rows, time.perf_counter() - begin, {"process": peak})


def pandas_script(folder: Path) -> None:
    """Score the batch as one writes it first: read everything, map the categories, predict, write."""
    import pandas as pd
    import xgboost

    model = folder / "model"
    signature = json.loads((model / "signature.json").read_text())
    rows = pd.read_parquet(folder / "batch")
    for feature in signature["features"]:
        name = feature["name"]
        if feature["kind"] == "categorical":
            rows[name] = rows[name].map({text: code for code, text in enumerate(feature["categories"])})
        else:
            rows[name] = rows[name].fillna(feature["fill"])
    booster = xgboost.Booster(model_file=model / "model.ubj")
    booster.set_param({"nthread": CORES})
    names = [feature["name"] for feature in signature["features"]]
    matrix = xgboost.DMatrix(rows[names])
    probability = booster.predict(matrix, validate_features=False)
    result = pd.DataFrame(
        {
            signature["id_column"]: rows[signature["id_column"]],
            "prediction": (probability >= 0.5).astype("int32"),
            "prediction_probability": probability.astype("float64"),
        }
    )
    result.to_parquet(folder / "pandas.parquet", index=False)
    print(len(result), peak_mb())


def part_command(name: str, folder: Path) -> list[str]:
    """The command that runs a part in a process of its own."""
    return [sys.executable, __file__, "--part", name, "--folder", str(folder)]


@contextmanager
def running_baseline(folder: Path) -> Iterator[Callable[[], Measured]]:
    """Start the baseline's process; calling the result measures it once."""
    process = subprocess.Popen(
        part_command("baseline", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    sent, received = process.stdin, process.stdout
    assert sent is not None
    assert received is not None

    def measure() -> Measured:
        sent.write("\n")
        sent.flush()
        return Measured(**json.loads(received.readline()))

    received.readline()  # its matrix is in memory
    try:
        yield measure
    finally:
        sent.close()
        process.wait()


def serve_baseline(folder: Path) -> None:
    """Measure whenever the parent asks."""
    baseline = Baseline(folder)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(vars(baseline.measure())), flush=True)


def compare(folder: Path) -> None:
    """Measure all parts in turns and print the table; the last line is the ratio."""
    with running_baseline(folder) as baseline, running_job(folder) as job:
        small = job.measure(SMALL_ROWS)
        turns = [(baseline(), job.measure(ROWS)) for _ in range(TURNS)]
        plain = measure_pandas(folder)
    reference = statistics.median(one.rows_per_second for one, _ in turns)
    ratio = statistics.median(mine.rows_per_second / one.rows_per_second for one, mine in turns)
    show("inplace_predict in memory", [one for one, _ in turns], reference)
    show("transform job", [mine for _, mine in turns], reference)
    show("transform job", [small], reference)
    show("pandas script", [plain], reference)
    print(
        f"\n{CORES} threads, {TREES} trees, 18 features, {len(batch_files(folder))} Parquet files; medians of {TURNS}."
    )
    print(f"ratio: {ratio:.3f}")


def show(name: str, runs: list[Measured], reference: float) -> None:
    """Print one line of the table."""
    speed = statistics.median(run.rows_per_second for run in runs)
    seconds = statistics.median(run.seconds for run in runs)
    peaks = ", ".join(f"{who} {max(run.peaks_mb[who] for run in runs)} MiB" for who in runs[0].peaks_mb)
    print(
        f"{name:<26}{runs[0].rows:>9} rows {seconds:>7.2f} s {speed:>10.0f} rows/s {speed / reference:>6.2f}  {peaks}"
    )


PARTS = {"baseline": serve_baseline, "pandas": pandas_script}


def main() -> None:
    """Run the benchmark, or one of its parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the data here and use it again")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        PARTS[arguments.part](arguments.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "model.tar.gz").exists():
            folder.mkdir(parents=True, exist_ok=True)
            prepare(folder, ROWS)
        compare(folder)


if __name__ == "__main__":
    main()

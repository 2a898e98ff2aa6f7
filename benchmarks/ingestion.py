"""Customers into the Feature Store through scripts/ingest_features.py: rate and memory, beside PutRecord one by one.

`--rows 1000000` measures the million; the default is small, so that all benchmarks together stay short.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

# Started as a file, Python looks beside the file only.
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from generate_customers import customers

from pipelines.config.dataset import Dataset
from sagemaker_local.cli.endpoint import ensure_up
from sagemaker_local.settings import Settings

PROJECT = Path(__file__).parents[1]
ROWS = 20_000
ONE_BY_ONE = 500
"""So many are enough for the rate of the baseline."""
BUCKET = "benchmark"
GROUP = "customers"
ROLE = "arn:aws:iam::000000000000:role/benchmark"
SCHEMA = Dataset().as_schema()


def free_port() -> int:
    """Ask the kernel for a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Ingestion:
    """One run of the script."""

    rows: int
    seconds: float
    peak_mib: float

    def __str__(self) -> str:
        return (
            f"{self.rows:>9,} customers: {self.seconds:7.1f} s   {self.rows / self.seconds:6.0f} customers/s   "
            f"at most {self.peak_mib:4.0f} MiB"
        )


def ingest(folder: Path, rows: int, group: str) -> Ingestion:
    """Generate customers and run the script on them as its job does, start and checks included."""
    raw, schema = folder / group, folder / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    generator = [sys.executable, str(PROJECT / "scripts/generate_customers.py"), "--rows", str(rows)]
    subprocess.run(
        [*generator, "--output", str(raw), "--rows-per-file", "100000"], check=True, stdout=subprocess.DEVNULL
    )
    command = [
        *(sys.executable, str(PROJECT / "scripts/ingest_features.py")),
        *("--input", str(raw), "--input-uri", "local", "--schema", str(schema), "--feature-group", group),
        *("--store", f"s3://{BUCKET}/store", "--role-arn", ROLE, "--errors", f"s3://{BUCKET}/errors"),
        *("--manifest", f"s3://{BUCKET}/{group}.json"),
    ]
    begin = time.perf_counter()
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    # The memory of this one child; the usual wait tells only the largest of all children.
    _, status, usage = os.wait4(started.pid, 0)
    seconds = time.perf_counter() - begin
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise SystemExit(f"the ingestion of {rows} customers failed, see above")
    return Ingestion(rows, seconds, usage.ru_maxrss / 1024)


def one_by_one(session: Any, group: str) -> float:
    """Seconds of one PutRecord after the other, for one customer."""
    client = session.client("sagemaker-featurestore-runtime")
    # Behind those that are there: each is a new record.
    rows = customers(9_000_001, ONE_BY_ONE, seed=1).to_pylist()
    begin = time.perf_counter()
    for row in rows:
        record = [
            {"FeatureName": name, "ValueAsString": str(value)} for name, value in row.items() if value is not None
        ]
        client.put_record(FeatureGroupName=group, Record=record)
    return (time.perf_counter() - begin) / ONE_BY_ONE


def measure(session: Any, folder: Path, rows: int) -> None:
    """Print rates, memory and the ratio."""
    session.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": session.region_name}
    )
    few = ingest(folder, rows // 4, f"{GROUP}-few")
    many = ingest(folder, rows, GROUP)
    alone = one_by_one(session, GROUP)
    print(few)
    print(many)
    print(f"1,000,000 customers at this rate: {1e6 * many.seconds / many.rows / 60:.1f} minutes")
    print(f"PutRecord one by one: {1 / alone:.0f} customers/s   (baseline)")
    print("ratio of the time for a customer to the baseline's, lower is better")
    print(f"ratio: {many.seconds / many.rows / alone:.2f}")


def main() -> None:
    """Start an endpoint of its own, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"how many customers ({ROWS})")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "endpoint"
        endpoint = ensure_up(Settings.resolve(root=root, port=free_port()))
        try:
            os.environ.update(endpoint.environment())
            measure(boto3.Session(region_name=endpoint.region), Path(folder), rows)
        finally:
            subprocess.run(
                [sys.executable, "-m", "sagemaker_local", "down", "--root", str(root)],
                check=True,
                stdout=subprocess.DEVNULL,
                cwd=PROJECT,
            )


if __name__ == "__main__":
    main()

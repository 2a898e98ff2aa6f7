"""Records into Feature Store through boto3, one by one and in batches, beside what boto3 itself takes for them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

# Started as a file, Python looks beside the file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from sagemaker_local.cli.endpoint import ensure_up
from sagemaker_local.settings import Settings

RECORDS = 5000
FEATURES = 20
THREADS = 8
BATCH = 25
BUCKET = "benchmark"
GROUP = "customers"
ROLE = "arn:aws:iam::000000000000:role/benchmark"
RUNTIME = "sagemaker-featurestore-runtime"
TYPES = ("Integral", "Fractional", "String")


def free_port() -> int:
    """Ask the kernel for a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def record(number: int) -> list[dict[str, str]]:
    """One customer with FEATURES features, a third of each type."""
    values = [str(number), str(number / 7), f"plan {number % 5}"]
    features = [(f"f{i}", values[i % 3]) for i in range(FEATURES - 2)]
    keys = [("id", f"CUST_{number:06d}"), ("event_time", "2026-01-31T12:00:00Z")]
    return [{"FeatureName": name, "ValueAsString": value} for name, value in [*keys, *features]]


def make_group(session: Any) -> None:
    """Make the bucket and the feature group, and wait for it."""
    session.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": session.region_name}
    )
    sagemaker = session.client("sagemaker")
    types = {"id": "String", "event_time": "String"} | {f"f{i}": TYPES[i % 3] for i in range(FEATURES - 2)}
    sagemaker.create_feature_group(
        FeatureGroupName=GROUP,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="event_time",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": kind} for name, kind in types.items()],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/features"}},
        RoleArn=ROLE,
    )
    while sagemaker.describe_feature_group(FeatureGroupName=GROUP)["FeatureGroupStatus"] != "Created":
        time.sleep(0.05)


def client_of(session: Any, *, is_answered_here: bool) -> Any:
    """Make a client for THREADS threads; one that is answered here sends nothing: what is left is boto3's own work."""
    client = session.client(RUNTIME, config=Config(max_pool_connections=THREADS))
    if is_answered_here:

        def answer(request: Any, **_: Any) -> AWSResponse:
            response = AWSResponse(request.url, 200, {"Content-Type": "application/json"}, None)
            response._content = b'{"Errors": [], "UnprocessedEntries": []}'  # noqa: SLF001  # botocore has no other way in
            return response

        client.meta.events.register(f"before-send.{RUNTIME}", answer)
    return client


def seconds_of(call: Callable[[int], object], items: Sequence[int]) -> float:
    """Call for every item on THREADS threads."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(call, items))
    return time.perf_counter() - begin


def put_seconds(client: Any) -> float:
    """RECORDS calls of PutRecord."""
    return seconds_of(lambda n: client.put_record(FeatureGroupName=GROUP, Record=record(n)), range(RECORDS))


def batch_seconds(client: Any) -> float:
    """As many records with BatchWriteRecord."""

    def write(first: int) -> None:
        entries = [{"FeatureGroupName": GROUP, "Record": record(first + i)} for i in range(BATCH)]
        refused = client.batch_write_record(Entries=entries)["Errors"]
        if refused:
            raise SystemExit(f"refused: {refused[0]['ErrorMessage']}")

    return seconds_of(write, range(RECORDS, 2 * RECORDS, BATCH))


def measure(session: Any) -> None:
    """Print the times, the rates and the ratio."""
    make_group(session)
    client = client_of(session, is_answered_here=False)
    client.put_record(FeatureGroupName=GROUP, Record=record(0))
    put, batch = put_seconds(client), batch_seconds(client)
    own = put_seconds(client_of(session, is_answered_here=True))
    print(
        f"{RECORDS} PutRecord, {THREADS} threads:      {put:7.2f} s   {RECORDS / put:7.0f} records/s   (at most 10 s)"
    )
    print(f"{RECORDS} in BatchWriteRecord:       {batch:7.2f} s   {RECORDS / batch:7.0f} records/s")
    print(f"{RECORDS} PutRecord, boto3 alone:    {own:7.2f} s   (baseline)")
    print("ratio of the time of PutRecord to the baseline's, lower is better")
    print(f"ratio: {put / own:.2f}")


def main() -> None:
    """Start an endpoint of its own, measure, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "endpoint"
        endpoint = ensure_up(Settings.resolve(root=root, port=free_port()))
        try:
            os.environ.update(endpoint.environment())
            measure(boto3.Session(region_name=endpoint.region))
        finally:
            subprocess.run(
                [sys.executable, "-m", "sagemaker_local", "down", "--root", str(root)],
                check=True,
                stdout=subprocess.DEVNULL,
            )


if __name__ == "__main__":
    main()

"""Athena's queries and UNLOAD over 10,000,000 rows, end to end, beside DuckDB reading and writing the same files.

The rows are in Parquet files of a partitioned Glue table, on an endpoint of its own; a query's time is that from
StartQueryExecution until GetQueryExecution says SUCCEEDED. DuckDB has a process of its own, the same number of threads,
and the very files; it and the endpoint take turns, so that other load of the machine meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import duckdb

# Started as a file, Python looks beside the file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from sagemaker_local.cli.endpoint import RunningEndpoint, ensure_up
from sagemaker_local.settings import Settings

ROWS = 10_000_000
DAYS, FILES_PER_DAY = 10, 2
TURNS, UNLOAD_TURNS = 5, 3
AT_ONCE = 10
POLL_SECONDS = 0.025  # asking more often takes the processors from the query
QUEUE_SECONDS = 0.1  # less is a thread's start on a busy machine
CORES = os.cpu_count() or 1
BUCKET, DATABASE, TABLE = "benchmark", "benchmark", "orders"
QUERY_RATIO, QUERY_EXTRA_SECONDS = 1.5, 0.2
UNLOAD_RATE, MEMORY_MB = 0.5, 2048

COLUMNS = {
    "customer": "bigint",
    "customer_id": "string",
    "plan": "string",
    "quantity": "int",
    "amount": "double",
    "score": "double",
}
GENERATED = """
    SELECT number % {customers} AS customer,
           'CUST_' || lpad((number % {customers})::VARCHAR, 6, '0') AS customer_id,
           ['basic', 'silver', 'gold', 'platinum'][1 + (hash(number) % 4)::INT] AS plan,
           (hash(number + 1) % 100)::INT AS quantity,
           (hash(number + 2) % 1000000) / 100.0::DOUBLE AS amount,
           (hash(number + 3) % 1000000) / 1000000.0::DOUBLE AS score
    FROM range({begin}, {end}) AS r(number)
"""
QUERIES = {
    "count": "SELECT count(*) FROM {table}",
    "filter": "SELECT count(*), sum(amount) FROM {table} WHERE plan = 'gold' AND score > 0.9 AND dt > '2026-01-03'",
    "group by": "SELECT dt, plan, count(*), avg(amount), max(score) FROM {table} GROUP BY dt, plan",
    "window": """
        SELECT count(*), sum(amount) FROM (
            SELECT amount, row_number() OVER (PARTITION BY customer ORDER BY score DESC) AS place FROM {table}
        ) WHERE place = 1
    """,
}
ALL_ROWS = f"SELECT {', '.join(COLUMNS)}, dt FROM {{table}}"  # noqa: S608 - constants of this file
CODECS = ("SNAPPY", "GZIP")


@dataclass(frozen=True)
class Compared:
    """What both took for the same thing, turn by turn, in seconds."""

    name: str
    endpoint: list[float]
    duckdb: list[float]

    @property
    def ratio(self) -> float:
        """The endpoint's median to DuckDB's; lower is better."""
        return statistics.median(self.endpoint) / statistics.median(self.duckdb)

    @property
    def beyond_extra(self) -> float:
        """The ratio once the seconds that any query may take are off."""
        own = max(statistics.median(self.endpoint) - QUERY_EXTRA_SECONDS, 0)
        return own / statistics.median(self.duckdb)


def prepare(folder: Path, rows: int) -> None:
    """Write the table's files as `dt=<day>/<number>.parquet`."""
    connection = duckdb.connect()
    per_file = rows // (DAYS * FILES_PER_DAY)
    for number in range(DAYS * FILES_PER_DAY):
        day = folder / f"dt=2026-01-{number // FILES_PER_DAY + 1:02d}"
        day.mkdir(parents=True, exist_ok=True)
        begin = number * per_file
        query = GENERATED.format(customers=max(rows // 10, 1), begin=begin, end=begin + per_file)
        connection.execute(f"COPY ({query}) TO '{day / f'{number}.parquet'}' (FORMAT parquet)")


def peak_mb(pid: int) -> int:
    """The most memory that a process has held, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM"))


class Athena:
    """The endpoint's Athena with the table in its catalog, through boto3."""

    def __init__(self, folder: Path, endpoint: RunningEndpoint) -> None:
        self._pid = endpoint.pid
        os.environ.update(endpoint.environment())
        self._s3, self._athena = boto3.client("s3"), boto3.client("athena")
        self._unloads = 0
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": endpoint.region})
        for path in sorted(folder.rglob("*.parquet")):
            self._s3.upload_file(str(path), BUCKET, f"{TABLE}/{path.relative_to(folder)}")
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self.seconds(f"CREATE DATABASE {DATABASE}")
        self.seconds(
            f"CREATE EXTERNAL TABLE {TABLE} ({columns}) PARTITIONED BY (dt string) "
            f"STORED AS PARQUET LOCATION 's3://{BUCKET}/{TABLE}/'"
        )
        self.seconds(f"MSCK REPAIR TABLE {TABLE}")

    def query(self, sql: str) -> float:
        """Run a query over the table."""
        return self.seconds(sql.format(table=TABLE))

    def unload(self, codec: str) -> float:
        """Write the table's rows to a new folder, then remove them."""
        self._unloads += 1
        prefix = f"unload/{self._unloads}/"
        options = f"format = 'PARQUET', compression = '{codec}'"
        seconds = self.seconds(f"UNLOAD ({ALL_ROWS.format(table=TABLE)}) TO 's3://{BUCKET}/{prefix}' WITH ({options})")
        for item in self._s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]:
            self._s3.delete_object(Bucket=BUCKET, Key=item["Key"])
        return seconds

    def seconds(self, sql: str) -> float:
        """From StartQueryExecution to SUCCEEDED."""
        begin = time.perf_counter()
        self._ended(self._started(sql))
        return time.perf_counter() - begin

    def at_once(self) -> list[dict[str, Any]]:
        """Start ten queries before any has ended, and give what each says when it has."""
        texts = [text.format(table=TABLE) for text in QUERIES.values()]
        started = [self._started(texts[number % len(texts)]) for number in range(AT_ONCE)]
        return [self._ended(query_id) for query_id in started]

    @property
    def peak_mb(self) -> int:
        """The most memory that the endpoint has held."""
        return peak_mb(self._pid)

    def _started(self, sql: str) -> str:
        started = self._athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": DATABASE},
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
        )
        return str(started["QueryExecutionId"])

    def _ended(self, query_id: str) -> dict[str, Any]:
        while True:
            query: dict[str, Any] = self._athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if query["Status"]["State"] == "SUCCEEDED":
                return query
            if query["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                raise SystemExit(f"{query['Query']}: {query['Status']}")
            time.sleep(POLL_SECONDS)


@contextmanager
def running_athena(folder: Path) -> Iterator[Athena]:
    """Start an endpoint of its own on an empty folder, and stop it."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "endpoint"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        endpoint = ensure_up(Settings.resolve(root=root, port=port))
        try:
            yield Athena(folder, endpoint)
        finally:
            down = [sys.executable, "-m", "sagemaker_local", "down", "--root", str(root)]
            subprocess.run(down, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])


@contextmanager
def running_duckdb(folder: Path) -> Iterator[Callable[[str], float]]:
    """Start DuckDB's process; calling the result runs a query there and gives its seconds."""
    command = [sys.executable, __file__, "--part", "duckdb", "--folder", str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    sent, received = process.stdin, process.stdout
    assert sent is not None
    assert received is not None

    def run(sql: str) -> float:
        sent.write(json.dumps(sql) + "\n")
        sent.flush()
        return float(received.readline())

    received.readline()
    try:
        yield run
    finally:
        sent.close()
        process.wait()


def serve_duckdb(folder: Path) -> None:
    """Run what the parent sends, over a view of the files."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {CORES}")
    files = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    connection.execute(f"CREATE VIEW {TABLE} AS SELECT * FROM {files}")  # noqa: S608 - our own folder
    print("ready", flush=True)
    for line in sys.stdin:
        begin = time.perf_counter()
        connection.execute(json.loads(line)).fetchall()
        print(time.perf_counter() - begin, flush=True)


def compare_queries(athena: Athena, reference: Callable[[str], float]) -> list[Compared]:
    """Run each query once unmeasured, then in turns."""
    compared = []
    for name, sql in QUERIES.items():
        pairs = [(athena.query(sql), reference(sql.format(table=TABLE))) for _ in range(TURNS + 1)][1:]
        compared.append(Compared(name, [own for own, _ in pairs], [other for _, other in pairs]))
    return compared


def compare_unloads(athena: Athena, reference: Callable[[str], float], folder: Path) -> list[Compared]:
    """Write all rows in turns; GZIP, UNLOAD's default, takes long and has one turn."""
    compared = []
    for codec, turns in zip(CODECS, (UNLOAD_TURNS, 1), strict=True):
        target = folder / "copy.parquet"
        copy = f"COPY ({ALL_ROWS.format(table=TABLE)}) TO '{target}' (FORMAT parquet, COMPRESSION {codec})"
        pairs = []
        for _ in range(turns):
            pairs.append((athena.unload(codec), reference(copy)))
            target.unlink()
        compared.append(Compared(f"unload {codec}", [own for own, _ in pairs], [other for _, other in pairs]))
    return compared


def show(compared: Compared, figure: str, target: str, *, is_met: bool) -> None:
    """Print one line of the table."""
    own, other = statistics.median(compared.endpoint), statistics.median(compared.duckdb)
    met = "met" if is_met else "MISSED"
    print(f"{compared.name:<16}{own:>10.3f} s{other:>10.3f} s{compared.ratio:>8.2f}   {figure:<26}{target:<28}{met}")


def waited(query: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """Whether a query stood in the queue until another one had ended."""
    submitted = query["Status"]["SubmissionDateTime"].timestamp()
    queue_seconds = query["Statistics"]["QueryQueueTimeInMillis"] / 1000
    ends = [other["Status"]["CompletionDateTime"].timestamp() for other in others]
    return queue_seconds > QUEUE_SECONDS and any(submitted < end <= submitted + queue_seconds for end in ends)


def show_at_once(queries: list[dict[str, Any]]) -> None:
    """Print whether the ten ran side by side."""
    begin = min(query["Status"]["SubmissionDateTime"] for query in queries)
    seconds = (max(query["Status"]["CompletionDateTime"] for query in queries) - begin).total_seconds()
    queue = max(query["Statistics"]["QueryQueueTimeInMillis"] for query in queries)
    waiting = sum(waited(query, queries) for query in queries)
    print(
        f"{AT_ONCE} queries at once: {seconds:.2f} s in all, none failed, {waiting} waited for another's end, "
        f"longest in the queue {queue} ms (target: none fails, none waits)   {'MISSED' if waiting else 'met'}"
    )


def compare(folder: Path, rows: int) -> None:
    """Measure everything; the last line is the worst of the ratios."""
    data = folder / "data"
    if not data.exists():
        prepare(data, rows)
    with running_duckdb(data) as reference, running_athena(data) as athena:
        queries = compare_queries(athena, reference)
        unloads = compare_unloads(athena, reference, folder)
        one_by_one = athena.peak_mb
        together = athena.at_once()
        peak = athena.peak_mb
    print(f"{rows} rows, {DAYS * FILES_PER_DAY} Parquet files, {DAYS} partitions, {CORES} threads, medians; ", end="")
    print(f"load {os.getloadavg()[0]:.1f}\n{'':<16}{'endpoint':>12}{'DuckDB':>12}{'ratio':>8}")
    for one in queries:
        figure = f"{one.beyond_extra:.2f} without {QUERY_EXTRA_SECONDS} s"
        is_met = one.beyond_extra <= QUERY_RATIO
        show(one, figure, f"at most {QUERY_RATIO} plus {QUERY_EXTRA_SECONDS} s", is_met=is_met)
    for one in unloads:
        rate = 1 / one.ratio
        show(one, f"{rate:.2f} of COPY's rate", f"at least {UNLOAD_RATE}", is_met=rate >= UNLOAD_RATE)
    show_at_once(together)
    verdict = "met" if peak < MEMORY_MB else "MISSED"
    print(
        f"peak memory of the endpoint: {peak} MiB, {one_by_one} MiB before the {AT_ONCE} "
        f"(target: under {MEMORY_MB})   {verdict}"
    )
    print(
        f"The ratio is time to DuckDB's time, lower is better: a query's less {QUERY_EXTRA_SECONDS} s "
        f"(target {QUERY_RATIO}), UNLOAD's (target {1 / UNLOAD_RATE:.0f})."
    )
    print(f"ratio: {max([one.beyond_extra for one in queries] + [one.ratio for one in unloads]):.2f}")


def main() -> None:
    """Run the benchmark, or DuckDB's part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, help="keep the data here and use it again")
    parser.add_argument("--part", choices=["duckdb"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        serve_duckdb(arguments.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        compare(arguments.folder or Path(temporary), arguments.rows)


if __name__ == "__main__":
    main()

"""Proves that a packed model answers as the training's own model did, before anybody relies on it.

Its bundle: verify_model.py, serve_rows.py, verification_rows.py, signature.py, dataset_schema.py.
"""

import csv
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dataset_schema import Kind, ModelRefused
from serve_rows import FAILURE, REQUESTS
from verification_rows import ScoredRow, VerificationRows

PARQUET, CSV, JSON_LINES = "application/x-parquet", "text/csv", "application/jsonlines"
"""What inference.py serves."""
PROGRAM, CODE = "inference.py", "code"
SERVER = Path(__file__).with_name("serve_rows.py")
TIMEOUT_SECONDS = 600
TOLERANCE = 1e-6
"""Allowed difference, as a share of the largest prediction. XGBoost sums in float32, whose last bit is a share of
1.2e-7: eight of those are what another processor's exp or order of summing moves; a changed model moves more."""
LAST_CHARACTERS = 500

Answer = tuple[str, float, float | None]
"""Id, prediction, probability (None for a regression)."""


def verify(archive: Path) -> int:
    """Unpack an archive as the container does, score its own five rows, and return how many were compared.

    Raises:
        ModelRefused: a file is missing, the archive's code fails, or an answer is not the training's.
    """
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        model, exchange = Path(folder) / "model", Path(folder) / "exchange"
        unpack(archive, model)
        expected = VerificationRows.load(model)
        if not expected.rows:
            raise ModelRefused(f"{str(archive)!r} names no row to verify it with. Train again.")
        if not (model / CODE / PROGRAM).is_file():
            raise ModelRefused(f"{str(archive)!r} has no {CODE}/{PROGRAM}, which serves the model. Train again.")
        sent = {kind: rows for kind in _ENCODERS if (rows := _sendable(kind, expected.rows))}
        exchange.mkdir()
        _serve(model, exchange, {kind: _ENCODERS[kind](expected, rows) for kind, rows in sent.items()})
        for place, (kind, rows) in enumerate(sent.items()):
            _compare(kind, rows, _decoded(kind, (exchange / f"{place}.out").read_bytes()))
    return len(expected.rows)


def unpack(archive: Path, folder: Path) -> None:
    """Extract a model.tar.gz; a member that would land outside of the folder is refused, as is a device or a link out.

    Raises:
        ModelRefused: the archive is not there, damaged, or would write elsewhere.
    """
    folder.mkdir()
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ModelRefused(f"The archive {str(archive)!r} cannot be unpacked: {error}. Train again.") from error


def _serve(model: Path, exchange: Path, bodies: Mapping[str, bytes]) -> None:
    """Let the archive's own code answer, in a process that has no other project code on its path."""
    for place, body in enumerate(bodies.values()):
        (exchange / str(place)).write_bytes(body)
    requests = [{"content_type": kind, "body": str(place)} for place, kind in enumerate(bodies)]
    (exchange / REQUESTS).write_text(json.dumps(requests), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"SAGEMAKER_PROGRAM": PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": str(model / CODE)}
    try:
        ended = subprocess.run(
            # -P: the script's own folder, which holds the job's code, is not on the path either.
            [sys.executable, "-P", str(SERVER), str(model), str(exchange)],
            cwd=model,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelRefused(f"The archive's code did not answer in {TIMEOUT_SECONDS} s.") from error
    if (exchange / FAILURE).is_file():
        failure = json.loads((exchange / FAILURE).read_text(encoding="utf-8"))
        raise ModelRefused(f"The archive's code fails in {failure['stage']}: {failure['error']}")
    if ended.returncode:
        said = ended.stdout.decode(errors="replace").strip()[-LAST_CHARACTERS:]
        raise ModelRefused(f"The archive's code ended its process with code {ended.returncode}: {said or 'no word'}")


def _compare(kind: str, rows: Sequence[ScoredRow], answers: Sequence[Answer]) -> None:
    if len(answers) != len(rows):
        raise ModelRefused(f"{kind}: {len(rows)} rows were sent, {len(answers)} came back. Do not register this model.")
    allowed = TOLERANCE * max(abs(_score(row)) for row in rows)
    for number, (row, (key, prediction, probability)) in enumerate(zip(rows, answers, strict=True), start=1):
        pairs = {
            "id": (key, row.id, key == row.id),
            "prediction_probability": (
                probability,
                row.prediction_probability,
                _equal(probability, row.prediction_probability, allowed),
            ),
            "prediction": (prediction, row.prediction, _equal(prediction, row.prediction, allowed)),
        }
        for name, (said, trained, is_equal) in pairs.items():
            if not is_equal:
                raise ModelRefused(
                    f"The packed model answers otherwise than the training did: {kind}, row {number} (id {row.id!r}): "
                    f"{name} is {said!r}, the training's is {trained!r}, and at most {allowed:.1g} of difference is "
                    "allowed. Do not register this model; train again."
                )


def _score(row: ScoredRow) -> float:
    return row.prediction if row.prediction_probability is None else row.prediction_probability


def _equal(said: float | None, trained: float | None, allowed: float) -> bool:
    if said is None or trained is None:
        return said is trained
    return abs(said - trained) <= allowed  # False for NaN, too


def _sendable(kind: str, rows: Iterable[ScoredRow]) -> list[ScoredRow]:
    """Leave out what a CSV file read line by line cannot hold: texts with line breaks."""
    if kind != CSV:
        return list(rows)
    return [row for row in rows if not any("\n" in text or "\r" in text for text in _texts(row))]


def _texts(row: ScoredRow) -> list[str]:
    return [row.id, *(value for value in row.features.values() if isinstance(value, str))]


def _parquet(expected: VerificationRows, rows: Sequence[ScoredRow]) -> bytes:
    columns = {expected.id_column: pa.array([row.id for row in rows], pa.string())}
    for name, kind in expected.kinds.items():
        values = [row.features[name] for row in rows]
        columns[name] = pa.array(values, pa.float64() if kind is Kind.NUMERIC else pa.string())
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def _csv(expected: VerificationRows, rows: Sequence[ScoredRow]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(
        [row.id, *(row.features[n] for n in expected.kinds)] for row in rows
    )
    return sink.getvalue().encode()


def _json_lines(expected: VerificationRows, rows: Sequence[ScoredRow]) -> bytes:
    lines = [{expected.id_column: row.id, **row.features} for row in rows]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _decoded(kind: str, body: bytes) -> list[Answer]:
    """Read an answer: id, prediction, probability in this order, in any of the formats."""
    try:
        return [_answer(*fields) for fields in _DECODERS[kind](body)]
    except (pa.ArrowException, ValueError, TypeError, AttributeError) as error:
        start = body[:60]
        raise ModelRefused(f"{kind}: the answer is not id, prediction, probability: {start!r} ({error}).") from error


def _answer(key: Any, prediction: Any, probability: Any) -> Answer:
    return str(key), float(prediction), None if probability in {None, ""} else float(probability)


_ENCODERS: dict[str, Callable[[VerificationRows, Sequence[ScoredRow]], bytes]] = {
    PARQUET: _parquet,
    CSV: _csv,
    JSON_LINES: _json_lines,
}
_DECODERS: dict[str, Callable[[bytes], Iterable[Iterable[Any]]]] = {
    PARQUET: lambda body: [row.values() for row in pq.read_table(io.BytesIO(body)).to_pylist()],
    CSV: lambda body: csv.reader(io.StringIO(body.decode())),
    JSON_LINES: lambda body: [json.loads(line).values() for line in body.splitlines()],
}

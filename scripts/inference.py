"""Serves a model: `model_fn`, `input_fn`, `predict_fn` and `output_fn` as SageMaker's XGBoost container calls them."""

import csv
import io
import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq
import xgboost as xgb
from dataset_schema import DataRefused, ModelRefused, quoted
from signature import Signature

MODEL_FILE = "model.ubj"
PARQUET, CSV, JSON_LINES = "application/x-parquet", "text/csv", "application/jsonlines"
CONTENT_TYPES = (PARQUET, CSV, JSON_LINES)
THRESHOLD = 0.5
"""A row whose probability is at least this is of the positive class."""
READ_ROWS = 131_072
"""Rows decoded at a time: enough to be quick, few enough that memory does not grow with the request."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model and how it reads rows."""

    booster: Any
    signature: Signature


@dataclass(frozen=True, slots=True)
class Request:
    """A body not yet decoded: only the model's signature knows the columns' types."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Scores:
    """The answer's rows, in the request's order: id (when the request has ids), prediction, prediction_probability."""

    table: pa.Table
    content_type: str
    """The request's, which is the answer's when the caller accepts anything."""


def model_fn(model_dir: str) -> Model:
    """Load the model that train.py wrote, for as many threads as OMP_NUM_THREADS says (one, when it is unset)."""
    folder = Path(model_dir)
    if not (folder / MODEL_FILE).is_file():
        raise ModelRefused(f"{model_dir!r} has no {MODEL_FILE}: is this an archive that train.py wrote?")
    booster = xgb.Booster()
    booster.load_model(folder / MODEL_FILE)
    threads = max(int(os.environ.get("OMP_NUM_THREADS") or 1), 1)
    booster.set_param({"nthread": threads})
    pa.set_cpu_count(threads)
    return Model(booster=booster, signature=Signature.load(folder))


def input_fn(request_body: bytes | str, content_type: str) -> Request:
    """Take a request's body; it is decoded by `predict_fn`, which has the signature."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise DataRefused(f"Content type {content_type!r} is refused: allowed are {quoted(CONTENT_TYPES)}.")
    body = request_body.encode() if isinstance(request_body, str) else request_body
    return Request(body=body, content_type=kind)


def predict_fn(request: Request, model: Model) -> Scores:
    """Score every row of a request, some rows at a time."""
    signature = model.signature
    ids: list[pa.Array] = []
    values: list[npt.NDArray[np.float32]] = []
    unseen: Counter[str] = Counter()
    has_id = True
    for batch in _decode(request, signature):
        has_id = signature.id_column in batch.schema.names
        for applied in signature.apply_in_blocks(batch, has_id=has_id):
            values.append(model.booster.inplace_predict(applied.matrix, validate_features=False))
            unseen.update(applied.unseen)
        if has_id:
            ids.append(_ids(batch.column(signature.id_column), signature.id_column))
    for name, count in sorted(unseen.items()):
        if count:
            logger.warning("Feature %r has %d values that training never saw: they count as missing.", name, count)
    table = _table(signature, ids if has_id else None, values)
    return Scores(table=table, content_type=request.content_type)


def output_fn(scores: Scores, accept: str | None) -> tuple[bytes, str]:
    """Encode the answer, and name its format; a caller who accepts anything gets the request's own.

    The container makes the second part the answer's Content-Type; bytes alone would go out as text/html.
    """
    kind = (accept or "*/*").partition(";")[0].strip().lower()
    kind = scores.content_type if kind == "*/*" else kind
    encode = _ENCODERS.get(kind)
    if encode is None:
        raise DataRefused(f"Accept {accept!r} is refused: allowed are {quoted(CONTENT_TYPES)}.")
    return encode(scores.table), kind


def _table(signature: Signature, ids: list[pa.Array] | None, values: list[npt.NDArray[np.float32]]) -> pa.Table:
    scores = np.concatenate(values) if values else np.empty(0, dtype=np.float32)
    if signature.is_regression:
        prediction = pa.array(scores.astype(np.float64))
        probability = pa.nulls(len(scores), pa.float64())
    else:
        prediction = pa.array((scores >= THRESHOLD).astype(np.int32))
        probability = pa.array(scores.astype(np.float64))
    columns = {} if ids is None else {signature.id_column: pa.chunked_array(ids, pa.string())}
    return pa.table(columns | {"prediction": prediction, "prediction_probability": probability})


def _ids(column: pa.Array, name: str) -> pa.Array:
    if column.null_count:
        raise DataRefused(f"Id column {name!r} lacks {column.null_count} values: every row needs its id.")
    if pa.types.is_string(column.type):
        return column
    if not (pa.types.is_large_string(column.type) or pa.types.is_integer(column.type)):
        raise DataRefused(f"Id column {name!r} is refused: it is of type {column.type}, expected is text or integer.")
    return column.cast(pa.string())


def _decode(request: Request, signature: Signature) -> Iterable[pa.RecordBatch]:
    try:
        yield from _DECODERS[request.content_type](pa.BufferReader(request.body), signature)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        expected = quoted((signature.id_column, *signature.names), limit=1000)
        raise DataRefused(f"The {request.content_type} body is refused: {error}; expected are {expected}.") from error


def _decode_parquet(source: pa.BufferReader, signature: Signature) -> Iterator[pa.RecordBatch]:
    metadata = pq.read_metadata(source)
    signature.check_columns(metadata.schema.to_arrow_schema().names)
    # Categories stay as Parquet keeps them, a dictionary and indices: each text is looked up once, not once a row.
    file = pq.ParquetFile(source, metadata=metadata, read_dictionary=list(signature.categorical_names))
    yield from file.iter_batches(batch_size=READ_ROWS, use_threads=pa.cpu_count() > 1)


def _decode_csv(source: pa.BufferReader, signature: Signature) -> Iterator[pa.RecordBatch]:
    """Read lines of the features, with or without the id before them; the first line says which."""
    types = signature.column_types()
    found = _count_columns(source.read_buffer())
    if found == 0:
        return
    if found == len(signature.names):
        # A transform job that joins the answer with its own input sends no ids.
        types.pop(signature.id_column)
    elif found != len(types):
        raise DataRefused(
            f"The {CSV} body is refused: its first line has {found} columns; expected are {len(signature.names)}, the "
            f"features {quoted(signature.names, limit=1000)}, or {len(types)}, the id {signature.id_column!r} before "
            "them."
        )
    source.seek(0)
    try:
        yield from pa.csv.open_csv(
            source,
            read_options=pa.csv.ReadOptions(column_names=list(types), use_threads=pa.cpu_count() > 1),
            convert_options=pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
        )
    except pa.ArrowInvalid as error:
        raise DataRefused(
            f"The {CSV} body is refused: {error}; its first line has {found} columns, so expected on every line are "
            f"{quoted(types, limit=1000)}."
        ) from error


def _count_columns(body: pa.Buffer) -> int:
    """Return how many fields the first line has that is not empty; 0 when there is none."""
    lines = csv.reader(io.TextIOWrapper(pa.BufferReader(body), "utf-8", errors="replace", newline=""))
    try:
        return next((len(line) for line in lines if line), 0)
    except csv.Error as error:
        raise DataRefused(f"The {CSV} body is refused: its first line cannot be read: {error}.") from error


def _decode_json_lines(source: pa.BufferReader, signature: Signature) -> Iterator[pa.RecordBatch]:
    body = source.read_buffer()
    # Arrow's JSON reader knows no dictionaries; the text is encoded when the signature is applied.
    plain = {name: kind.value_type if pa.types.is_dictionary(kind) else kind for name, kind in _types(signature)}
    if body.size == 0:
        return
    table = pa.json.read_json(
        pa.BufferReader(body),
        read_options=pa.json.ReadOptions(use_threads=pa.cpu_count() > 1),
        parse_options=pa.json.ParseOptions(explicit_schema=pa.schema(plain), unexpected_field_behavior="error"),
    )
    # The reader gives nulls for a key that no line has; a name that is nowhere in the body is a missing column.
    text = bytes(body) if any(column.null_count == len(column) for column in table.columns) else None
    if text is not None:
        present = [n for n in table.column_names if table.column(n).null_count < table.num_rows or _is_key(n, text)]
        signature.check_columns(present)
    yield from table.to_batches(max_chunksize=READ_ROWS)


def _types(signature: Signature) -> Iterable[tuple[str, pa.DataType]]:
    return signature.column_types().items()


def _is_key(name: str, text: bytes) -> bool:
    return f'"{name}"'.encode() in text


def _encode_parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    # Ids and probabilities hardly repeat: a dictionary would only cost time.
    pq.write_table(table, sink, use_dictionary=["prediction"], compression="snappy", row_group_size=READ_ROWS * 8)
    return bytes(sink.getvalue())


def _encode_csv(table: pa.Table) -> bytes:
    # Arrow's "needed" quotes every text; ids that hold a comma or a quote are the only ones that need it.
    ids = [column for column in table.columns if pa.types.is_string(column.type)]
    needs_quotes = any(pc.any(pc.match_substring_regex(column, '[",\r\n]')).as_py() for column in ids)
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed" if needs_quotes else "none")
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(table, sink, write_options=options)
    return bytes(sink.getvalue())


def _encode_json_lines(table: pa.Table) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()


_DECODERS = {PARQUET: _decode_parquet, CSV: _decode_csv, JSON_LINES: _decode_json_lines}
_ENCODERS = {PARQUET: _encode_parquet, CSV: _encode_csv, JSON_LINES: _encode_json_lines}

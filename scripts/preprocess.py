"""Checks raw rows, splits them for training, fits the signature, and writes the rows to score.

Its bundle: preprocess.py, dataset_schema.py, parquet_parts.py, raw_rows.py, signature.py.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dataset_schema import (
    DataRefused,
    IdRange,
    Kind,
    Schema,
    SchemaRefused,
    exit_code,
    find_files,
    hash_ids,
    new_parser,
    quoted,
    repeated,
    say,
    shares,
)
from parquet_parts import Parts
from raw_rows import Rows, read
from signature import Signature

PROCESSING = Path("/opt/ml/processing")
SPLITS = ("train", "validation", "test")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with which rows, checked."""

    source: Path
    schema: Schema
    folders: Mapping[str, Path]
    train: IdRange
    batch: IdRange
    validation_fraction: float
    test_fraction: float
    seed: int
    max_file_bytes: int

    def __post_init__(self) -> None:
        fractions = (self.validation_fraction, self.test_fraction)
        if min(fractions) <= 0 or sum(fractions) >= 1:
            raise SchemaRefused(
                f"The fractions {quoted(fractions)} of validation and test are refused: "
                "both must be above 0, and their sum below 1."
            )
        if self.schema.id_format is None and not (self.train.is_open and self.batch.is_open):
            raise SchemaRefused("An id range needs id_format in the schema: write one, or leave the ranges empty.")
        if self.max_file_bytes <= 0:
            raise SchemaRefused(f"--max-file-mb {self.max_file_bytes} is refused: it must be above 0.")


def preprocess(plan: Plan) -> None:
    """Read everything once, write the splits and the rows to score, then fit the signature on what was written."""
    files = find_files(plan.source, (".csv", ".csv.gz", ".parquet"))
    hashes: list[npt.NDArray[np.uint64]] = []  # all that is kept of each row: 8 bytes
    label_sums: Counter[str] = Counter()
    id_column, target = plan.schema.id_column, plan.schema.target
    types = _output_types(plan.schema)
    scored_types = types.remove(types.get_field_index(target))
    writers = {name: Parts(plan.folders[name], types) for name in SPLITS}
    scored = Parts(plan.folders["batch"], scored_types, plan.max_file_bytes)
    for rows in read(files, plan.source, plan.schema):
        typed = _typed(rows, plan.schema)
        numbers = _id_numbers(rows, typed.column(id_column), plan.schema)
        hashes.append(hash_ids(typed.column(id_column)))
        in_training = plan.train.holds(numbers)
        unlabelled: Mask = typed.column(target).is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
        rows.refuse_first(target, unlabelled & in_training, "a label on every row to train with")
        for name, mask in _split(plan, hashes[-1], in_training).items():
            part = typed.filter(pa.array(mask))
            writers[name].write(part)
            label_sums[name] += pc.sum(part.column(target)).as_py() or 0
        scored.write(typed.select(scored_types.names).filter(pa.array(plan.batch.holds(numbers))))
    for writer in (*writers.values(), scored):
        writer.close()
    _check_unique(hashes, files, plan)
    _check_enough(plan, writers, label_sums, scored)
    signature = Signature.fit(plan.schema, lambda: _read_parts(writers["train"].paths))
    signature.save(plan.folders["signature"])
    say(
        f"Read {sum(map(len, hashes))} rows from {len(files)} files; {_counts(writers)}; "
        f"to score {scored.rows} in {len(scored.paths)} files."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        preprocess(
            Plan(
                source=given.input,
                schema=Schema.load(given.schema),
                folders={name: getattr(given, name) for name in (*SPLITS, "signature", "batch")},
                train=IdRange(given.train_id_start, given.train_id_end),
                batch=IdRange(given.batch_id_start, given.batch_id_end),
                validation_fraction=given.validation_fraction,
                test_fraction=given.test_fraction,
                seed=given.seed,
                max_file_bytes=int(given.max_file_mb * 1_000_000),
            )
        )

    return exit_code(work)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--input", type=Path, default=PROCESSING / "input/raw", help="CSV or Parquet, any depth")
    parser.add_argument("--schema", type=Path, default=PROCESSING / "input/schema/schema.json", help="the columns")
    for name in (*SPLITS, "signature", "batch"):
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "output" / name, help="output folder")
    for name in ("train", "batch"):
        parser.add_argument(f"--{name}-id-start", type=_bound, help="first id's number; empty: no bound")
        parser.add_argument(f"--{name}-id-end", type=_bound, help="last id's number, included; empty: no bound")
    parser.add_argument("--validation-fraction", type=float, default=0.15, help="of the training range")
    parser.add_argument("--test-fraction", type=float, default=0.15, help="of the training range")
    parser.add_argument("--seed", type=int, default=42, help="another seed is another split")
    parser.add_argument("--max-file-mb", type=float, default=20, help="of one file to score, below MaxPayloadInMB")
    return parser


def _bound(text: str) -> int | None:
    return int(text) if text.strip() else None


def _output_types(schema: Schema) -> pa.Schema:
    features = [(item.name, pa.float64() if item.kind is Kind.NUMERIC else pa.string()) for item in schema.features]
    target = pa.float64() if schema.is_regression else pa.int32()
    return pa.schema([(schema.id_column, pa.string()), *features, (schema.target, target)])


def _typed(rows: Rows, schema: Schema) -> pa.RecordBatch:
    """Return id, features and target in the output's types, each value checked."""
    features = [
        _numbers(rows, item.name) if item.kind is Kind.NUMERIC else _texts(rows, item.name) for item in schema.features
    ]
    target = _numbers(rows, schema.target) if schema.classes is None else _codes(rows, schema.target, schema.classes)
    return pa.record_batch([_ids(rows, schema.id_column), *features, target], schema=_output_types(schema))


def _ids(rows: Rows, name: str) -> pa.Array:
    ids = _texts(rows, name)
    rows.refuse_first(name, pc.equal(ids.fill_null(""), "").to_numpy(zero_copy_only=False), "an id on every row")
    return ids


def _id_numbers(rows: Rows, ids: pa.Array, schema: Schema) -> npt.NDArray[np.int64]:
    if schema.id_format is None:
        return np.zeros(len(ids), dtype=np.int64)
    parts = pc.extract_regex(ids, schema.id_format.pattern)
    rows.refuse_first(schema.id_column, parts.is_null().to_numpy(zero_copy_only=False), f"an id as {schema.id_format}")
    numbers: npt.NDArray[np.int64] = parts.field("number").cast(pa.int64()).to_numpy()
    return numbers


def _texts(rows: Rows, name: str) -> pa.Array:
    column = rows.batch.column(name)
    if pa.types.is_floating(column.type) or pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
        rows.refuse(name, 0, f"a text, an integer or a boolean, not the type {column.type}")
    return column.cast(pa.string())


def _numbers(rows: Rows, name: str) -> pa.Array:
    column = rows.batch.column(name)
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (rows.is_text or is_number or pa.types.is_null(kind)):
        rows.refuse(name, 0, f"a number, not the type {kind}")
    try:
        numbers = column.cast(pa.float64(), safe=rows.is_text)
    except pa.ArrowInvalid:
        rows.refuse_first(name, np.array([not _is_number(value) for value in column]), "a number, or nothing")
        raise
    with np.errstate(over="ignore"):
        infinite = np.isinf(numbers.to_numpy(zero_copy_only=False).astype(np.float32))
    rows.refuse_first(name, infinite, "a finite number that 32 bits can hold")
    return numbers


def _is_number(text: pa.Scalar) -> bool:
    try:
        text.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _codes(rows: Rows, name: str, classes: tuple[str, str]) -> pa.Array:
    """Return 0 for the negative class, 1 for the positive, null where there is no label."""
    column = rows.batch.column(name)
    texts = column.cast(pa.string())
    if not pa.types.is_string(column.type) or rows.is_text:
        # Integers that once shared a column with nulls often come as 0.0 and 1.0.
        texts = pc.replace_substring_regex(texts, r"^(-?[0-9]+)\.0+$", r"\1")
    codes = pc.index_in(texts, value_set=pa.array(classes))
    unknown = pc.and_(codes.is_null(), texts.is_valid()).to_numpy(zero_copy_only=False)
    rows.refuse_first(name, unknown, f"one of the classes {quoted(classes)}")
    return codes


def _split(plan: Plan, hashes: npt.NDArray[np.uint64], in_training: Mask) -> dict[str, Mask]:
    """Assign each row by its id and the seed alone: neither order nor the other rows matter."""
    place = shares(hashes, plan.seed)
    test = place < plan.test_fraction
    validation = ~test & (place < plan.test_fraction + plan.validation_fraction)
    masks = {"train": ~test & ~validation, "validation": validation, "test": test}
    return {name: mask & in_training for name, mask in masks.items()}


def _check_unique(hashes: Sequence[npt.NDArray[np.uint64]], files: Sequence[Path], plan: Plan) -> None:
    suspects = repeated(hashes)
    if not len(suspects):
        return
    # Two ids may share a hash: only the ids themselves tell.
    places: dict[str, str] = {}
    for rows in read(files, plan.source, plan.schema):
        ids = _ids(rows, plan.schema.id_column)
        for index in np.flatnonzero(np.isin(hash_ids(ids), suspects)):
            name, place = ids[int(index)].as_py(), f"{rows.file!r} row {rows.first + int(index)}"
            if name in places:
                raise DataRefused(
                    f"Id {name!r} occurs twice, in {places[name]} and in {place}: each row needs its own."
                )
            places[name] = place


def _counts(writers: Mapping[str, Parts]) -> str:
    return ", ".join(f"{name} {writer.rows}" for name, writer in writers.items())


def _check_enough(plan: Plan, writers: Mapping[str, Parts], label_sums: Mapping[str, float], batch: Parts) -> None:
    if not all(writer.rows for writer in writers.values()):
        counts = _counts(writers)
        raise DataRefused(f"Too few rows to train: ids {plan.train} give {counts}; widen the range or the fractions.")
    if not batch.rows:
        raise DataRefused(f"No rows to score: the input has none of the ids {plan.batch}.")
    classes = plan.schema.classes
    for name, writer in writers.items():
        if classes is not None and label_sums[name] in {0, writer.rows}:
            only = classes[int(label_sums[name] > 0)]
            raise DataRefused(
                f"Target {plan.schema.target!r} has the one class {only!r} in all {writer.rows} rows of the {name} "
                f"split; both of {quoted(classes)} are needed: check the label, or give more rows."
            )


def _read_parts(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        yield from pq.ParquetFile(path).iter_batches()


if __name__ == "__main__":
    sys.exit(main())

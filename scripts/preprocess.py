"""Checks raw rows, splits them for training, fits the signature, and writes the rows to score.

Its bundle: preprocess.py, dataset_schema.py, signature.py.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from dataset_schema import (
    DataRefused,
    IdRange,
    Kind,
    Schema,
    SchemaRefused,
    check_columns,
    exit_code,
    find_files,
    hash_ids,
    new_parser,
    quoted,
    repeated,
    say,
    shares,
)
from signature import Signature

PROCESSING = Path("/opt/ml/processing")
SPLITS = ("train", "validation", "test")
READ_ROWS = 65_536
CSV_BLOCK_BYTES = 4 << 20
GROUP_ROWS = 32_768
"""Rows of a Parquet row group: always so many, so that the output does not depend on how the input was cut."""

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


@dataclass(frozen=True, slots=True)
class Rows:
    """Some consecutive rows of one file."""

    file: str
    first: int
    """Number of the first row, from 1, the header not counted."""
    batch: pa.RecordBatch
    is_text: bool
    """Whether every column is text, as in a CSV file."""

    def refuse(self, column: str, index: int, expected: str) -> NoReturn:
        """Refuse one value by its place."""
        value = self.batch.column(column)[index].as_py()
        raise DataRefused(
            f"File {self.file!r}, row {self.first + index}, column {column!r}: the value {value!r} is refused; "
            f"expected is {expected}."
        )

    def refuse_first(self, column: str, bad: Mask, expected: str) -> None:
        """Refuse the first of the bad values, if there is one."""
        if bad.any():
            self.refuse(column, int(np.flatnonzero(bad)[0]), expected)


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
    for rows in read(files, plan):
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


def read(files: Sequence[Path], plan: Plan) -> Iterator[Rows]:
    """Read files one after the other, some rows at a time, each with exactly the schema's columns."""
    total = 0
    for path in files:
        name, first = path.relative_to(plan.source).as_posix(), 1
        opened = _open_csv if ".csv" in path.suffixes else _open_parquet
        try:
            for batch in opened(path, plan.schema, name):
                if batch.num_rows:
                    yield Rows(name, first, batch, is_text=opened is _open_csv)
                    first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise DataRefused(f"File {name!r} cannot be read: {error}") from error
        total += first - 1
    if not total:
        raise DataRefused(f"The input {str(plan.source)!r} is empty: its {len(files)} files have no rows.")


class Parts:
    """Writes rows as part-00000.parquet and so on, none larger than a limit."""

    def __init__(self, folder: Path, types: pa.Schema, limit_bytes: int | None = None) -> None:
        self.folder, self.types, self.limit_bytes = folder, types, limit_bytes
        self.paths: list[Path] = []
        self.rows = 0
        self._waiting = types.empty_table()
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("part-*.parquet"):
            stale.unlink()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        self.rows += batch.num_rows
        self._waiting = pa.concat_tables([self._waiting, pa.Table.from_batches([batch])])
        while self._waiting.num_rows >= GROUP_ROWS:
            self._write_group(self._waiting.slice(0, GROUP_ROWS).combine_chunks())
            self._waiting = self._waiting.slice(GROUP_ROWS)

    def close(self) -> None:
        """Write what waits, and end the last file."""
        if self._waiting.num_rows:
            self._write_group(self._waiting.combine_chunks())
        self._close_file()

    def _write_group(self, group: pa.Table) -> None:
        # Parquet stores values in no more than their size in memory, and a little for its pages and footer.
        size = int(group.nbytes * 1.02) + 4096 + 512 * len(self.types)
        limit = self.limit_bytes or sys.maxsize
        if self._sink is not None and self._sink.tell() + size > limit:
            self._close_file()
        if size > limit and group.num_rows > 1:
            half = group.num_rows // 2
            self._write_group(group.slice(0, half).combine_chunks())
            self._write_group(group.slice(half).combine_chunks())
            return
        if self._writer is None:
            self.paths.append(self.folder / f"part-{len(self.paths):05d}.parquet")
            self._sink = pa.OSFile(str(self.paths[-1]), "wb")
            # Ids do not repeat: a dictionary of them would only cost.
            self._writer = pq.ParquetWriter(self._sink, self.types, use_dictionary=self.types.names[1:])
        self._writer.write_table(group)

    def _close_file(self) -> None:
        if self._writer is None or self._sink is None:
            return
        self._writer.close()
        self._sink.close()
        self._writer = self._sink = None
        size = self.paths[-1].stat().st_size
        if self.limit_bytes is not None and size > self.limit_bytes:
            raise DataRefused(
                f"One row of {size} bytes is larger than a file may be ({self.limit_bytes} bytes): raise --max-file-mb."
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


def _open_csv(path: Path, schema: Schema, name: str) -> Iterator[pa.RecordBatch]:
    # As text: types come from the schema, not from the first values, and a bad value can be shown as it is written.
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=CSV_BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(schema.columns, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    check_columns(reader.schema.names, schema.columns, f"File {name!r}")
    yield from reader


def _open_parquet(path: Path, schema: Schema, name: str) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    check_columns(file.schema_arrow.names, schema.columns, f"File {name!r}")
    yield from file.iter_batches(batch_size=READ_ROWS)


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
    for rows in read(files, plan):
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

"""Checks raw rows, splits them for training, fits the signature, and writes the rows to score.

Its bundle: preprocess.py, batch_rows.py, dataset_schema.py, parquet_parts.py, raw_rows.py, signature.py,
typed_rows.py, unique_ids.py.
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
from batch_rows import BatchRows, check_limit
from dataset_schema import (
    DataRefused,
    IdRange,
    Schema,
    SchemaRefused,
    exit_code,
    find_files,
    new_parser,
    quoted,
    say,
    shares,
)
from parquet_parts import Parts
from raw_rows import SUFFIXES, Mask, read
from signature import Signature
from typed_rows import id_numbers, row_types, typed_rows
from unique_ids import UniqueIds

PROCESSING = Path("/opt/ml/processing")
SPLITS = ("train", "validation", "test")


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
        check_limit(self.max_file_bytes)


def preprocess(plan: Plan) -> None:
    """Read everything once, write the splits and the rows to score, then fit the signature on what was written."""
    files = find_files(plan.source, SUFFIXES)
    unique, target = UniqueIds(plan.schema), plan.schema.target
    label_sums: Counter[str] = Counter()
    writers = {name: Parts(plan.folders[name], row_types(plan.schema)) for name in SPLITS}
    batch = BatchRows(plan.schema, plan.folders["batch"], None, plan.max_file_bytes)
    for rows in read(files, plan.source, plan.schema):
        typed = typed_rows(rows, plan.schema)
        ids = typed.column(plan.schema.id_column)
        numbers, hashes = id_numbers(rows, ids, plan.schema), unique.add(ids)
        in_training = plan.train.holds(numbers)
        unlabelled: Mask = typed.column(target).is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
        rows.refuse_first(target, unlabelled & in_training, "a label on every row to train with")
        for name, mask in _split(plan, hashes, in_training).items():
            part = typed.filter(pa.array(mask))
            writers[name].write(part)
            label_sums[name] += pc.sum(part.column(target)).as_py() or 0
        batch.write(typed.filter(pa.array(plan.batch.holds(numbers))))
    for writer in writers.values():
        writer.close()
    batch.close()
    unique.check(lambda: read(files, plan.source, plan.schema))
    _check_enough(plan, writers, label_sums)
    batch.check(plan.batch)
    signature = Signature.fit(plan.schema, lambda: _read_parts(writers["train"].paths))
    signature.save(plan.folders["signature"])
    say(f"Read {len(unique)} rows from {len(files)} files; {_counts(writers)}; to score {batch}.")


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


def _split(plan: Plan, hashes: npt.NDArray[np.uint64], in_training: Mask) -> dict[str, Mask]:
    """Assign each row by its id and the seed alone: neither order nor the other rows matter."""
    place = shares(hashes, plan.seed)
    test = place < plan.test_fraction
    validation = ~test & (place < plan.test_fraction + plan.validation_fraction)
    masks = {"train": ~test & ~validation, "validation": validation, "test": test}
    return {name: mask & in_training for name, mask in masks.items()}


def _counts(writers: Mapping[str, Parts]) -> str:
    return ", ".join(f"{name} {writer.rows}" for name, writer in writers.items())


def _check_enough(plan: Plan, writers: Mapping[str, Parts], label_sums: Mapping[str, float]) -> None:
    if not all(writer.rows for writer in writers.values()):
        counts = _counts(writers)
        raise DataRefused(f"Too few rows to train: ids {plan.train} give {counts}; widen the range or the fractions.")
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

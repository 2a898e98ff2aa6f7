"""Checks raw rows, splits them for training, fits the signature, and writes the rows to score.

Its bundle: preprocess.py, batch_rows.py, dataset_schema.py, id_shares.py, parquet_parts.py, raw_rows.py, signature.py,
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
from batch_rows import BatchRows, check_limit, id_range
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
)
from id_shares import shares
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
    """The splits' and the signature's."""
    batch_folder: Path | None
    """Without it there are no rows to score."""
    labels_folder: Path | None
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
        if self.batch_folder is None and (self.labels_folder is not None or not self.batch.is_open):
            raise SchemaRefused(
                "Labels or ids of a batch are given, but no folder for the batch: name it with --batch, or leave out "
                "--labels, --batch-id-start and --batch-id-end."
            )
        check_limit(self.max_file_bytes)


def preprocess(plan: Plan) -> None:
    """Read everything once, write the splits and the rows to score, then fit the signature on what was written."""
    files = find_files(plan.source, SUFFIXES)
    unique, target = UniqueIds(plan.schema), plan.schema.target
    label_sums: Counter[str] = Counter()
    writers = {name: Parts(plan.folders[name], row_types(plan.schema)) for name in SPLITS}
    batch = _batch(plan)
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
        if batch is not None:
            batch.write(typed.filter(pa.array(plan.batch.holds(numbers))))
    for writer in writers.values():
        writer.close()
    if batch is not None:
        batch.close()
    unique.check(lambda: read(files, plan.source, plan.schema))
    _check_enough(plan, writers, label_sums)
    if batch is not None:
        batch.check(plan.batch)
    signature = Signature.fit(plan.schema, lambda: _read_parts(writers["train"].paths))
    signature.save(plan.folders["signature"])
    scored = "" if batch is None else f"; to score {batch}"
    say(f"Read {len(unique)} rows from {len(files)} files; {_counts(writers)}{scored}.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        schema = Schema.load(given.schema)
        preprocess(
            Plan(
                source=given.input,
                schema=schema,
                folders={name: getattr(given, name) for name in (*SPLITS, "signature")},
                batch_folder=given.batch,
                labels_folder=given.labels,
                train=id_range(given.train_id_start, given.train_id_end, schema),
                batch=id_range(given.batch_id_start, given.batch_id_end, schema),
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
    for name in (*SPLITS, "signature"):
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "output" / name, help="output folder")
    parser.add_argument("--batch", type=Path, help="folder for the rows to score; left out: there are none")
    parser.add_argument("--labels", type=Path, help="folder for the labels of the rows to score; left out: not written")
    for name in ("train", "batch"):
        parser.add_argument(f"--{name}-id-start", help="first id's number; empty: no bound")
        parser.add_argument(f"--{name}-id-end", help="last id's number, included; empty: no bound")
    parser.add_argument("--validation-fraction", type=float, default=0.15, help="of the training range")
    parser.add_argument("--test-fraction", type=float, default=0.15, help="of the training range")
    parser.add_argument("--seed", type=int, default=42, help="another seed is another split")
    parser.add_argument("--max-file-mb", type=float, default=20, help="of one file to score, below MaxPayloadInMB")
    return parser


def _batch(plan: Plan) -> BatchRows | None:
    if plan.batch_folder is None:
        return None
    return BatchRows(plan.schema, plan.batch_folder, plan.labels_folder, plan.max_file_bytes)


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

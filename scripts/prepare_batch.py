"""Checks raw rows, and writes those to score and the labels that are known of them.

Its bundle: prepare_batch.py, batch_rows.py, dataset_schema.py, parquet_parts.py, raw_rows.py, typed_rows.py,
unique_ids.py.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from batch_rows import BatchRows, check_limit, id_range, write_batch
from dataset_schema import IdRange, Schema, exit_code, find_files, new_parser, say
from raw_rows import SUFFIXES, read

PROCESSING = Path("/opt/ml/processing")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rows to score, and where to put them."""

    source: Path
    schema: Schema
    batch: Path
    labels: Path
    ids: IdRange
    max_file_bytes: int

    def __post_init__(self) -> None:
        check_limit(self.max_file_bytes)


def prepare_batch(plan: Plan) -> None:
    """Read everything once and write the batch; files without the target are as good as those with it."""
    files = find_files(plan.source, SUFFIXES)
    batch = BatchRows(plan.schema, plan.batch, plan.labels, plan.max_file_bytes)
    count = write_batch(lambda: read(files, plan.source, plan.schema, needs_target=False), plan.ids, batch)
    batch.check(plan.ids)
    say(f"Read {count} rows from {len(files)} files; to score {batch}.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        schema = Schema.load(given.schema)
        prepare_batch(
            Plan(
                source=given.input,
                schema=schema,
                batch=given.batch,
                labels=given.labels,
                ids=id_range(given.batch_id_start, given.batch_id_end, schema),
                max_file_bytes=int(given.max_file_mb * 1_000_000),
            )
        )

    return exit_code(work)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--input", type=Path, default=PROCESSING / "input/raw", help="CSV or Parquet, any depth")
    parser.add_argument("--schema", type=Path, default=PROCESSING / "input/schema/schema.json", help="the columns")
    for name in ("batch", "labels"):
        parser.add_argument(f"--{name}", type=Path, default=PROCESSING / "output" / name, help="output folder")
    parser.add_argument("--batch-id-start", help="first id's number; empty: no bound")
    parser.add_argument("--batch-id-end", help="last id's number, included; empty: no bound")
    parser.add_argument("--max-file-mb", type=float, default=20, help="of one file to score, below MaxPayloadInMB")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Exports scikit-learn's bundled breast cancer data, 569 real samples, as files that the pipelines read."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from dataset_schema import exit_code, new_parser, say

ID_COLUMN, TARGET = "sample_id", "diagnosis"
POSITIVE, NEGATIVE = "malignant", "benign"
FORMATS = ("csv", "parquet")


def breast_cancer() -> pa.Table:
    """Return `sample_id` (SAMPLE_0001 and so on), thirty measurements, and `diagnosis` as text."""
    from sklearn.datasets import load_breast_cancer  # slow to import, and `--help` does not need it

    bundled = load_breast_cancer()
    columns: dict[str, object] = {ID_COLUMN: [f"SAMPLE_{number:04d}" for number in range(1, len(bundled.target) + 1)]}
    for index, name in enumerate(bundled.feature_names):
        columns[str(name).replace(" ", "_")] = bundled.data[:, index]
    columns[TARGET] = [str(bundled.target_names[code]) for code in bundled.target]
    return pa.table(columns)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)

    def work() -> None:
        table, output = breast_cancer(), given.output
        if output.suffix not in {f".{name}" for name in FORMATS}:
            output /= f"breast-cancer.{given.format}"
        output.parent.mkdir(parents=True, exist_ok=True)
        if given.format == "csv":
            pa.csv.write_csv(
                table, output, write_options=pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
            )
        else:
            pq.write_table(table, output)
        positives = table[TARGET].to_pylist().count(POSITIVE)
        say(f"Wrote {table.num_rows} samples, {positives} of them {POSITIVE}, to {str(output)!r}.")

    return exit_code(work)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, help="a file (.csv, .parquet) or a folder")
    parser.add_argument("--format", choices=FORMATS, default="csv", help="of the file")
    return parser


if __name__ == "__main__":
    sys.exit(main())

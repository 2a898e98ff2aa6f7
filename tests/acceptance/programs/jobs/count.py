"""A job's script: count the lines of its input, write them to a property file, and say so in its log."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Count every file below the input and write count.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=Path("/opt/ml/processing/input/raw"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output/report"))
    parser.add_argument("--label", required=True)
    options = parser.parse_args()
    lines = sum(len(path.read_text().splitlines()) for path in options.input.rglob("*") if path.is_file())
    (options.output / "count.json").write_text(json.dumps({"lines": {"value": lines}, "label": options.label}))
    print(f"counted {lines} lines for {options.label}")


if __name__ == "__main__":
    main()

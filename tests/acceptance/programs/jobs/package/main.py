"""A job's package: the entry script, which needs its sibling."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Write a greeting to the first argument's folder."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    greeting = Path(__file__).with_name("greeting.txt").read_text().format(name=name)
    (folder / "greeting.txt").write_text(greeting)
    print(greeting)


if __name__ == "__main__":
    main()

"""A job's script: works only once its input has a file named `ready`."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Fail, and say why, when the file is missing."""
    if not Path("/opt/ml/processing/input/raw/ready").exists():
        sys.exit("the input is not ready")


if __name__ == "__main__":
    main()

"""The command line: definitions, executions, models and queries; `python pipeline.py --help` lists the commands."""

from __future__ import annotations

import sys

from cli.main import main

if __name__ == "__main__":
    sys.exit(main())

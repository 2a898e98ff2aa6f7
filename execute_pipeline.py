"""Upsert a pipeline, start it and follow it to its end; exit code 0 only when it succeeded."""

from __future__ import annotations

import sys

from cli.execute import main

if __name__ == "__main__":
    sys.exit(main())

"""Starts this package's own programs so that a model's script finds nothing of this project on its path."""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
# The root is on the path only while the program's module is imported: a model may have modules of the same names.
_CODE = """
import sys
root, module, *arguments = sys.argv[1:]
is_new = root not in sys.path
if is_new:
    sys.path.insert(0, root)
import importlib
program = importlib.import_module(module)
if is_new:
    sys.path.remove(root)
program.main(arguments)
"""


def command(module: str, *arguments: str) -> list[str]:
    """The command that calls `main(arguments)` of a module of this package in a Python of its own."""
    # -P: neither the working folder nor a script's folder comes before the libraries.
    return [sys.executable, "-P", "-c", _CODE, str(_ROOT), module, *arguments]

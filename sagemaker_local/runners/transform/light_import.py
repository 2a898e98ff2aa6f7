"""Imports XGBoost without scikit-learn for models that do not use it: half of a worker's start."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

_LIBRARY = "sklearn"
# A script that names it, one of XGBoost's classes for it, or a format that can hold objects of it.
_USES = re.compile(r"sklearn|scikit|XGB[A-Z]|pickle|joblib|skops|dill")


def import_xgboost(code_folder: Path) -> None:
    """Import XGBoost before the scripts of `code_folder` do, without scikit-learn when none of them can need it.

    XGBoost treats scikit-learn as optional and imports it, with pandas and scipy.stats, whenever it is there. A
    script that imports it later gets it all the same; only XGBoost's own classes for it would be missing.
    """
    if _LIBRARY in sys.modules or any(_USES.search(text) for text in _texts(code_folder)):
        return
    # None in this place makes an import fail as if the library were not installed.
    sys.modules[_LIBRARY] = None  # type: ignore[assignment]  # documented by Python, unknown to its type stubs
    try:
        importlib.import_module("xgboost")
    finally:
        del sys.modules[_LIBRARY]


def _texts(folder: Path) -> list[str]:
    """The content of every Python file below the folder."""
    return [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.py"))]

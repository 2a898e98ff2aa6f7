"""In processes of their own: what was imported cannot be taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[5]
_PROGRAM = """
import sys
from pathlib import Path
from sagemaker_local.runners.transform.light_import import import_xgboost
import_xgboost(Path(sys.argv[1]))
print("sklearn" in sys.modules)
import xgboost
print("sklearn" in sys.modules, xgboost.Booster is not None)
import sklearn
print(sklearn.__name__)
"""


def _said(folder: Path, script: str) -> list[str]:
    (folder / "inference.py").write_text(script)
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder)], cwd=_PROJECT, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()


def test_script_that_uses_no_scikit_learn_gets_xgboost_without_it(tmp_path: Path) -> None:
    assert _said(tmp_path, "import xgboost\n") == ["False", "False True", "sklearn"]


@pytest.mark.parametrize(
    "script", ["from sklearn.base import clone\n", "model = xgboost.XGBClassifier()\n", "import pickle\n"]
)
def test_script_that_may_use_scikit_learn_gets_xgboost_with_it(tmp_path: Path, script: str) -> None:
    assert _said(tmp_path, script) == ["False", "True True", "sklearn"]

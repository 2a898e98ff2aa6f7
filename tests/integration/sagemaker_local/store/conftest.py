from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sagemaker_local.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sagemaker.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(path)
    yield opened
    opened.close()

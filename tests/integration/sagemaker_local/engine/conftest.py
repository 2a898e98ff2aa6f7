from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.engine import Engine, build


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    built = build(tmp_path)
    yield built
    built.close()

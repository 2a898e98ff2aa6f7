from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.feature_store import FeaturePlane


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[FeaturePlane]:
    built = FeaturePlane(tmp_path)
    yield built
    built.close()

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.model_registry import ModelRegistry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ModelRegistry]:
    registry = ModelRegistry(tmp_path)
    yield registry
    registry.close()

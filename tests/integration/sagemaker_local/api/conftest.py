from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.control_plane import ControlPlane, build


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    built = build(tmp_path)
    yield built
    built.close()

"""One process holds a root."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

import pytest

from sagemaker_local.cli.state_lock import LOCK_FILE, holder, locked
from sagemaker_local.errors import StateLocked


def test_root_that_nobody_used_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_root_is_free_again_after_its_use(tmp_path: Path) -> None:
    with locked(tmp_path / "made"):
        pass

    assert holder(tmp_path / "made") is None


def test_lock_file_that_a_reset_removed_meanwhile_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = fcntl.lockf

    def reset_first(file: TextIO, how: int) -> None:
        (tmp_path / LOCK_FILE).unlink()
        take(file, how)

    monkeypatch.setattr(fcntl, "lockf", reset_first)

    with pytest.raises(StateLocked, match="works on the state folder"), locked(tmp_path):
        pass

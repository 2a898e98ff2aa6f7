"""A record that cannot be written waits for the disk, but not beyond the endpoint's end."""

from __future__ import annotations

import pytest

from sagemaker_local.engine import saving
from sagemaker_local.engine.saving import until_saved
from sagemaker_local.errors import StateNotSaved


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "_RETRY_SECONDS", 0.0)


def _failing(times: int) -> list[StateNotSaved]:
    return [StateNotSaved("the disk is full")] * times


def test_save_is_tried_until_it_succeeds() -> None:
    failures = _failing(3)

    def save() -> str:
        if failures:
            raise failures.pop()
        return "saved"

    assert until_saved(save, lambda: False) == "saved"


def test_save_is_given_up_when_the_endpoint_ends() -> None:
    def save() -> None:
        raise _failing(1)[0]

    with pytest.raises(StateNotSaved, match="the disk is full"):
        until_saved(save, lambda: True)

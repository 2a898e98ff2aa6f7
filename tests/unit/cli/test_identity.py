from __future__ import annotations

import getpass

import pytest

from cli import identity
from cli.context import Context
from tests.unit.cli.fakes import context_with


class FakeSts:
    def __init__(self, arn: str) -> None:
        self._arn = arn

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self._arn}


def context(arn: str, *, is_local: bool) -> Context:
    found, _ = context_with(sts=FakeSts(arn))
    found.is_local = is_local
    return found


def test_caller_is_whom_sts_names() -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/Approvers/anna"

    assert identity.caller(context(arn, is_local=False)) == arn


def test_root_of_a_real_account_is_called_root() -> None:
    arn = "arn:aws:iam::123456789012:root"

    assert identity.caller(context(arn, is_local=False)) == arn


def test_caller_on_this_machine_is_the_user_of_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "anna")

    found = identity.caller(context("arn:aws:iam::000000000000:root", is_local=True))

    assert found == "arn:aws:iam::000000000000:user/anna"


def test_number_without_a_name_is_a_user_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)

    found = identity.caller(context("arn:aws:iam::000000000000:root", is_local=True))

    assert found.startswith("arn:aws:iam::000000000000:user/uid-")


@pytest.mark.parametrize(
    ("arn", "short"),
    [
        ("arn:aws:iam::123456789012:user/anna", "anna"),
        ("arn:aws:iam::123456789012:user/team/anna", "anna"),
        ("arn:aws:sts::123456789012:assumed-role/Approvers/anna@example.com", "Approvers/anna@example.com"),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"),
        ("automatic", "automatic"),
        ("", ""),
    ],
)
def test_caller_is_told_by_the_part_that_people_know(arn: str, short: str) -> None:
    assert identity.short(arn) == short

"""requirements.txt says what was chosen and why, constraints.txt pins what that brings along."""

from __future__ import annotations

import re
from importlib import metadata

from tests.fakes.markdown import page

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s#]+)(?:\s+# (?P<reason>.+))?")
# They come with every virtual environment.
_OF_THE_ENVIRONMENT = {"pip", "setuptools", "wheel"}


def pins(file: str) -> list[re.Match[str]]:
    lines = [line for line in page(file).splitlines() if line and not line.startswith(("#", "-c "))]
    found = [_PIN.fullmatch(line) for line in lines]
    assert None not in found, [line for line, pin in zip(lines, found, strict=True) if pin is None]
    return [pin for pin in found if pin is not None]


def normal(name: str) -> str:
    """As package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


CHOSEN = {normal(pin["name"]): pin for pin in pins("requirements.txt")}
BROUGHT = {normal(pin["name"]): pin for pin in pins("constraints.txt")}
INSTALLED = {normal(package.metadata["Name"]): package.version for package in metadata.distributions()}


def test_every_chosen_package_says_why_it_is_here() -> None:
    assert [name for name, pin in CHOSEN.items() if not pin["reason"]] == []


def test_no_package_is_pinned_twice() -> None:
    assert CHOSEN.keys() & BROUGHT.keys() == set()
    assert len(CHOSEN) == len(pins("requirements.txt"))
    assert len(BROUGHT) == len(pins("constraints.txt"))


def test_everything_that_is_installed_is_pinned() -> None:
    assert INSTALLED.keys() - CHOSEN.keys() - BROUGHT.keys() - _OF_THE_ENVIRONMENT == set()


def test_what_is_pinned_is_installed_in_that_version() -> None:
    """A constraint for a package that nothing needs any more is dead; Python 3.12 needs fewer than 3.11."""
    pinned = {name: pin["version"] for name, pin in {**CHOSEN, **BROUGHT}.items()}

    others = {name: INSTALLED[name] for name in pinned.keys() & INSTALLED.keys() if INSTALLED[name] != pinned[name]}

    assert others == {}
    assert CHOSEN.keys() - INSTALLED.keys() == set()

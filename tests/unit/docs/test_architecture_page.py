"""Holds docs/architecture.md against the layers that import-linter checks and the files that it names."""

from __future__ import annotations

import re
import tomllib

from tests.fakes.markdown import ROOT, page, section, tables

PAGE = page("docs/architecture.md")
HOUSES = (ROOT, ROOT / "sagemaker_local")


def test_layers_are_those_that_import_linter_checks() -> None:
    contracts = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    checked = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    said = [row.spans("layer") for row in section(tables(PAGE), "Layers of sagemaker_local")]

    assert [sorted(names) for names in said] == [sorted(re.split(r" \| ", layer)) for layer in checked]


def test_files_that_the_page_names_exist() -> None:
    named = re.findall(r"`([\w/]+(?:\.py|/))`", PAGE)

    assert named
    assert [name for name in named if not any((house / name).exists() for house in HOUSES)] == []

"""The README's "Your own data": real rows, another target and id column, no other code."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests import readme
from tests.acceptance.terminal import Terminal

CONFIG = ("--local", "--config", "configs/breast_cancer.yaml")
SCORED = 113
"""Tumours 457 to 569, as the configuration says."""


@pytest.fixture(scope="module")
def outputs(terminal: Terminal) -> list[str]:
    """What the block's commands print, one after the other, as they stand in the README."""
    return [terminal.output(words) for words in readme.commands("Your own data")[:3]]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    opened = Terminal.open(tmp_path_factory.mktemp("breast-cancer"))
    try:
        yield opened
    finally:
        opened.close()


def query(terminal: Terminal, sql: str) -> str:
    return terminal.output(("python", "pipeline.py", "query", sql, *CONFIG))


def test_the_block_exports_uploads_and_succeeds(outputs: list[str]) -> None:
    exported, uploaded, executed = outputs

    assert "569" in exported
    assert "breast_cancer.csv -> s3://mlbucket-sagemaker/mlops/breast_cancer/" in uploaded
    assert "Succeeded after" in executed


def test_the_table_has_one_row_for_each_tumour_of_the_batch(terminal: Terminal, outputs: list[str]) -> None:
    text = query(terminal, "SELECT count(*) AS n, count(DISTINCT sample_id) AS ids FROM breast_cancer_predictions")

    assert re.search(rf"│ {SCORED} +│ {SCORED} +│", text), text


def test_the_model_is_good_and_its_version_is_approved(terminal: Terminal, outputs: list[str]) -> None:
    text = terminal.output(("python", "pipeline.py", "models", *CONFIG))

    shown = re.search(r"│ 1 +│ Approved +│ (\d\.\d+) ", text)
    assert shown is not None, text
    assert float(shown[1]) > 0.9

"""Holds docs/evaluation.md against what scripts/evaluate_batch.py writes and reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import raw_labels
from evaluate_batch import main

from cli import batch_evaluation, late_labels
from tests.fakes.datasets import PRICES, SMALL, write_schema
from tests.fakes.evaluating import IDS, scores_table, write_labels, write_scores
from tests.fakes.markdown import page, section, tables

PAGE = page("docs/evaluation.md")
KEYS = {name for row in section(tables(PAGE), "evaluation.json") for name in row.spans("key")}


def written(folder: Path, document: dict[str, Any], labels: list[float]) -> set[str]:
    write_scores(folder, scores_table(IDS, [0.1, 0.2, 0.6, 0.7, 0.9]))
    write_labels(folder, IDS[: len(labels)], labels, document["target"])
    inputs = [f"--{name}={folder / name}" for name in ("predictions", "labels")]
    assert main([*inputs, f"--schema={write_schema(folder, document)}", f"--output={folder / 'out'}"]) == 0
    return set(json.loads((folder / "out/evaluation.json").read_text(encoding="utf-8")))


def test_every_key_is_in_the_table_and_every_key_of_the_table_is_written(tmp_path: Path) -> None:
    cases: dict[str, tuple[dict[str, Any], list[float]]] = {
        "both": (SMALL, [0, 0, 1, 1, 1]),
        "one": (SMALL, [0, 0]),
        "none": (SMALL, []),
        "numbers": (PRICES, [1, 2, 3]),
        "equal": (PRICES, [1, 1]),
    }

    found = [written(tmp_path / name, *case) for name, case in cases.items()]

    assert set().union(*found) == KEYS


@pytest.mark.parametrize("suffix", raw_labels.SUFFIXES)
def test_every_kind_of_label_file_is_on_the_page(suffix: str) -> None:
    assert f"`{suffix}`" in PAGE


def test_steps_are_those_that_the_door_looks_for() -> None:
    assert batch_evaluation.IF_LABELLED in PAGE
    assert batch_evaluation.PUBLISHED in PAGE


def test_command_uploads_what_the_job_reads() -> None:
    assert set(late_labels._KINDS) == set(raw_labels.SUFFIXES)

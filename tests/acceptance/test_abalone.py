"""A regression out of a file without a header or ids, through the whole DAG, by configuration alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.acceptance.terminal import Terminal
from tests.fakes.datasets import abalone_rows, write_headerless

SHELLS, LEARNED = 900, 600
CONFIG = ("--local", "--config", "configs/abalone.yaml", "--config", "small.yaml")
# The file that the configuration is for has more rows; the invented ones also have more of the old shells.
SMALL = f"""
customer_id_start: {LEARNED + 1}
customer_id_end: {SHELLS}
training: {{customer_id_end: {LEARNED}}}
gate: {{metric: regression_metrics.rmse.value, threshold: 5.0}}
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    opened = Terminal.open(tmp_path_factory.mktemp("abalone"))
    (opened.folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    write_headerless(opened.folder / "abalone.csv", abalone_rows(SHELLS))
    opened.output(("python", "pipeline.py", "upload", "abalone.csv", *CONFIG))
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def executed(terminal: Terminal) -> str:
    return terminal.output(("python", "execute_pipeline.py", "end-to-end", *CONFIG))


def query(terminal: Terminal, folder: Path, sql: str) -> list[dict[str, object]]:
    output = folder / "answer.parquet"
    terminal.output(("python", "pipeline.py", "query", sql, "--format", "parquet", "--output", str(output), *CONFIG))
    rows: list[dict[str, object]] = pq.read_table(output).to_pylist()
    return rows


def test_the_error_decides_at_the_gate_and_the_version_is_approved(terminal: Terminal, executed: str) -> None:
    shown = terminal.output(("python", "pipeline.py", "models", *CONFIG))

    assert "Succeeded after" in executed
    assert "rmse" in shown
    assert "Approved" in shown


def test_the_table_has_a_number_for_each_shell_of_the_batch(terminal: Terminal, executed: str, tmp_path: Path) -> None:
    (row,) = query(
        terminal,
        tmp_path,
        "SELECT count(*) AS n, min(abalone_id) AS first, max(abalone_id) AS last, typeof(min(prediction)) AS type, "
        "count(prediction_probability) AS probabilities FROM abalone_predictions",
    )

    assert row == {
        "n": SHELLS - LEARNED,
        "first": "ABALONE_000601",
        "last": "ABALONE_000900",
        "type": "double",
        "probabilities": 0,
    }


def test_the_predictions_are_near_the_rings(terminal: Terminal, executed: str, tmp_path: Path) -> None:
    rows = query(terminal, tmp_path, "SELECT abalone_id, prediction FROM abalone_predictions ORDER BY abalone_id")

    rings = abalone_rows(SHELLS)["rings"].to_pylist()[LEARNED:]
    errors = [abs(float(str(row["prediction"])) - known) for row, known in zip(rows, rings, strict=True)]
    assert sum(errors) / len(errors) < 3.5


def test_a_shells_number_is_proved_and_explained_in_rings(terminal: Terminal, executed: str) -> None:
    text = terminal.output(("python", "pipeline.py", "explain", "ABALONE_000601", *CONFIG))

    assert re.search(r"ABALONE_000601, \d{4}-\d\d-\d\d: rings \d+\.\d+\n", text)
    assert "exactly the same." in text
    base, total = re.search(r"Without any feature: (\d+\.\d+)\. With all contributions: (\d+\.\d+)\.", text).groups()  # type: ignore[union-attr]  # it is printed
    moved = [float(value) for value in re.findall(r"│ +([+-]\d+\.\d+) +│", text)]
    assert float(base) + sum(moved) == pytest.approx(float(total), abs=0.001)


def test_a_file_that_is_uploaded_is_scored_published_and_evaluated(
    terminal: Terminal, executed: str, tmp_path: Path
) -> None:
    """Shells without ids or a header, as the data has them; these have rings, so the scores are measured, too."""
    write_headerless(terminal.folder / "new.csv", abalone_rows(SHELLS).slice(0, 20))
    place = "s3://mlbucket-sagemaker/mlops/abalone/new/"
    terminal.output(("python", "pipeline.py", "upload", "new.csv", "--to", place, *CONFIG))

    text = terminal.output(
        ("python", "execute_pipeline.py", "upload-inference", "--param", f"InputDataUri={place}", *CONFIG)
    )

    assert re.search(r"The batch: rmse \d\.\d+", text), text
    rows = query(
        terminal,
        tmp_path,
        "SELECT abalone_id, prediction, prediction_probability FROM abalone_predictions_uploads ORDER BY abalone_id",
    )
    assert [row["abalone_id"] for row in rows] == [f"ABALONE_{number:06d}" for number in range(1, 21)]
    assert all(0 < float(str(row["prediction"])) < 40 for row in rows)
    assert {row["prediction_probability"] for row in rows} == {None}

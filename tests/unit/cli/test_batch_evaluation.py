from __future__ import annotations

import argparse
from typing import Any

import pytest
from rich.console import Console

from cli import batch_evaluation
from cli.commands import executions
from cli.executions import follow
from tests.unit.cli.evaluated import DOCUMENT, UNLABELLED, evaluating_step, terminal
from tests.unit.cli.fakes import ARN, step

LINE = (
    "The batch: roc_auc 0.8422, accuracy 0.7500, precision 0.5000, recall 0.2500, f1_score 0.3333 "
    "on 4,800 of 5,000 rows."
)
EVALUATED = evaluating_step("EvaluateIfLabelled")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.executions.follow.time.sleep", lambda _: None)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (DOCUMENT, LINE),
        (UNLABELLED, "Not evaluated: none of the 5 rows has a label (churned)."),
        (
            {
                "evaluated": True,
                "rmse": 2.1,
                "mae": 1.5,
                "r2": None,
                "r2_reason": "one row",
                "rows": 1,
                "labelled_rows": 1,
            },
            "The batch: rmse 2.1000, mae 1.5000, r2 none (one row) on 1 of 1 rows.",
        ),
    ],
)
def test_following_an_execution_ends_with_how_good_its_batch_was(document: dict[str, Any], line: str) -> None:
    context, printed, _ = terminal(document, EVALUATED)

    assert follow.to_the_end(context, ARN) == 0

    assert printed.getvalue().splitlines()[-1] == line


def test_status_of_an_execution_tells_it_too() -> None:
    context, printed, _ = terminal(DOCUMENT, EVALUATED)
    context.client("sagemaker").list_pipeline_parameters_for_execution = lambda **_: {"PipelineParameters": []}
    context.client("sagemaker").described = 1

    executions.status(context, argparse.Namespace(execution=ARN))

    assert printed.getvalue().splitlines()[-1] == LINE


@pytest.mark.parametrize(
    "steps", [[], [step("PublishToAthena", "Succeeded")], [evaluating_step("EvaluateIfLabelled", "Failed")]]
)
def test_execution_that_evaluated_nothing_says_nothing(steps: list[dict[str, Any]]) -> None:
    context, printed, _ = terminal(DOCUMENT, *steps)

    batch_evaluation.say_how_good(context, steps)

    assert printed.getvalue() == ""


def test_execution_that_failed_says_nothing_of_its_batch() -> None:
    context, printed, _ = terminal(DOCUMENT, EVALUATED, state="Failed")

    assert follow.to_the_end(context, ARN) == 1

    assert "The batch:" not in printed.getvalue()


def test_evaluation_that_cannot_be_read_is_said_and_is_no_failure() -> None:
    context, printed, _ = terminal(None, EVALUATED)

    assert follow.to_the_end(context, ARN) == 0

    last = printed.getvalue().splitlines()[-1]
    assert last.startswith("The batch's evaluation cannot be read: An error occurred (NoSuchKey)")


def test_table_shows_metrics_counts_and_the_model() -> None:
    context, printed, _ = terminal(None)
    context.console = Console(file=printed, width=120)

    context.console.print(batch_evaluation.table_of(DOCUMENT | {"model_package_arn": "arn:[model]/7"}))

    cells = [[cell.strip() for cell in line.split("│")[1:3]] for line in printed.getvalue().splitlines() if "│" in line]
    assert cells == [
        ["roc_auc", "0.8422"],
        ["accuracy", "0.7500"],
        ["precision", "0.5000"],
        ["recall", "0.2500"],
        ["f1_score", "0.3333"],
        ["scored rows", "5,000"],
        ["labelled rows", "4,800"],
        ["rows without a label", "200"],
        ["labels of ids that were not scored", "2"],
        ["label rows without a label", "0"],
        ["model version", "arn:[model]/7"],
        ["execution", "exec1"],
    ]
    assert "Evaluation of 2026-01-31" in printed.getvalue()

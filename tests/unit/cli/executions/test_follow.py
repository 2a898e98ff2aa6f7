from __future__ import annotations

from typing import Any

import pytest

from cli.executions import follow
from tests.unit.cli.fakes import ARN, FakeLogs, FakeSageMaker, context_with, step


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.executions.follow.time.sleep", lambda _: None)


def test_following_a_succeeding_execution_prints_each_change_once_and_returns_zero() -> None:
    client = FakeSageMaker(
        ["Executing", "Executing", "Succeeded"],
        [
            [step("Read", "Executing")],
            [step("Read", "Succeeded"), step("Gate", "Succeeded", Metadata={"Condition": {"Outcome": "True"}})],
            [step("Read", "Succeeded"), step("Gate", "Succeeded"), step("Publish", "Succeeded")],
        ],
    )
    context, printed = context_with(sagemaker=client)

    exit_code = follow.to_the_end(context, ARN)

    text = printed.getvalue()
    assert exit_code == 0
    assert text.count("Read                     Executing") == 1
    assert "outcome True" in text
    assert "Publish" in text
    assert "abcdefghijkl: Succeeded after 7.5 s" in text


def test_following_a_failing_execution_shows_reason_log_and_the_command_that_resumes_it() -> None:
    failed = step(
        "Read",
        "Failed",
        FailureReason="AlgorithmError: , exit code: 1 [see log]",
        Metadata={"ProcessingJob": {"Arn": "arn:aws:sagemaker:r:a:processing-job/pipelines-x-a-q"}},
    )
    logs = FakeLogs({"pipelines-x-A-Q/algo-1-1": [f"line {number}" for number in range(30)]})
    context, printed = context_with(sagemaker=FakeSageMaker(["Failed"], [[failed]]), logs=logs)

    exit_code = follow.to_the_end(context, ARN)

    text = printed.getvalue()
    assert exit_code == 1
    assert "AlgorithmError: , exit code: 1 [see log]" in text
    assert "| line 29" in text
    assert "| line 9" not in text
    assert "Step failure: One or multiple steps failed." in text
    assert "Correct the cause, then resume it: python pipeline.py retry abcdefghijkl --wait --local" in text


def test_following_a_stopped_execution_returns_one() -> None:
    context, printed = context_with(sagemaker=FakeSageMaker(["Stopped"], [[step("Read", "Stopped")]]))

    assert follow.to_the_end(context, ARN) == 1
    assert "Resume it" in printed.getvalue()


def test_following_an_execution_whose_endpoint_is_lost_shows_the_commands_that_go_on() -> None:
    class Lost(FakeSageMaker):
        def list_pipeline_execution_steps(self, **_: Any) -> dict[str, Any]:
            raise ConnectionError("gone")

    context, printed = context_with(sagemaker=Lost(["Executing"], []))

    with pytest.raises(ConnectionError, match="gone"):
        follow.to_the_end(context, ARN)

    assert "python pipeline.py status abcdefghijkl --local" in printed.getvalue()
    assert "python pipeline.py retry abcdefghijkl --wait --local" in printed.getvalue()


def test_a_cached_step_names_the_execution_it_came_from() -> None:
    cached = step("Train", "Succeeded", CacheHitResult={"SourcePipelineExecutionArn": ARN})
    context, printed = context_with(sagemaker=FakeSageMaker(["Succeeded"], [[cached]]))

    follow.to_the_end(context, ARN)

    assert "taken from abcdefghijkl (cache)" in printed.getvalue()


@pytest.mark.parametrize("reason", [r"no match for \[/opt/ml]", "[bold]no[/bold]", "C:\\", "[/x]"])
def test_reason_is_shown_as_it_is_whatever_brackets_it_has(reason: str) -> None:
    failed = step("Train", "Failed", FailureReason=reason)
    context, printed = context_with(sagemaker=FakeSageMaker(["Failed"], [[failed]]), logs=FakeLogs({}))

    follow.to_the_end(context, ARN)

    # In the line of the change, and in the table at the end.
    assert printed.getvalue().count(reason) == 2

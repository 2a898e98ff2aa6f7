from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cli.executions import job_logs
from tests.unit.cli.fakes import BEGIN, context_with, step

FUNCTION = "arn:aws:lambda:us-west-2:000000000000:function:churn-verdict"
BEGIN_MILLISECONDS = int(BEGIN.timestamp() * 1000)


class FunctionLogs:
    """The log group of a function: events by time, whatever their stream, a page at a time; some pages are empty."""

    class exceptions:  # noqa: N801 - the name that boto3 clients have
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, events: dict[int, str] | None) -> None:
        self._events = events

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        if self._events is None or request["logGroupName"] != "/aws/lambda/churn-verdict":
            raise self.exceptions.ResourceNotFoundException
        lines = [
            {"timestamp": time, "message": text}
            for time, text in sorted(self._events.items())
            if request["startTime"] <= time <= request["endTime"]
        ]
        pages = [page for line in lines for page in ([], [line])]
        number = int(request.get("nextToken", 0))
        more = {"nextToken": str(number + 1)} if number + 1 < len(pages) else {}
        return {"events": pages[number] if pages else [], **more}


def read(events: dict[int, str] | None, **metadata: Any) -> list[str]:
    context, _ = context_with(logs=FunctionLogs(events))
    ended = BEGIN + timedelta(seconds=2)
    return list(job_logs.read(context, step("Verdict", "Succeeded", EndTime=ended, Metadata=metadata)))


def at(seconds: float) -> int:
    return BEGIN_MILLISECONDS + int(seconds * 1000)


def test_lines_of_a_function_are_those_of_the_time_in_which_the_step_ran() -> None:
    events = {
        at(-60): "another execution's\n",
        at(0.5): "START\n",
        at(1): "passed\n",
        at(2.5): "END\n",
        at(60): "later\n",
    }

    assert read(events, Lambda={"Arn": FUNCTION}) == ["START", "passed", "END"]


@pytest.mark.parametrize("events", [None, {}])
def test_function_that_has_written_nothing_has_no_lines(events: dict[int, str] | None) -> None:
    assert read(events, Lambda={"Arn": FUNCTION}) == []


@pytest.mark.parametrize("metadata", [{}, {"Condition": {"Outcome": "True"}}, {"Lambda": {"OutputParameters": []}}])
def test_step_that_starts_nothing_has_no_lines_and_asks_nobody(metadata: dict[str, Any]) -> None:
    context, _ = context_with()

    assert list(job_logs.read(context, step("Gate", "Failed", Metadata=metadata))) == []

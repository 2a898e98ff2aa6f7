"""Run a pipeline for one day after the other, some at a time, and keep what became of each day."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from cli import published_runs
from cli.context import Context
from cli.executions import follow, history
from cli.executions.start import GIT_COMMIT, start_execution

DAY, MODEL_VERSION = "InferenceDate", "ModelVersion"
"""Parameters of the pipeline (pipelines/parameters.py)."""
_LOOK_BACK = 200
"""So many of the newest executions are looked at for one that does a day already."""
_LOCAL_POLL_SECONDS = 0.25
_CLOUD_POLL_SECONDS = 5.0


class State(Enum):
    """What became of a day."""

    PUBLISHED = "published"  # by this backfill
    SKIPPED = "published before"  # and nobody said --force
    INCOMPLETE = "published, with failures"  # readers see it, and another step failed
    REPLACED = "replaced"  # the execution succeeded, and readers see another one's rows
    FAILED = "failed"  # nothing was published
    STOPPED = "stopped"  # by somebody
    NOT_STARTED = "not started"  # an earlier day failed

    @property
    def is_good(self) -> bool:
        """Whether the day is as it was asked for."""
        return self in {State.PUBLISHED, State.SKIPPED}


@dataclass(frozen=True, slots=True)
class Day:
    """One line of the table."""

    day: str
    state: State
    execution: str = ""
    version: str = ""
    rows: int | None = None
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run."""

    pipeline: str
    """As the catalog names it."""
    days: Sequence[str]
    parameters: Mapping[str, str]
    """Of every day's execution, beside the day itself."""
    defaults: Mapping[str, str]
    """Of the pipeline's parameters."""
    parallel: int
    stop_on_failure: bool


class Backfill:
    """Runs a plan; `results` has the days that are done, by day."""

    def __init__(self, context: Context, plan: Plan) -> None:
        self._context = context
        self._plan = plan
        self._running: dict[str, str] = {}
        self._busy: dict[str, str] | None = None
        self.results: dict[str, Day] = {}

    def run(self) -> None:
        """Start the days in their order and follow each to its end."""
        try:
            self._run()
        except (Exception, KeyboardInterrupt):
            # The connection, the endpoint or the person went away: the executions are not lost with them.
            self._say_what_goes_on()
            raise

    def _run(self) -> None:
        waiting = deque(self._plan.days)
        while waiting or self._running:
            while waiting and len(self._running) < self._plan.parallel:
                if self._plan.stop_on_failure and any(not result.state.is_good for result in self.results.values()):
                    self.results |= {
                        day: Day(day, State.NOT_STARTED, reason="an earlier day failed") for day in waiting
                    }
                    waiting.clear()
                else:
                    self._start(waiting.popleft())
            for day in list(self._running):
                self._look(day)
            if self._running:
                time.sleep(_LOCAL_POLL_SECONDS if self._context.is_local else _CLOUD_POLL_SECONDS)

    def _start(self, day: str) -> None:
        parameters = {DAY: day, **self._plan.parameters}
        arn, verb = self._under_way(day, parameters), "is under way already in"
        if arn is None:
            arn, verb = start_execution(self._context, self._plan.pipeline, parameters, display_name(day)), "starts as"
        self._running[day] = arn
        self._say(day, f"{verb} {history.execution_id(arn)}")

    def _under_way(self, day: str, parameters: Mapping[str, str]) -> str | None:
        """An execution that an earlier backfill left, when it does the same: two would only publish over each other."""
        from pipelines import catalog

        client = self._context.client("sagemaker")
        if self._busy is None:
            name = catalog.entry(self._plan.pipeline).sagemaker_name(self._context.config)
            self._busy = {
                summary["PipelineExecutionDisplayName"]: summary["PipelineExecutionArn"]
                for summary in history.executions(client, name, limit=_LOOK_BACK)
                if summary["PipelineExecutionStatus"] == "Executing" and "PipelineExecutionDisplayName" in summary
            }
        arn = self._busy.get(display_name(day))
        if arn is None:
            return None
        given = {**self._plan.defaults, **history.parameters(client, arn)}
        wanted = {**self._plan.defaults, **parameters}
        # Every one: a day of fewer customers is another day.
        return arn if all(given.get(name) == wanted[name] for name in wanted.keys() - {GIT_COMMIT}) else None

    def _look(self, day: str) -> None:
        arn = self._running[day]
        described = self._context.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
        if described["PipelineExecutionStatus"] not in follow.FINAL:
            return
        result = self._result(day, arn, described)
        self.results[day] = result
        del self._running[day]
        rows = "" if result.rows is None else f", {result.rows:,} rows by version {result.version}"
        reason = f": {result.reason}" if result.reason else ""
        self._say(day, f"{result.state.value}{rows}, {result.seconds:.1f} s ({result.execution}){reason}")

    def _result(self, day: str, arn: str, described: Mapping[str, Any]) -> Day:
        execution, state = history.execution_id(arn), described["PipelineExecutionStatus"]
        seconds = (described["LastModifiedTime"] - described["CreationTime"]).total_seconds()
        run = published_runs.run_of_execution(self._context, day, execution)
        result = Day(day, State.FAILED, execution, seconds=seconds)
        if run is not None:
            result = replace(result, state=State.PUBLISHED, version=run.model_version, rows=run.rows)
        if state == "Succeeded" and run is None:
            reason = "another publish came in the meantime; `python pipeline.py publications` shows it"
            return replace(result, state=State.REPLACED, reason=reason)
        if state == "Succeeded":
            return result
        reason = self._failure(arn, described)
        if run is not None:
            return replace(result, state=State.INCOMPLETE, reason=reason)
        return replace(result, state=State.STOPPED if state == "Stopped" else State.FAILED, reason=reason)

    def _failure(self, arn: str, described: Mapping[str, Any]) -> str:
        steps = history.steps(self._context.client("sagemaker"), arn)
        reasons = [
            f"{step['StepName']}: {step.get('FailureReason', 'no reason given')}"
            for step in steps
            if step["StepStatus"] == "Failed"
        ]
        text = reasons[0] if reasons else str(described.get("FailureReason") or described["PipelineExecutionStatus"])
        return " ".join(text.split())

    def _say_what_goes_on(self) -> None:
        left = [day for day in self._plan.days if day not in self.results and day not in self._running]
        options = self._context.options_text
        for day, arn in self._running.items():
            execution = history.execution_id(arn)
            self._say(day, f"goes on as {execution}: python pipeline.py status {execution}{options}")
        if left:
            self._context.console.print(f"{len(left)} days were not started: {', '.join(left)}")

    def _say(self, day: str, text: str) -> None:
        moment = history.utc_text(datetime.now(UTC))[11:]
        self._context.console.print(f"{moment}  {day}  {text}", markup=False)


def display_name(day: str) -> str:
    """How the execution of a day is called on SageMaker."""
    return f"backfill-{day}"

"""Takes one step from its start to its end: cache, tries, waits between them, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sagemaker_local.engine.cache import cache_key
from sagemaker_local.engine.resolution import resolve
from sagemaker_local.engine.retry_policy import Fault, delay_before_retry, fault_of_refusal
from sagemaker_local.engine.run_scope import RunScopes
from sagemaker_local.engine.saving import until_saved
from sagemaker_local.engine.step_definition import StepDefinition
from sagemaker_local.engine.step_record import StepRecord
from sagemaker_local.engine.steps.outcome import Action, Attempt, StepOutcome
from sagemaker_local.engine.stop_signal import StopSignal
from sagemaker_local.errors import ServiceError, StepFailed
from sagemaker_local.records.execution import Execution, Step, StepStatus
from sagemaker_local.records.names import custom_name, job_name
from sagemaker_local.records.shapes import check
from sagemaker_local.store.executions import ExecutionStore

_LOG = logging.getLogger(__name__)

_REASON_MAX = 1024
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

Sleep = Callable[[StopSignal, float], bool]
"""Waits so many seconds, but not beyond a stop; true when the stop came."""


def interrupted_reason(execution: Execution) -> str:
    """Say why nothing ran to its end, and what to do about it."""
    return (
        "The endpoint stopped before this ended. Nothing that had finished is lost; resume with: "
        f"python pipeline.py retry {execution.execution_id} --local"
    )


@dataclass(frozen=True, slots=True)
class StepWorker:
    """One step of one execution."""

    execution: Execution
    step: StepDefinition
    record: StepRecord
    action: Action
    scopes: RunScopes
    stop: StopSignal
    executions: ExecutionStore
    clock: Callable[[], datetime]
    sleep: Sleep

    def run(self) -> Step:
        """Work until the step has ended, and return its final record."""
        tries = 1
        while True:
            outcome = self._try()
            delay = self._delay(outcome, tries)
            if delay is None:
                return self._end(outcome)
            _LOG.warning(
                "step %s failed, try %s follows in %s s: %s", self.step.name, tries + 1, delay, outcome.failure_reason
            )
            if self.sleep(self.stop, delay):
                return self._end(StepOutcome(StepStatus.STOPPED, outcome.metadata))
            tries += 1
            self.record.change(attempt_count=tries)

    def _delay(self, outcome: StepOutcome, tries: int) -> float | None:
        if outcome.status is not StepStatus.FAILED or self.stop.is_set():
            return None
        elapsed = (self.clock() - self.record.step.started).total_seconds()
        return delay_before_retry(self.step.retry_policies, outcome.fault, tries, elapsed)

    def _try(self) -> StepOutcome:
        if self.stop.is_set():
            return StepOutcome(StepStatus.STOPPED)
        try:
            return self._attempt()
        except StepFailed as error:
            return StepOutcome(StepStatus.FAILED, failure_reason=f"ClientError: {error}")
        except ServiceError as error:
            return self._refused(error)
        except Exception as error:  # noqa: BLE001  # a bug of ours fails the step, not the endpoint
            _LOG.exception("step %s of %s failed inside the endpoint", self.step.name, self.execution.arn)
            reason = f"InternalFailure: {type(error).__name__}: {error} (traceback in the endpoint's log)"
            return StepOutcome(StepStatus.FAILED, failure_reason=reason, fault=Fault.SERVICE_FAULT)

    def _attempt(self) -> StepOutcome:
        name = self._generated_name()
        kind = self.step.type
        scope = self.scopes.scope({kind.name_member: name} if kind.name_member else {})
        arguments: dict[str, Any] = resolve(self.step.arguments, scope)
        key = cache_key(self.step.name, kind.name, arguments) if self.step.cache else None
        if key and (hit := self._cached(key)):
            self.record.change(cache_key=key, cache_hit_arn=hit.execution_arn)
            return StepOutcome(StepStatus.SUCCEEDED, hit.metadata, hit.properties)
        if kind.name_member:
            arguments[kind.name_member] = name
        if kind.resource:
            check("sagemaker", kind.create_operation, arguments)
        self.record.change(status=StepStatus.EXECUTING, cache_key=key)
        return self.action(Attempt(self.step, self.execution.arn, arguments, scope, self.stop, publish=self._publish))

    def _publish(self, metadata: Mapping[str, Any]) -> None:
        self.record.change(metadata=metadata)

    def _generated_name(self) -> str:
        kind = self.step.type
        prefix = self.step.arguments.get(kind.name_member or "")
        if prefix:
            return custom_name(prefix, self.execution.execution_id, kind.name_max)
        # A step's name may have underscores, the name of a job or a model may not.
        return job_name(self.execution.execution_id, self.step.name.replace("_", "-"), kind.name_max)

    def _cached(self, key: str) -> Step | None:
        assert self.step.cache is not None  # noqa: S101  # there is no key without it
        expire_after = self.step.cache.expire_after
        since = _EARLIEST if expire_after is None else self.clock() - expire_after
        found = self.executions.cached_steps(self.execution.pipeline_name, key, since)
        return found[0] if found else None

    def _refused(self, error: ServiceError) -> StepOutcome:
        fault = fault_of_refusal(error)
        kind = self.step.type
        operation = f"sagemaker:{kind.create_operation}" if kind.resource else "lambda:InvokeFunction"
        reason = f"ClientError: Failed to invoke {operation}. Error Details: {error.message}"
        if fault and not any(fault in policy.faults for policy in self.step.retry_policies):
            reason += (
                "\nRetry not appropriate on execution of step with PipelineExecutionArn "
                f"{self.execution.arn} and StepId {self.step.name}. "
                f"No retry policy configured for the exception type {fault.upper().replace('.', '_')}."
            )
        return StepOutcome(StepStatus.FAILED, failure_reason=reason, fault=fault)

    def _end(self, outcome: StepOutcome) -> Step:
        status, reason = outcome.status, outcome.failure_reason
        if status is StepStatus.STOPPED and self.stop.is_interruption:
            status, reason = StepStatus.FAILED, interrupted_reason(self.execution)
        ended = self.clock()

        def save() -> Step:
            return self.record.change(
                status=status,
                ended=ended,
                failure_reason=reason[:_REASON_MAX] if reason else None,
                metadata=outcome.metadata or self.record.step.metadata,
                properties=outcome.properties,
            )

        return until_saved(save, lambda: self.stop.is_interruption)

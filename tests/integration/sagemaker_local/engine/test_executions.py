"""Order, branches, failures, parallelism: what runs, when, and what becomes of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from sagemaker_local.engine.walk import STEP_FAILURE
from sagemaker_local.errors import ValidationException
from sagemaker_local.records.execution import ExecutionStatus, StepStatus
from sagemaker_local.records.job import Job, JobControl, JobOutcome
from tests.fakes.engine import Engine, wait_until
from tests.fakes.scripted_runner import COMPLETED, failing
from tests.fakes.step_definitions import (
    FUNCTION,
    condition,
    definition,
    equals,
    fail,
    function,
    get,
    input_from,
    join,
    json_get,
    model,
    parameter,
    processing,
    register,
    report_file,
    training,
    transform,
)


def _at_once(count: int) -> Callable[[Job, JobControl], JobOutcome]:
    """Jobs that complete only when `count` of them run at the same time."""
    barrier = threading.Barrier(count, timeout=5)

    def run(job: Job, control: JobControl) -> JobOutcome:
        barrier.wait()
        return COMPLETED

    return run


def test_execution_of_every_step_type_succeeds_in_the_order_of_its_graph(engine: Engine) -> None:
    engine.functions.handlers[FUNCTION] = lambda event: {"Arn": event["package"]}
    gate = condition(conditions=[equals(get("Steps.Train.TrainingJobStatus"), "Completed")], then=[register()])
    latest = function(Arguments={"package": get("Steps.Register.ModelPackageArn")}, outputs={"Arn": "String"})
    package = {"ModelPackageName": get("Steps.Latest.OutputParameters['Arn']")}
    create = model(arguments={"PrimaryContainer": package})

    execution = engine.run(
        definition(
            transform(model_name=get("Steps.CreateModel.ModelName")),
            create,
            latest,
            gate,
            training(DependsOn=["Prepare"]),
            processing(),
        )
    )

    assert (execution.status, execution.failure_reason) == (ExecutionStatus.SUCCEEDED, None)
    assert list(engine.steps(execution)) == [
        "Prepare",
        "Train",
        "Gate",
        "Register",
        "Latest",
        "CreateModel",
        "Transform",
    ]


def test_step_starts_after_its_predecessors_have_ended(engine: Engine) -> None:
    execution = engine.run(
        definition(processing("A"), processing("B", arguments=input_from("A")), training(DependsOn=["B"]))
    )

    steps = engine.steps(execution)
    ends: list[datetime] = [step.ended for step in steps.values() if step.ended]
    assert steps["A"].started <= ends[0] <= steps["B"].started <= ends[1] <= steps["Train"].started <= ends[2]


def test_jobs_get_resolved_requests_and_generated_names(engine: Engine) -> None:
    count = {"InstanceType": "ml.m5.large", "InstanceCount": get("Parameters.Count"), "VolumeSizeInGB": 30}
    environment = {"ID": get("Execution.PipelineExecutionId"), "NAME": get("Execution.ProcessingJobName")}
    step = processing(
        "My_step",
        arguments={
            "ProcessingResources": {"ClusterConfig": count},
            "Environment": {**environment, "TRIAL": get("PipelineExperimentConfig.TrialName")},
        },
    )

    execution = engine.run(definition(step, parameters=[parameter("Count", 1, "Integer")]), parameters={"Count": "3"})

    request = engine.runner.jobs[0].request
    name, key = request["ProcessingJobName"], execution.execution_id
    assert name.startswith(f"pipelines-{key}-My-step-")
    assert request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 3
    assert request["Environment"] == {"ID": key, "NAME": name, "TRIAL": key}
    outputs = request["ProcessingOutputConfig"]["Outputs"]
    assert outputs[0]["S3Output"]["S3Uri"] == f"s3://bucket/{key}/My_step"


def test_job_name_in_the_definition_is_a_prefix(engine: Engine) -> None:
    execution = engine.run(definition(processing(arguments={"ProcessingJobName": "mine"})))

    assert engine.runner.jobs[0].name.startswith(f"mine-{execution.execution_id}-")


def test_tags_of_jobs_and_models_are_kept_by_arn(engine: Engine) -> None:
    tags = {"Tags": [{"Key": "project", "Value": "churn"}]}

    execution = engine.run(definition(processing(arguments=tags), model(arguments=tags)))

    arns = [next(iter(step.metadata.values()))["Arn"] for step in engine.steps(execution).values()]
    assert [engine.store.tags.of(arn) for arn in arns] == [{"project": "churn"}] * 2


def test_independent_steps_run_at_once(engine: Engine) -> None:
    engine.runner.behaviour = _at_once(3)

    execution = engine.run(definition(processing("A"), processing("B"), processing("C")))

    assert execution.status is ExecutionStatus.SUCCEEDED


def test_parallelism_limits_how_many_steps_run_at_once(engine: Engine) -> None:
    engine.runner.behaviour = _at_once(2)

    execution = engine.run(definition(*(processing(f"S{index}") for index in range(6))), max_parallel_steps=2)

    assert execution.status is ExecutionStatus.SUCCEEDED
    assert engine.runner.most_at_once == 2


def test_step_that_waits_for_its_turn_is_not_listed(engine: Engine) -> None:
    listed: list[int] = []

    def look(job: Job, control: JobControl) -> JobOutcome:
        listed.append(len(engine.steps(engine.store.executions.of_pipeline("churn")[0])))
        return COMPLETED

    engine.runner.behaviour = look
    engine.run(definition(processing("A"), processing("B"), processing("C")), max_parallel_steps=1)

    assert listed == [1, 2, 3]


def test_two_executions_at_once_know_nothing_of_each_other(engine: Engine) -> None:
    engine.runner.behaviour = _at_once(2)
    text = definition(processing(), processing("Next", arguments=input_from("Prepare")))

    first, second = engine.start(text), engine.start(text)

    assert engine.executions.wait(first.arn, 10).status is ExecutionStatus.SUCCEEDED
    assert engine.executions.wait(second.arn, 10).status is ExecutionStatus.SUCCEEDED
    for execution in (first, second):
        source = engine.steps(execution)["Next"].properties["ProcessingInputs"][0]["S3Input"]["S3Uri"]
        assert source == f"s3://bucket/{execution.execution_id}/Prepare"


@pytest.mark.parametrize(
    ("auc", "ran", "outcome"),
    [(0.9, {"Prepare", "Gate", "Register"}, "True"), (0.7, {"Prepare", "Gate", "Else"}, "False")],
)
def test_condition_runs_one_branch_and_never_the_other(engine: Engine, auc: float, ran: set[str], outcome: str) -> None:
    engine.functions.handlers[FUNCTION] = lambda _: {}
    threshold = {"Type": "GreaterThan", "LeftValue": json_get("Prepare", "Report", "auc"), "RightValue": 0.8}
    gate = condition(conditions=[threshold], then=[register()], otherwise=[function("Else")])

    def write(job: Job, control: JobControl) -> JobOutcome:
        prefix = job.request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].removeprefix("s3://bucket/")
        engine.objects.put("bucket", f"{prefix}/report.json", json.dumps({"auc": auc}).encode())
        return COMPLETED

    engine.runner.behaviour = write
    execution = engine.run(definition(processing(PropertyFiles=report_file()), gate))

    steps = engine.steps(execution)
    assert execution.status is ExecutionStatus.SUCCEEDED
    assert set(steps) == ran
    assert steps["Gate"].metadata == {"Condition": {"Outcome": outcome}}


def test_what_follows_a_branch_not_taken_never_runs_and_the_execution_succeeds(engine: Engine) -> None:
    gate = condition(conditions=[equals(1, 2)], then=[processing("Inside")])

    execution = engine.run(definition(gate, processing("After", arguments=input_from("Inside")), processing("Beside")))

    assert execution.status is ExecutionStatus.SUCCEEDED
    assert set(engine.steps(execution)) == {"Gate", "Beside"}


def test_all_conditions_must_hold(engine: Engine) -> None:
    gate = condition(conditions=[equals(1, 1), equals(1, 2)], then=[processing("Inside")])

    execution = engine.run(definition(gate))

    assert engine.steps(execution)["Gate"].properties == {"Outcome": False}


def test_failed_job_fails_its_step_and_the_execution_and_nothing_downstream_runs(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: exit code 1")

    execution = engine.run(definition(processing(), processing("After", arguments=input_from("Prepare"))))

    steps = engine.steps(execution)
    assert (execution.status, execution.failure_reason) == (ExecutionStatus.FAILED, STEP_FAILURE)
    assert STEP_FAILURE == "Step failure: One or multiple steps failed."
    assert set(steps) == {"Prepare"}
    assert steps["Prepare"].status is StepStatus.FAILED
    assert steps["Prepare"].failure_reason == "ClientError: AlgorithmError: exit code 1"
    assert "ProcessingJob" in steps["Prepare"].metadata


def test_after_a_failure_running_steps_finish_and_nothing_new_starts(engine: Engine) -> None:
    both_run, slow_may_end = threading.Barrier(2, timeout=5), threading.Event()

    def run(job: Job, control: JobControl) -> JobOutcome:
        both_run.wait()
        if "-Bad-" in job.name:
            return failing("AlgorithmError: bad")(job, control)
        slow_may_end.wait(5)
        return COMPLETED

    engine.runner.behaviour = run
    execution = engine.start(
        definition(processing("Bad"), processing("Slow"), processing("Next", arguments=input_from("Slow")))
    )
    # The failure is in the store before the walk knows of it: only the walk itself can say when it does.
    wait_until(lambda: engine.executions._walks[execution.arn]._progress.has_failures)
    slow_may_end.set()

    assert engine.executions.wait(execution.arn, 10).status is ExecutionStatus.FAILED
    assert {name: step.status for name, step in engine.steps(execution).items()} == {
        "Bad": StepStatus.FAILED,
        "Slow": StepStatus.SUCCEEDED,
    }


def test_refused_request_fails_the_step_in_the_words_of_the_service(engine: Engine) -> None:
    engine.runner.refusal = ValidationException("InstanceType 'ml.x' is not known.")

    execution = engine.run(definition(training()))

    assert engine.steps(execution)["Train"].failure_reason == (
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: InstanceType 'ml.x' is not known."
    )


def test_request_that_misses_the_shape_once_resolved_fails_the_step(engine: Engine) -> None:
    step = training(arguments={"RoleArn": get("Parameters.Role")})

    execution = engine.run(definition(step, parameters=[parameter("Role", "nobody")]))

    reason = engine.steps(execution)["Train"].failure_reason or ""
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: ")
    assert "'nobody' at 'roleArn'" in reason
    assert engine.runner.jobs == []


def test_property_file_that_is_missing_fails_the_step_that_reads_it(engine: Engine) -> None:
    gate = condition(conditions=[equals(json_get("Prepare", "Report", "auc"), 1)])

    execution = engine.run(definition(processing(PropertyFiles=report_file()), gate))

    assert engine.steps(execution)["Gate"].failure_reason == (
        "ClientError: JsonGet of 'auc' failed: "
        f"s3://bucket/{execution.execution_id}/Prepare/report.json does not exist."
    )


def test_fail_step_ends_the_execution_with_its_message_on_the_step(engine: Engine) -> None:
    message = join("outcome: ", get("Steps.Gate.Outcome"))

    execution = engine.run(definition(condition(), fail(message=message)))

    step = engine.steps(execution)["Stop"]
    assert (execution.status, execution.failure_reason) == (ExecutionStatus.FAILED, STEP_FAILURE)
    assert step.failure_reason == "outcome: true"
    assert step.metadata == {"Fail": {"ErrorMessage": "outcome: true"}}


def test_fail_step_without_a_message_has_no_reason(engine: Engine) -> None:
    execution = engine.run(definition(fail(message="")))

    step = engine.steps(execution)["Stop"]
    assert (step.failure_reason, step.metadata) == (None, {"Fail": {"ErrorMessage": ""}})


def test_register_makes_the_group_and_names_the_execution_that_made_it(engine: Engine) -> None:
    text = definition(register(arguments={"ModelApprovalStatus": "Approved"}))

    first, second = engine.run(text), engine.run(text)

    packages = engine.store.model_packages.all("Churn")
    assert [package.version for package in packages] == [1, 2]
    assert [package.generated_by for package in packages] == [first.arn, second.arn]
    step = engine.steps(second)["Register"]
    assert step.metadata == {"RegisterModel": {"Arn": packages[1].arn}}
    assert step.properties["ModelApprovalStatus"] == "Approved"
    assert step.properties["MetadataProperties"] == {"GeneratedBy": second.arn}


def test_registration_whose_step_was_killed_before_it_could_say_so_is_taken_over_by_the_retry(engine: Engine) -> None:
    execution = engine.run(definition(register()))
    done = engine.steps(execution)["Register"]
    engine.store.executions.save_step(replace(done, status=StepStatus.FAILED, metadata={}, properties={}))
    engine.store.executions.update(replace(execution, status=ExecutionStatus.FAILED))

    engine.executions.retry(execution.arn)
    ended = engine.executions.wait(execution.arn, timeout=20)

    assert ended.status is ExecutionStatus.SUCCEEDED
    assert engine.steps(execution)["Register"].metadata == done.metadata
    assert [package.version for package in engine.store.model_packages.all("Churn")] == [1]


def test_start_freezes_every_parameter_and_the_definition(engine: Engine) -> None:
    text = definition(condition(), parameters=[parameter("A", "1"), parameter("B", default=True, kind="Boolean")])

    execution = engine.run(text, parameters={"A": "2"}, display_name="mine", description="why")

    assert execution.parameters == {"A": "2", "B": "true"}
    assert (execution.definition, execution.display_name, execution.description) == (text, "mine", "why")
    assert (
        execution.arn == f"arn:aws:sagemaker:us-west-2:000000000000:pipeline/churn/execution/{execution.execution_id}"
    )


def test_start_with_an_unknown_parameter_makes_no_execution(engine: Engine) -> None:
    with pytest.raises(ValidationException, match="Unknown parameter 'Z'"):
        engine.start(definition(condition()), parameters={"Z": "1"})

    assert engine.store.executions.of_pipeline("churn") == []


def test_start_without_a_name_is_named_after_its_time(engine: Engine) -> None:
    execution = engine.run(definition(condition()))

    assert execution.display_name == f"execution-{int(execution.created.timestamp() * 1000)}"


def test_step_whose_action_breaks_is_tried_again_and_then_fails(engine: Engine) -> None:
    def explode(request: Any) -> None:
        raise RuntimeError("oops")

    engine.runner.check = explode  # type: ignore[method-assign]  # a bug in the endpoint

    execution = engine.run(definition(processing()))

    step = engine.steps(execution)["Prepare"]
    assert step.failure_reason == "InternalFailure: RuntimeError: oops (traceback in the endpoint's log)"
    assert step.attempt_count == 4
    assert engine.slept == [1, 2, 4]

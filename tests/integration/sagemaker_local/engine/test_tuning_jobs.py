from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from sagemaker_local.engine.tuning.results import describe_tuning_job
from sagemaker_local.errors import ConflictException, ResourceInUse, UnsupportedFeature, ValidationException
from sagemaker_local.records.job import Job, JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.records.shapes import check_response
from sagemaker_local.records.tuning_job import Trial, TuningJob
from tests.fakes.engine import Engine, wait_until
from tests.fakes.records import a_tuning_job
from tests.fakes.scripted_runner import complete, failing, scoring, until_stopped
from tests.fakes.step_definitions import tuning_request

_PATIENCE_SECONDS = 10
STOPPED_WITH_THE_ENDPOINT = "InternalServerError: the endpoint stopped while the job ran."


def near_half(hyperparameters: Mapping[str, str]) -> float:
    return 1 - abs(float(hyperparameters["eta"]) - 0.5)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    engine.runner.behaviour = scoring(near_half)
    return engine


def create(engine: Engine, name: str = "Tune-1", tags: dict[str, str] | None = None, **members: Any) -> TuningJob:
    return engine.tuning_jobs.create({"HyperParameterTuningJobName": name, **tuning_request(**members)}, tags)


def run(engine: Engine, name: str = "Tune-1", **members: Any) -> TuningJob:
    create(engine, name, **members)
    return wait(engine, name)


def wait(engine: Engine, name: str = "Tune-1") -> TuningJob:
    return engine.tuning_jobs.wait(name, _PATIENCE_SECONDS)


def described(engine: Engine, name: str = "Tune-1") -> dict[str, Any]:
    job = engine.store.tuning_jobs.get(name)
    description = describe_tuning_job(job, engine.tuning_jobs.results(job))
    check_response("sagemaker", "DescribeHyperParameterTuningJob", description)
    return description


def training_jobs(engine: Engine) -> list[Job]:
    return engine.store.jobs.all(JobKind.TRAINING)


def limits(most: int | None = 6, parallel: int = 2, **more: int) -> dict[str, Any]:
    known = {"MaxNumberOfTrainingJobs": most} if most else {}
    return {"ResourceLimits": {**known, "MaxParallelTrainingJobs": parallel, **more}}


def test_tuning_job_runs_its_training_jobs_and_finds_the_best(engine: Engine) -> None:
    ended = run(engine)

    best = described(engine)["BestTrainingJob"]
    scores = {job.name: near_half(job.request["HyperParameters"]) for job in training_jobs(engine)}
    assert (ended.status, ended.failure_reason, len(scores)) == (JobStatus.COMPLETED, None, 6)
    assert best["TrainingJobName"] == max(scores, key=scores.__getitem__)
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == {
        "Type": "Maximize",
        "MetricName": "validation:auc",
        "Value": max(scores.values()),
    }
    assert best["ObjectiveStatus"] == "Succeeded"


def test_least_value_is_the_best_when_the_objective_is_minimized(engine: Engine) -> None:
    objective = {"Type": "Minimize", "MetricName": "validation:auc"}

    run(engine, config={"HyperParameterTuningJobObjective": objective})

    scores = [near_half(job.request["HyperParameters"]) for job in training_jobs(engine)]
    best = described(engine)["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert (best["Type"], best["Value"]) == ("Minimize", min(scores))


def test_training_jobs_are_named_and_made_as_aws_does_it(engine: Engine) -> None:
    environment = {"PIP_NO_INDEX": "1"}
    job = create(engine, tags={"team": "x"}, definition={"Environment": environment, "DefinitionName": "xgb"})
    wait(engine)

    made = training_jobs(engine)

    pattern = re.compile(r"Tune-1-00([1-6])-[0-9a-f]{8}")
    matches = [pattern.fullmatch(item.name) for item in made]
    assert sorted(match[1] for match in matches if match) == list("123456")
    for item in made:
        parameters = dict(item.request["HyperParameters"])
        assert 0.1 <= float(parameters.pop("eta")) <= 0.9
        assert parameters == {"sagemaker_program": "train.py", "_tuning_objective_metric": "validation:auc"}
        assert item.request["Environment"] == environment
        assert item.details["TuningJobArn"] == job.arn
        assert engine.store.tags.of(item.arn) == {"team": "x"}
    assert engine.store.tags.of(job.arn) == {"team": "x"}
    assert described(engine)["BestTrainingJob"]["TrainingJobDefinitionName"] == "xgb"


def test_no_more_training_jobs_run_at_once_than_the_request_allows(engine: Engine) -> None:
    def last(job: Job, control: JobControl) -> JobOutcome:
        threading.Event().wait(0.02)
        return scoring(near_half)(job, control)

    engine.runner.behaviour = last

    run(engine, config=limits(6, 2))

    assert engine.runner.most_at_once == 2


@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
def test_same_seed_tries_the_same_values_whichever_training_job_ends_first(engine: Engine, strategy: str) -> None:
    def slow_at_random(job: Job, control: JobControl) -> JobOutcome:
        # By the name, whose end is random: each run has another order.
        threading.Event().wait(int(job.name[-2:], 16) / 256 * 0.03)
        return scoring(near_half)(job, control)

    engine.runner.behaviour = slow_at_random
    config = {"Strategy": strategy, **limits(12, 3)}

    for name in ("first", "second"):
        run(engine, name, config=config)

    first, second = (
        [trial.hyperparameters for trial in engine.store.tuning_jobs.trials(name)] for name in ("first", "second")
    )
    assert first == second
    assert len({values["eta"] for values in first}) == 12


def test_bayesian_search_ends_nearer_to_the_best_than_it_began(engine: Engine) -> None:
    run(engine, config={"Strategy": "Bayesian", **limits(24, 2)})

    scores = [near_half(trial.hyperparameters) for trial in engine.store.tuning_jobs.trials("Tune-1")]
    assert sum(scores[-8:]) > sum(scores[:8])


def test_grid_tries_every_combination_once(engine: Engine) -> None:
    engine.runner.behaviour = scoring(lambda parameters: float(parameters["max_depth"]))
    ranges = [{"Name": "max_depth", "Values": ["4", "6"]}, {"Name": "booster", "Values": ["gbtree", "dart"]}]
    grid = {"Strategy": "Grid", "ParameterRanges": {"CategoricalParameterRanges": ranges}, **limits(None, 3)}

    run(engine, config=grid)

    tried = [tuple(trial.hyperparameters.values()) for trial in engine.store.tuning_jobs.trials("Tune-1")]
    assert tried == [("4", "gbtree"), ("4", "dart"), ("6", "gbtree"), ("6", "dart")]
    assert described(engine)["BestTrainingJob"]["TunedHyperParameters"] == {"max_depth": "6", "booster": "gbtree"}


def test_failed_training_job_counts_and_the_others_decide(engine: Engine) -> None:
    def fail_third(job: Job, control: JobControl) -> JobOutcome:
        is_third = "-003-" in job.name
        return (failing("AlgorithmError: oops") if is_third else scoring(near_half))(job, control)

    engine.runner.behaviour = fail_third

    ended = run(engine)

    description = described(engine)
    assert ended.status is JobStatus.COMPLETED
    assert description["TrainingJobStatusCounters"] == {
        "Completed": 5,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 1,
        "Stopped": 0,
    }
    assert description["ObjectiveStatusCounters"] == {"Succeeded": 5, "Pending": 0, "Failed": 1}


def test_tuning_job_whose_training_jobs_all_fail_is_failed_and_names_one(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: no such column")

    ended = run(engine, config=limits(3, 1))

    last = training_jobs(engine)[-1].name
    assert ended.status is JobStatus.FAILED
    assert ended.failure_reason == (
        "No training job succeeded after 3 attempts. Please take a look at the training job failures to get more "
        f"details. {last}: AlgorithmError: no such column"
    )
    assert "BestTrainingJob" not in described(engine)


def test_tuning_job_gives_up_after_five_training_jobs_that_failed(engine: Engine) -> None:
    engine.runner.behaviour = failing("AlgorithmError: no such column")

    ended = run(engine, config=limits(50, 1))

    assert (ended.status, len(training_jobs(engine))) == (JobStatus.FAILED, 5)
    assert (ended.failure_reason or "").startswith("No training job succeeded after 5 attempts.")


@pytest.mark.parametrize("behaviour", [complete, scoring(lambda _: float("nan")), scoring(near_half, "train:auc")])
def test_tuning_job_without_an_objective_in_any_log_is_failed(engine: Engine, behaviour: Any) -> None:
    engine.runner.behaviour = behaviour

    ended = run(engine, config=limits(6, 1))

    assert ended.status is JobStatus.FAILED
    assert (ended.failure_reason or "").startswith("No objective metrics found after running 5 training jobs.")
    assert (ended.failure_reason or "").endswith("has no 'validation:auc'.")


@pytest.mark.parametrize(("kind", "target"), [("Maximize", 0.5), ("Minimize", 1.5)])
def test_target_that_is_reached_ends_the_search(engine: Engine, kind: str, target: float) -> None:
    criteria = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": target}}
    objective = {"HyperParameterTuningJobObjective": {"Type": kind, "MetricName": "validation:auc"}}

    ended = run(engine, config={**limits(50, 1), **criteria, **objective})

    assert (ended.status, len(training_jobs(engine))) == (JobStatus.COMPLETED, 1)


def test_target_that_is_not_reached_changes_nothing(engine: Engine) -> None:
    run(engine, config={"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 1.1}})

    assert len(training_jobs(engine)) == 6


def test_time_limit_stops_what_runs_and_keeps_the_best_until_then(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang_after_first(job: Job, control: JobControl) -> JobOutcome:
        return (scoring(near_half) if "-001-" in job.name else until_stopped)(job, control)

    engine.runner.behaviour = hang_after_first
    # The API's least limit is two minutes.
    job = create(engine, config=limits(None, 1, MaxRuntimeInSeconds=120))
    tuning_run = engine.tuning_jobs._running[job.name].run
    wait_until(lambda: len(training_jobs(engine)) == 2)
    monkeypatch.setattr(tuning_run, "_began", tuning_run._began - 120)
    tuning_run._ended.put(None)

    ended = wait(engine)

    assert (ended.status, ended.failure_reason) == (JobStatus.COMPLETED, None)
    assert [item.status for item in training_jobs(engine)] == [JobStatus.COMPLETED, JobStatus.STOPPED]
    assert "-001-" in described(engine)["BestTrainingJob"]["TrainingJobName"]


def test_stop_stops_the_training_jobs_and_launches_no_more(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    create(engine)
    wait_until(lambda: engine.runner.running == 2)

    engine.tuning_jobs.stop("Tune-1")
    ended = wait(engine)

    assert (ended.status, ended.failure_reason) == (JobStatus.STOPPED, None)
    assert [job.status for job in training_jobs(engine)] == [JobStatus.STOPPED] * 2
    assert described(engine)["TrainingJobStatusCounters"]["Stopped"] == 2


def test_tuning_job_is_stopping_until_its_training_jobs_have_ended(engine: Engine) -> None:
    go_on = threading.Event()

    def slow_to_stop(job: Job, control: JobControl) -> JobOutcome:
        outcome = until_stopped(job, control)
        go_on.wait(_PATIENCE_SECONDS)
        return outcome

    engine.runner.behaviour = slow_to_stop
    create(engine)
    wait_until(lambda: engine.runner.running == 2)

    engine.tuning_jobs.stop("Tune-1")
    wait_until(lambda: {job.status for job in training_jobs(engine)} == {JobStatus.STOPPING})

    description = described(engine)
    assert description["HyperParameterTuningJobStatus"] == "Stopping"
    assert description["TrainingJobStatusCounters"]["InProgress"] == 2
    assert description["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 2, "Failed": 0}
    go_on.set()
    assert wait(engine).status is JobStatus.STOPPED


def test_stop_of_one_training_job_leaves_the_search_going(engine: Engine) -> None:
    def hang_first(job: Job, control: JobControl) -> JobOutcome:
        return (until_stopped if "-001-" in job.name else scoring(near_half))(job, control)

    engine.runner.behaviour = hang_first
    create(engine, config={"Strategy": "Random", **limits(3, 1)})
    wait_until(lambda: engine.runner.running == 1)

    engine.jobs.stop(JobKind.TRAINING, training_jobs(engine)[0].name)

    assert wait(engine).status is JobStatus.COMPLETED
    assert described(engine)["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 1}


def test_stop_of_an_ended_tuning_job_is_refused(engine: Engine) -> None:
    run(engine)

    with pytest.raises(ValidationException, match="'Tune-1' is in status Completed"):
        engine.tuning_jobs.stop("tune-1")


def test_second_tuning_job_of_a_name_is_refused(engine: Engine) -> None:
    run(engine)

    with pytest.raises(ResourceInUse, match="already exists"):
        create(engine, "TUNE-1")


def test_tuning_job_whose_training_jobs_the_runner_refuses_does_not_exist(engine: Engine) -> None:
    engine.runner.refusal = UnsupportedFeature("InstanceCount 2 is not supported.")

    with pytest.raises(UnsupportedFeature, match="InstanceCount 2"):
        create(engine)

    assert engine.store.tuning_jobs.all() == []
    assert engine.runner.checked[-1]["TrainingJobName"] == "Tune-1-001-00000000"


def test_training_job_that_is_refused_in_the_middle_fails_the_tuning_job(engine: Engine) -> None:
    def refuse_from_now_on(job: Job, control: JobControl) -> JobOutcome:
        engine.runner.refusal = ValidationException("The bucket is gone.")
        return scoring(near_half)(job, control)

    engine.runner.behaviour = refuse_from_now_on

    ended = run(engine, config=limits(3, 1))

    assert (ended.status, ended.failure_reason) == (JobStatus.FAILED, "ClientError: The bucket is gone.")


def test_close_fails_what_runs_and_refuses_more(engine: Engine) -> None:
    engine.runner.behaviour = until_stopped
    create(engine)
    wait_until(lambda: engine.runner.running == 2)

    engine.tuning_jobs.interrupt()
    engine.jobs.close(timeout=5)
    engine.tuning_jobs.close(timeout=5)

    ended = engine.store.tuning_jobs.get("Tune-1")
    assert (ended.status, ended.failure_reason) == (JobStatus.FAILED, STOPPED_WITH_THE_ENDPOINT)
    assert {job.failure_reason for job in training_jobs(engine)} == {STOPPED_WITH_THE_ENDPOINT}
    assert len(training_jobs(engine)) == 2
    with pytest.raises(ConflictException, match="The endpoint is stopping"):
        create(engine, "late")


def test_recover_marks_what_ran_as_failed_and_leaves_the_rest(engine: Engine) -> None:
    done = run(engine)
    request = {"HyperParameterTuningJobName": "lost", **tuning_request()}
    engine.store.tuning_jobs.add(a_tuning_job("lost", request=request))
    # The kill came between a trial and its training job.
    engine.store.tuning_jobs.add_trial(Trial("lost", 1, "lost-001-00000000", {"eta": "0.1"}))

    engine.tuning_jobs.recover()

    recovered = described(engine, "lost")
    assert recovered["HyperParameterTuningJobStatus"] == "Failed"
    assert recovered["FailureReason"] == STOPPED_WITH_THE_ENDPOINT
    assert set(recovered["TrainingJobStatusCounters"].values()) == {0}
    assert engine.store.tuning_jobs.get("Tune-1") == done


def test_bug_of_the_engine_fails_the_tuning_job_and_leaves_nothing_running(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang_second(job: Job, control: JobControl) -> JobOutcome:
        return (until_stopped if "-002-" in job.name else scoring(near_half))(job, control)

    def explode(self: Any, number: int, value: float | None) -> None:
        wait_until(lambda: engine.runner.running == 1)
        raise RuntimeError("oops")

    engine.runner.behaviour = hang_second
    monkeypatch.setattr("sagemaker_local.engine.tuning.search.RandomSearch.tell", explode)

    ended = run(engine)

    assert ended.status is JobStatus.FAILED
    assert ended.failure_reason == "InternalServerError: RuntimeError: oops (traceback in the endpoint's log)"
    assert [job.status for job in training_jobs(engine)] == [JobStatus.COMPLETED, JobStatus.STOPPED]


def test_training_jobs_of_a_tuning_job_share_the_turns_of_all_jobs(engine: Engine) -> None:
    """More at once than there are turns: the tuning job waits, and ends."""
    engine.runner.behaviour = scoring(near_half)

    assert run(engine, config=limits(30, 30)).status is JobStatus.COMPLETED

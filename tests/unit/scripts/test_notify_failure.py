"""One message for an execution, whatever its steps are and however many of them fail at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from lambdas import notify_failure
from lambdas.notify_failure import EventRefused, NotPublished, handler, subject

from tests.fakes.failed_execution import ARN, BEGIN, EVENT, TOPIC, URI, World, job, refusal


@pytest.fixture
def world() -> World:
    return World()


def test_message_says_what_failed_where_its_log_is_and_how_to_go_on(world: World) -> None:
    world.sagemaker.fail(
        "Train", "ClientError: too few rows", metadata=job("Training", "pipelines-abcdefghijkl-Train-Q")
    )
    world.sagemaker.executions += [
        ("failed000000", "Failed"),
        ("good00000000", "Succeeded"),
        ("older0000000", "Succeeded"),
    ]
    world.logs.add("/aws/sagemaker/TrainingJobs", "pipelines-abcdefghijkl-Train-Q/algo-1-1769824800")

    answer = world.notify()

    assert answer == {"Published": "true", "FailureUri": URI, "Reason": "ClientError: too few rows"}
    (sent,) = world.topic.messages
    assert (sent["TopicArn"], sent["Subject"]) == (TOPIC, "[SageMaker Pipeline Failed] Train")
    assert sent["Message"] == (
        "The step Train of the pipeline churn-training failed.\n"
        "\n"
        "Pipeline:      churn-training\n"
        "Execution:     abcdefghijkl\n"
        "Step:          Train\n"
        "Reason:        ClientError: too few rows\n"
        "Log group:     /aws/sagemaker/TrainingJobs\n"
        "Log stream:    pipelines-abcdefghijkl-Train-Q/algo-1-1769824800\n"
        "Last good run: good00000000, started 2026-01-29 02:00:00 UTC\n"
        "Git commit:    0123abc\n"
        "\n"
        "Correct the cause, then resume the execution:\n"
        f"  python pipeline.py retry {ARN} --wait\n"
        "\n"
        f"The same as JSON: {URI}\n"
    )


def test_file_has_the_same_as_json(world: World) -> None:
    world.sagemaker.fail("Train", metadata=job("Training", "pipelines-abcdefghijkl-Train-Q"))
    world.sagemaker.executions.append(("good00000000", "Succeeded"))
    world.logs.add("/aws/sagemaker/TrainingJobs", "pipelines-abcdefghijkl-Train-Q/algo-1-1")

    world.notify()

    assert world.file == {
        "pipeline": "churn-training",
        "execution_id": "abcdefghijkl",
        "pipeline_execution_arn": ARN,
        "step": "Train",
        "reason": "ClientError: no",
        "other_failed_steps": {},
        "log": {
            "group": "/aws/sagemaker/TrainingJobs",
            "stream": "pipelines-abcdefghijkl-Train-Q/algo-1-1",
            "note": None,
        },
        "last_good_run": {"execution_id": "good00000000", "started": "2026-01-30 02:00:00 UTC", "note": None},
        "git_commit": "0123abc",
        "retry": f"python pipeline.py retry {ARN} --wait",
        "noticed": "2026-01-31T02:01:00+00:00",
    }


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("http://127.0.0.1:4577", f"python pipeline.py retry {ARN} --wait --local\n"),
        ("https://vpce-1.sagemaker.example.com", f"python pipeline.py retry {ARN} --wait\n"),
    ],
)
def test_command_that_resumes_is_that_of_the_place_where_it_failed(world: World, url: str, command: str) -> None:
    world.sagemaker.fail("Train")

    world.notify(url)

    assert command in world.text


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("Processing", "/aws/sagemaker/ProcessingJobs"),
        ("Training", "/aws/sagemaker/TrainingJobs"),
        ("Transform", "/aws/sagemaker/TransformJobs"),
    ],
)
def test_stream_of_a_job_is_its_newest_with_the_name_as_it_was_given(world: World, kind: str, group: str) -> None:
    world.sagemaker.fail("Train", metadata=job(kind, "pipelines-abcdefghijkl-Train-Qz"))
    for name, last in (
        ("pipelines-abcdefghijkl-Other-Qz/algo-1-9", 9),
        ("pipelines-abcdefghijkl-Train-Qz/algo-2-1", 5),
        ("pipelines-abcdefghijkl-Train-Qz/algo-1-1", 2),
        ("pipelines-abcdefghijkl-Train-Qz/algo-1-1/data-log", 7),
        ("pipelines-abcdefghijkl-Train-Qzz/algo-1-1", 9),
        ("pipelines-mnopqrstuvwx-Train-Qz/algo-1-1", 9),
    ):
        world.logs.add(group, name, last)

    world.notify()

    assert world.file["log"] == {"group": group, "stream": "pipelines-abcdefghijkl-Train-Qz/algo-2-1", "note": None}


def test_stream_of_a_job_whose_name_is_not_the_services_is_found_by_it(world: World) -> None:
    world.sagemaker.fail("Train", metadata=job("Training", "nightly"))
    world.logs.add("/aws/sagemaker/TrainingJobs", "nightly/algo-1-1")

    world.notify()

    assert world.file["log"]["stream"] == "nightly/algo-1-1"


def test_stream_of_a_tuning_job_is_that_of_its_last_training_job(world: World) -> None:
    world.sagemaker.fail(
        "Train",
        metadata={"TuningJob": {"Arn": "arn:aws:sagemaker:r:a:hyper-parameter-tuning-job/abcdefghijkl-train-q"}},
    )
    world.logs.add("/aws/sagemaker/TrainingJobs", "abcdefghijkl-Train-Q-001-aa/algo-1-1", last=1)
    world.logs.add("/aws/sagemaker/TrainingJobs", "abcdefghijkl-Train-Q-002-bb/algo-1-2", last=2)

    world.notify()

    assert world.file["log"]["stream"] == "abcdefghijkl-Train-Q-002-bb/algo-1-2"


def test_job_without_a_line_has_no_stream_and_says_so(world: World) -> None:
    world.sagemaker.fail("Train", metadata=job("Training", "pipelines-abcdefghijkl-train-q"))

    world.notify()

    assert "Log group:     /aws/sagemaker/TrainingJobs\n" in world.text
    assert "Log stream:    none (the job pipelines-abcdefghijkl-train-q wrote nothing)\n" in world.text


@pytest.mark.parametrize("is_listed", [True, False])
def test_stream_of_a_function_is_the_newest_that_was_there_when_the_step_ended(world: World, is_listed: bool) -> None:
    function = "arn:aws:lambda:us-west-2:000000000000:function:churn-verdict"
    world.sagemaker.fail("Train", metadata={"Lambda": {"Arn": function}} if is_listed else {})
    inner = {"Name": "Train", "Type": "Lambda", "FunctionArn": function}
    gate = {"Name": "Gate", "Type": "Condition", "Arguments": {"IfSteps": [inner], "ElseSteps": []}}
    world.sagemaker.definition = {"Steps": [gate]}
    world.logs.add("/aws/lambda/churn-verdict", "before", last=1)
    world.logs.add("/aws/lambda/churn-verdict", "this one", last=2, created=BEGIN + timedelta(seconds=8))
    world.logs.add("/aws/lambda/churn-verdict", "later", last=3, created=BEGIN + timedelta(seconds=10))

    world.notify()

    assert world.file["log"] == {"group": "/aws/lambda/churn-verdict", "stream": "this one", "note": None}


@pytest.mark.parametrize("kind", ["Condition", "Fail", "Model", "RegisterModel"])
def test_step_that_writes_nothing_says_so(world: World, kind: str) -> None:
    world.sagemaker.fail("Train", metadata={kind: {}})

    world.notify()

    assert f"Log stream:    none (a step of type {kind} writes no log)\n" in world.text


def test_step_that_was_refused_before_its_job_began_says_so(world: World) -> None:
    world.sagemaker.fail("Train")
    world.sagemaker.definition = {"Steps": [{"Name": "Train", "Type": "Training"}]}

    world.notify()

    note = "the step, of type Training, failed before anything was started that writes a log"
    assert f"Log group:     none ({note})\n" in world.text


def test_reason_of_a_processing_job_has_what_its_script_said(world: World) -> None:
    name = "pipelines-abcdefghijkl-Train-Q"
    world.sagemaker.fail("Train", "ClientError: AlgorithmError: exit code 1", metadata=job("Processing", name))
    world.sagemaker.exit_messages[name] = "Column 'age' is refused."
    world.logs.add("/aws/sagemaker/ProcessingJobs", f"{name}/algo-1-1")

    answer = world.notify()

    assert answer["Reason"] == "ClientError: AlgorithmError: exit code 1 (Column 'age' is refused.)"


def test_reason_that_has_what_the_script_said_does_not_say_it_twice(world: World) -> None:
    world.sagemaker.fail("Train", "AlgorithmError: Column 'age' is refused.", metadata=job("Processing", "j"))
    world.sagemaker.exit_messages["j"] = "Column 'age' is refused."

    assert world.notify()["Reason"] == "AlgorithmError: Column 'age' is refused."


def test_other_failed_steps_are_listed_beside_the_one_that_is_watched(world: World) -> None:
    world.sagemaker.fail("Evaluate", "ClientError: no labels")
    world.sagemaker.fail("Train", "ClientError:\n  too few rows")
    world.sagemaker.steps.append({"StepName": "Preprocess", "StepStatus": "Succeeded", "StartTime": BEGIN})

    world.notify()

    assert "Step:          Train\nReason:        ClientError: too few rows\n" in world.text
    assert "Failed, too:   Evaluate: ClientError: no labels\n" in world.text
    assert world.file["other_failed_steps"] == {"Evaluate": "ClientError: no labels"}


def test_execution_that_started_later_is_no_last_good_run(world: World) -> None:
    world.sagemaker.fail("Train")
    world.sagemaker.executions = [
        ("later0000000", "Succeeded"),
        ("abcdefghijkl", "Executing"),
        ("bad000000000", "Failed"),
    ]

    world.notify()

    assert "Last good run: none: no execution before this one has succeeded\n" in world.text


def test_search_for_the_last_good_run_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify_failure, "LOOK_BACK", 3)
    world.sagemaker.fail("Train")
    world.sagemaker.executions += [("bad000000000", "Failed")] * 2 + [("good00000000", "Succeeded")]

    world.notify()

    assert "Last good run: none among the last 3 executions\n" in world.text


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        ("list_pipeline_execution_steps", "Reason:        not found out: "),
        ("list_pipeline_executions", "Last good run: not found out: "),
        ("describe_pipeline_definition_for_execution", "Log group:     none (not found out: "),
    ],
)
def test_what_cannot_be_found_out_is_said_and_the_message_goes_out(world: World, operation: str, line: str) -> None:
    world.sagemaker.fail("Train")
    world.sagemaker.refuses[operation] = "AccessDeniedException"

    assert world.notify()["Published"] == "true"

    assert line in world.text
    assert "AccessDeniedException" in world.text


def test_second_failing_step_finds_the_claim_and_sends_nothing(world: World) -> None:
    world.sagemaker.fail("Train")
    world.sagemaker.fail("Evaluate")
    world.notify()
    before = world.file

    answer = world.notify(StepName="Evaluate")

    assert (answer["Published"], answer["FailureUri"]) == ("false", URI)
    assert answer["Reason"].startswith(f"Nothing was sent: {URI} is there")
    assert len(world.topic.messages) == 1
    assert world.file == before


def test_steps_that_fail_at_once_send_one_message(world: World) -> None:
    names = [f"Step{number}" for number in range(16)]
    for name in names:
        world.sagemaker.fail(name)
    gate = threading.Barrier(len(names))

    def run(name: str) -> str:
        gate.wait(timeout=30)
        return world.notify(StepName=name)["Published"]

    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(run, names))

    assert sorted(answers) == ["false"] * 15 + ["true"]
    (sent,) = world.topic.messages
    assert sent["Subject"] == f"[SageMaker Pipeline Failed] {names[answers.index('true')]}"
    assert world.file["step"] == names[answers.index("true")]


def test_write_that_collides_is_done_again(world: World) -> None:
    world.sagemaker.fail("Train")
    world.s3.conflicts = 2

    assert world.notify()["Published"] == "true"


def test_write_that_always_collides_is_an_error_and_sends_nothing(world: World) -> None:
    world.sagemaker.fail("Train")
    world.s3.conflicts = 100

    with pytest.raises(ClientError, match="ConditionalRequestConflict"):
        world.notify()
    assert world.topic.messages == []


@pytest.mark.parametrize(
    "error", [refusal("NotFound", "Publish"), EndpointConnectionError(endpoint_url="https://sns.example.com")]
)
def test_publish_that_fails_takes_the_claim_back_so_that_the_next_one_tells(world: World, error: Exception) -> None:
    world.sagemaker.fail("Train")
    world.topic.refusals.append(error)

    with pytest.raises(NotPublished, match=rf"'Train' could not be sent to {TOPIC}: .* python pipeline.py retry {ARN}"):
        world.notify()
    assert world.s3.objects == {}

    assert world.notify()["Published"] == "true"
    assert len(world.topic.messages) == 1


def test_claim_that_cannot_be_taken_back_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.sagemaker.fail("Train")
    world.topic.refusals.append(refusal("NotFound", "Publish"))
    world.s3.keeps = True

    with pytest.raises(NotPublished):
        world.notify()

    assert f"{URI} could not be removed" in capsys.readouterr().out


def test_without_a_topic_the_file_is_written_and_nothing_is_sent(world: World) -> None:
    world.sagemaker.fail("Train", "ClientError: too few rows")

    answer = world.notify(TopicArn="none")

    assert answer["Published"] == "false"
    assert answer["Reason"] == "Nothing was sent: sns_topic_arn is not configured. ClientError: too few rows"
    assert world.file["step"] == "Train"
    assert world.topic.messages == []


def test_step_that_is_not_listed_as_failed_is_told_all_the_same(world: World) -> None:
    assert world.notify()["Reason"] == "no step 'Train' is listed as failed"


def test_topic_that_keeps_an_order_gets_a_group_and_an_identity(world: World) -> None:
    world.sagemaker.fail("Train")

    world.notify(TopicArn=f"{TOPIC}.fifo")

    (sent,) = world.topic.messages
    assert (sent["MessageGroupId"], sent["MessageDeduplicationId"]) == ("abcdefghijkl", "abcdefghijkl")


def test_reason_is_as_long_as_an_output_may_be(world: World) -> None:
    world.sagemaker.fail("Train", "x" * 1024)

    assert len(world.notify(TopicArn="none")["Reason"]) == 1024


@pytest.mark.parametrize("step", ["Train", "T" * 64, "Train\nBcc: all", "Ümlaut", "x" * 500])
def test_subject_is_one_short_line_of_ascii(step: str) -> None:
    text = subject(step)

    assert text.startswith("[SageMaker Pipeline Failed] ")
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= 100


@pytest.mark.parametrize("name", sorted(EVENT))
def test_event_that_lacks_something_is_refused_by_name(name: str) -> None:
    with pytest.raises(EventRefused, match=f"gives no {name}; its arguments must be TopicArn, StepName"):
        handler({**EVENT, name: ""}, None)

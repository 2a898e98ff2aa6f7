from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sagemaker_local.records.job import JobOutcome, JobStatus
from tests.integration.sagemaker_local.runners.transform.jobs import ASSEMBLED, LINES, SHOUT, Place, archive

COMPLETED = JobOutcome(JobStatus.COMPLETED)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_whole_objects_are_transformed_each_into_its_own_output(place: Place) -> None:
    place.put(**{"a.csv": "1", "x/b.csv": "2\n3", "x/": ""})

    outcome = place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"}, MaxConcurrentTransforms=4)

    assert outcome == COMPLETED
    assert place.stored == {"a.csv.out": b"1!", "x/b.csv.out": b"2!\n3!"}
    assert place.leftovers == []
    assert place.log(data=True)[0].endswith(
        ":[sagemaker logs]: MaxConcurrentTransforms=4, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"
    )


def test_large_file_keeps_its_order_over_several_workers_and_payloads(place: Place) -> None:
    """Some payloads take longer than others, so that their results come back in another order."""
    slow = SHOUT.replace("return [line", "import time; time.sleep(len(text) % 7 / 100); return [line")
    place.put_script(slow)
    body = "".join(f"id{number},{'x' * (number % 5000)}\n" for number in range(3000))
    place.put(**{"big.csv": body, "small.csv": "s,1"})

    outcome = place.run(
        LINES,
        ASSEMBLED,
        MaxConcurrentTransforms=2,
        MaxPayloadInMB=1,
        DataProcessing={"InputFilter": "$[0]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )

    assert outcome == COMPLETED
    expected = "".join(f"id{number},id{number}!\n" for number in range(3000))
    assert place.stored == {"big.csv.out": expected.encode(), "small.csv.out": b"s,s!\n"}


def test_gzip_lines_are_unpacked_cut_and_assembled(place: Place) -> None:
    body = "".join(f"{number}{'x' * 500}\n" for number in range(5000))
    place.put(**{"a.csv.gz": gzip.compress(body.encode())})

    outcome = place.run(LINES | {"CompressionType": "Gzip"}, ASSEMBLED, MaxPayloadInMB=1, MaxConcurrentTransforms=2)

    assert outcome == COMPLETED
    assert place.stored["a.csv.gz.out"].decode() == body.replace("\n", "!\n")


def test_container_sees_awss_paths_and_environment_and_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-the-user")
    script = """
import json, os, sys
import beside
def model_fn(folder): return [folder, sorted(os.listdir(folder)), __file__, beside.__name__, sys.path]
def transform_fn(model, body, content_type, accept):
    return json.dumps({"model": model, "env": dict(os.environ), "cwd": os.getcwd(), "types": [content_type, accept]})
"""
    place.put_script(script, **{"code/beside.py": "", "weights": "w"})
    place.put(a="1")

    outcome = place.run({"ContentType": "application/x-parquet"}, MaxConcurrentTransforms=2, Environment={"MINE": "1"})

    seen = json.loads(place.stored["a.out"])
    assert outcome == COMPLETED
    assert seen["model"][:4] == ["/opt/ml/model", ["code", "weights"], "/opt/ml/code/inference.py", "beside"]
    assert not any(folder.endswith("/transform") or folder == str(Path.cwd()) for folder in seen["model"][4])
    assert seen["types"] == ["application/x-parquet", "application/json"]
    assert (seen["env"]["SAGEMAKER_BATCH"], seen["env"]["MINE"]) == ("true", "1")
    assert seen["env"]["AWS_ACCESS_KEY_ID"] == "ASIAFAKE"
    assert "AWS_PROFILE" not in seen["env"]


def test_place_without_mounts_gets_its_paths_rewritten(tmp_path: Path) -> None:
    place = Place(tmp_path, isolate=False)
    place.put(a="1")

    outcome = place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"})

    assert outcome == COMPLETED
    assert place.stored == {"a.out": b"1!"}


def test_script_may_come_from_an_archive_in_s3(place: Place) -> None:
    place.environment["SAGEMAKER_SUBMIT_DIRECTORY"] = "s3://b/sourcedir.tar.gz"
    place.objects.put("b", "sourcedir.tar.gz", archive(**{"inference.py": SHOUT.replace('"!"', '"?"')}))
    place.put(a="1")

    outcome = place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"})

    assert outcome == COMPLETED
    assert place.stored == {"a.out": b"1?"}


def test_bad_object_gets_no_output_and_the_others_keep_theirs(place: Place) -> None:
    script = SHOUT.replace("return body if", 'assert "bad" not in body, "a bad column"; return body if')
    place.put_script(script)
    place.put(**{"a.csv": "1", "bad.csv": "bad", "c.csv": "3", "huge.csv": "x" * 1_100_000})

    outcome = place.run(
        {"ContentType": "text/csv"},
        {"Accept": "text/csv"},
        MaxPayloadInMB=1,
        ModelClientConfig={"InvocationsMaxRetries": 1},
    )

    assert outcome.status is JobStatus.FAILED
    assert sorted(place.stored) == ["a.csv.out", "c.csv.out"]
    assert outcome.failure_reason == (
        "ClientError: b/in/huge.csv: 1100000 bytes do not fit into one request of at most 1048576 bytes "
        "(MaxPayloadInMB is 1); raise MaxPayloadInMB (100 at most), or make the input's files or records smaller; "
        "AlgorithmError: b/in/bad.csv: AssertionError: a bad column. 2 of 4 objects were transformed and stored."
    )
    assert [line.partition("[sagemaker logs]: ")[2] for line in place.log(data=True)[1:]] == [
        (
            "b/in/huge.csv: ClientError: 1100000 bytes do not fit into one request of at most 1048576 bytes "
            "(MaxPayloadInMB is 1); raise MaxPayloadInMB (100 at most), or make the input's files or records smaller"
        ),
        "b/in/bad.csv: AlgorithmError: AssertionError: a bad column",
    ]
    assert "Invocation failed, attempt 1 of 2: AssertionError: a bad column" in place.log()
    assert "AssertionError: a bad column" in place.log()


def test_bad_record_is_named_in_the_reason(place: Place) -> None:
    body = "".join('{"x": 1}\n' for _ in range(20)) + "{broken\n"
    place.put(**{"a.jsonl": body})
    lines = {"ContentType": "application/jsonlines", "SplitType": "Line"}

    outcome = place.run(
        lines, {"Accept": "application/jsonlines", "AssembleWith": "Line"}, DataProcessing={"InputFilter": "$.x"}
    )

    assert outcome.status is JobStatus.FAILED
    assert str(outcome.failure_reason).startswith(
        "ClientError: b/in/a.jsonl: record 21: The record is not JSON: '{broken'"
    )


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("def model_fn(folder): raise ValueError('no weights')", "the model cannot be loaded: ValueError: no weights"),
        ("import nothing_like_this", "the model cannot be loaded: ModuleNotFoundError: No module named 'nothing_like"),
        ("def input_fn(*a): pass", "inference.py defines no model_fn; define model_fn"),
        ("import os\ndef model_fn(folder): os._exit(3)", "died while it loaded the model; .* exit code 3"),
    ],
)
def test_model_that_cannot_be_loaded_fails_the_job_at_once(place: Place, script: str, reason: str) -> None:
    place.put_script(script)
    place.put(a="1", b="2")

    outcome = place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"}, MaxConcurrentTransforms=2)

    assert outcome.status is JobStatus.FAILED
    assert outcome.failure_reason is not None
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(outcome.failure_reason)
    assert place.stored == {}


def test_worker_that_dies_is_replaced_and_its_request_tried_again(place: Place) -> None:
    dying = SHOUT.replace(
        "return body if",
        """
    import os, signal
    if "deadly" in body and not os.path.exists(os.environ["TMPDIR"] + "/died"):
        open(os.environ["TMPDIR"] + "/died", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return body if""",
    )
    place.put_script(dying)
    place.put(**{"a.csv": "deadly", "b.csv": "2"})

    outcome = place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"}, MaxConcurrentTransforms=2)

    assert outcome == COMPLETED
    assert place.stored == {"a.csv.out": b"deadly!", "b.csv.out": b"2!"}
    assert any("attempt 1 of 4: the model's worker died; it was ended by SIGKILL" in line for line in place.log())


def test_invocation_over_its_time_limit_is_ended_and_given_up(place: Place) -> None:
    place.put_script(SHOUT.replace("return body if", 'import time; time.sleep(60 * ("slow" in body)); return body if'))
    place.put(**{"a.csv": "slow", "b.csv": "2"})
    limits = {"InvocationsTimeoutInSeconds": 2, "InvocationsMaxRetries": 0}

    outcome = place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"}, ModelClientConfig=limits)

    assert outcome.status is JobStatus.FAILED
    assert "b/in/a.csv: no answer within 2 seconds (InvocationsTimeoutInSeconds)" in str(outcome.failure_reason)
    assert place.stored == {"b.csv.out": b"2!"}


def test_many_short_invocations_may_take_longer_than_one_is_allowed(place: Place) -> None:
    place.put_script(SHOUT.replace("return body if", "import time; time.sleep(0.25); return body if"))
    place.put(**{"a.csv": "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"})
    limits = {"InvocationsTimeoutInSeconds": 2, "InvocationsMaxRetries": 0}

    outcome = place.run(LINES, ASSEMBLED, BatchStrategy="SingleRecord", ModelClientConfig=limits)

    assert outcome == COMPLETED
    assert place.stored == {"a.csv.out": b"1!\n2!\n3!\n4!\n5!\n6!\n7!\n8!\n9!\n10!\n"}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_stopped_job_keeps_what_is_finished_and_leaves_no_process(place: Place) -> None:
    place.put_script(
        SHOUT.replace(
            "return body if", "import time; print('begun', flush=True); time.sleep(60 * ('s' in body)); return body if"
        )
    )
    place.put(**{"a.csv": "quick", "b.csv": "s"})
    outcomes: list[JobOutcome] = []
    job = threading.Thread(
        target=lambda: outcomes.append(place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"}))
    )

    job.start()
    wait_for(lambda: "a.csv.out" in place.stored)
    place.control.stop_requested.set()
    job.join(10)

    assert outcomes == [JobOutcome(JobStatus.STOPPED)]
    assert place.stored == {"a.csv.out": b"quick!"}
    assert place.leftovers == []


def test_outputs_are_stored_while_the_job_goes_on(place: Place) -> None:
    place.put_script(SHOUT.replace("return body if", "import time; time.sleep(1.5 * ('s' in body)); return body if"))
    place.put(**{"a.csv": "quick", "b.csv": "s"})
    job = threading.Thread(target=lambda: place.run({"ContentType": "text/csv"}, {"Accept": "text/csv"}))

    job.start()
    wait_for(lambda: bool(place.stored))
    first = sorted(place.stored)
    job.join()

    assert first == ["a.csv.out"]
    assert sorted(place.stored) == ["a.csv.out", "b.csv.out"]


@pytest.mark.parametrize(
    ("sink", "reason"),
    [
        ({"S3OutputPath": "s3://nowhere/out"}, "the bucket 'nowhere' of S3OutputPath s3://nowhere/out does not exist"),
        ({}, "no S3 objects found under S3Uri 's3://b/in/'"),
    ],
)
def test_job_that_cannot_read_or_write_fails_before_a_process_is_started(
    place: Place, sink: dict[str, str], reason: str
) -> None:
    outcome = place.run({}, sink)

    assert outcome.status is JobStatus.FAILED
    assert reason in str(outcome.failure_reason)


def test_model_archive_that_is_none_fails_the_job(place: Place) -> None:
    place.objects.put("b", "model.tar.gz", b"no archive")
    place.put(a="1")

    outcome = place.run()

    assert "the model's ModelDataUrl is not a usable .tar.gz archive" in str(outcome.failure_reason)


def test_several_workers_use_one_thread_each_and_one_worker_all(place: Place) -> None:
    place.put_script(
        "import os\ndef model_fn(folder): return os.environ['OMP_NUM_THREADS']\n"
        "def transform_fn(model, *rest): return model\n"
    )
    place.put(a="1", b="2")

    place.run(MaxConcurrentTransforms=2)
    several = place.stored
    place.run(Environment={"OMP_NUM_THREADS": "7"})
    chosen = place.stored
    place.run()

    assert set(several.values()) == {b"1"}
    assert set(chosen.values()) == {b"7"}
    assert set(place.stored.values()) == {b"2"}

"""Whole processing jobs, from S3 to S3."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from sagemaker_local.records.job import JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.runners.environment import RunnerEnvironment
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore
from tests.integration.sagemaker_local.runners.conftest import RunJob

_CODE = "s3://b/code/script.py"
_COPY = """
import pathlib, sys
target = pathlib.Path("/opt/ml/processing/output/out")
for path in sorted(pathlib.Path("/opt/ml/processing/input/raw").rglob("*.csv")):
    (target / path.name).write_text(path.read_text().upper())
print("args", sys.argv[1:])
"""


def _request(name: str = "job", *, arguments: list[str] | None = None, **members: Any) -> dict[str, Any]:
    code = {"S3Uri": _CODE, "LocalPath": "/opt/ml/processing/input/code", "S3DataType": "S3Prefix"}
    raw = {"S3Uri": "s3://b/raw", "LocalPath": "/opt/ml/processing/input/raw", "S3DataType": "S3Prefix"}
    out = {"S3Uri": f"s3://b/out/{name}", "LocalPath": "/opt/ml/processing/output/out", "S3UploadMode": "EndOfJob"}
    return {
        "ProcessingJobName": name,
        "RoleArn": "arn:aws:iam::000000000000:role/job",
        "AppSpecification": {
            "ImageUri": "r/sagemaker-xgboost:3.2-0",
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/script.py"],
            "ContainerArguments": arguments or ["--x", "1"],
        },
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"}},
        "ProcessingInputs": [{"InputName": "code", "S3Input": code}, {"InputName": "raw", "S3Input": raw}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": out}]},
        **members,
    }


class Bench:
    """A place to run processing jobs with a given script."""

    def __init__(self, environment: RunnerEnvironment, objects: FolderObjectStore, run_job: RunJob) -> None:
        self.environment = environment
        self.objects = objects
        self._run_job = run_job
        objects.put("b", "raw/a.csv", b"a\n")
        objects.put("b", "raw/deep/b.csv", b"b\n")

    def script(self, text: str) -> None:
        self.objects.put("b", "code/script.py", text.encode())

    def run(self, request: dict[str, Any] | None = None, control: JobControl | None = None) -> JobOutcome:
        return self._run_job(self.environment, JobKind.PROCESSING, request or _request(), control)


@pytest.fixture
def bench(environment: RunnerEnvironment, objects: FolderObjectStore, run_job: RunJob) -> Bench:
    return Bench(environment, objects, run_job)


def test_job_that_succeeds_uploads_its_outputs_and_removes_its_folder(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script(_COPY)

    outcome = bench.run()

    assert outcome == JobOutcome(JobStatus.COMPLETED)
    assert bench.objects.keys("b", "out/") == ["out/job/a.csv", "out/job/b.csv"]
    assert bench.objects.read("b", "out/job/b.csv") == b"B\n"
    assert logs.of("job") == ["args ['--x', '1']"]
    assert list(bench.environment.work_path.iterdir()) == []


def test_job_not_isolated_works_with_rewritten_paths(bench: Bench) -> None:
    bench.environment = replace(bench.environment, isolate=False)
    bench.script("import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'x').write_text('1')")

    outcome = bench.run(_request(arguments=["/opt/ml/processing/output/out"]))

    assert outcome.status is JobStatus.COMPLETED
    assert bench.objects.keys("b", "out/") == ["out/job/x"]


def test_job_that_raises_fails_with_its_exit_code_and_last_lines(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("print('begin')\nraise ValueError('column plan is missing')")

    outcome = bench.run()

    assert outcome.status is JobStatus.FAILED
    assert outcome.failure_reason == "AlgorithmError: , exit code: 1"
    assert logs.of("job")[0] == "begin"
    assert logs.of("job")[-1] == "ValueError: column plan is missing"


def test_job_that_fails_keeps_what_it_wrote(bench: Bench) -> None:
    bench.script("open('/opt/ml/processing/output/out/errors.csv', 'w').write('1')\nraise SystemExit(4)")

    outcome = bench.run()

    assert outcome.failure_reason == "AlgorithmError: , exit code: 4"
    assert bench.objects.keys("b", "out/") == ["out/job/errors.csv"]


def test_job_that_never_ends_fails_at_its_limit(bench: Bench) -> None:
    bench.script("import time\nwhile True: time.sleep(1)")

    outcome = bench.run(_request(StoppingCondition={"MaxRuntimeInSeconds": 1}))

    assert outcome.status is JobStatus.FAILED
    assert "MaxRuntimeInSeconds of 1" in (outcome.failure_reason or "")


def test_job_that_is_stopped_ends_soon_as_stopped(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("import time\nprint('up')\ntime.sleep(1000)")
    control = JobControl()
    threading.Timer(0.3, control.stop_requested.set).start()
    started = time.monotonic()

    outcome = bench.run(control=control)

    assert outcome.status is JobStatus.STOPPED
    assert time.monotonic() - started < 5


def test_job_message_becomes_the_exit_message(bench: Bench) -> None:
    bench.script("open('/opt/ml/output/message', 'w').write('3 rows dropped')")

    assert bench.run().details == {"ExitMessage": "3 rows dropped"}


def test_job_message_that_is_not_utf8_fails_the_job(bench: Bench) -> None:
    bench.script("open('/opt/ml/output/message', 'wb').write(bytes([255, 254]))")

    outcome = bench.run()

    assert outcome.status is JobStatus.FAILED
    assert "message is not UTF-8" in (outcome.failure_reason or "")


def test_job_input_that_is_empty_fails_with_its_address(bench: Bench) -> None:
    bench.script("print('never')")
    bench.objects.delete("b", ["raw/a.csv", "raw/deep/b.csv"])

    outcome = bench.run()

    assert outcome.status is JobStatus.FAILED
    assert 'No S3 objects found under S3 URL "s3://b/raw"' in (outcome.failure_reason or "")


def test_job_output_bucket_that_is_missing_fails_before_the_script_runs(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("print('a day of work')")
    request = _request()
    request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = "s3://nowhere/out"

    outcome = bench.run(request)

    assert outcome.status is JobStatus.FAILED
    assert "bucket 'nowhere'" in (outcome.failure_reason or "")
    assert logs.of("job") == []


def test_job_output_that_cannot_be_stored_hides_no_earlier_failure(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("open(b'/opt/ml/processing/output/out/caf\\xe9', 'w').close()\nraise SystemExit(2)")

    outcome = bench.run()

    assert outcome.failure_reason == "AlgorithmError: , exit code: 2"
    assert "is not UTF-8" in logs.of("job")[-1]


def test_job_image_of_other_libraries_is_noted_in_the_log(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("print('runs')")
    application = {**_request()["AppSpecification"], "ImageUri": "r/pytorch:2"}

    outcome = bench.run(_request(AppSpecification=application))

    assert outcome.status is JobStatus.COMPLETED
    assert logs.of("job")[0].startswith("[sagemaker_local] r/pytorch:2 is not run")


def test_job_input_opened_for_writing_leaves_the_object_alone(bench: Bench) -> None:
    bench.script("open('/opt/ml/processing/input/raw/a.csv', 'w').write('broken')")

    bench.run()

    assert bench.objects.read("b", "raw/a.csv") == b"a\n"


def test_job_configuration_files_describe_the_job(bench: Bench) -> None:
    bench.script(
        "import json, shutil\n"
        "for name in ('processingjobconfig', 'resourceconfig'):\n"
        "    shutil.copy(f'/opt/ml/config/{name}.json', '/opt/ml/processing/output/out')\n"
    )

    bench.run()

    config = json.loads(bench.objects.read("b", "out/job/processingjobconfig.json"))
    assert config["ProcessingJobName"] == "job"
    assert config["ProcessingInputs"][0]["S3Input"]["S3DownloadMode"] == "StartOfJob"
    assert config["AppSpecification"] == _request()["AppSpecification"]
    resources = json.loads(bench.objects.read("b", "out/job/resourceconfig.json"))
    assert resources == {"current_host": "algo-1", "hosts": ["algo-1"]}


def test_job_continuous_output_arrives_while_the_job_runs(bench: Bench) -> None:
    bench.script(
        "import pathlib, time\n"
        "pathlib.Path('/opt/ml/processing/output/out/first').write_text('1')\n"
        "while True: time.sleep(0.1)\n"
    )
    request = _request()
    request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    control = JobControl()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bench.run, request, control)
        deadline = time.monotonic() + 10
        while not bench.objects.keys("b", "out/") and time.monotonic() < deadline:
            time.sleep(0.05)
        is_running = not running.done()
        control.stop_requested.set()

    assert is_running
    assert bench.objects.keys("b", "out/") == ["out/job/first"]


def test_eight_jobs_at_once_each_see_their_own_folder(bench: Bench) -> None:
    bench.script(
        "import pathlib, sys, time\n"
        "mine = pathlib.Path('/opt/ml/processing/output/out/who')\n"
        "assert not mine.exists()\n"
        "mine.write_text(sys.argv[1])\n"
        "time.sleep(0.4)\n"
        "assert mine.read_text() == sys.argv[1]\n"
    )
    names = [f"job-{number}" for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda name: bench.run(_request(name, arguments=[name])), names))

    assert [outcome.status for outcome in outcomes] == [JobStatus.COMPLETED] * 8
    assert [bench.objects.read("b", f"out/{name}/who").decode() for name in names] == names


def test_job_credentials_are_those_of_its_role(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("import os; print(os.environ['AWS_SESSION_TOKEN'], os.environ['STAGE'])")

    bench.run(_request(Environment={"STAGE": "dev", "AWS_SESSION_TOKEN": "other"}))

    assert logs.of("job") == ["arn:aws:iam::000000000000:role/job/job dev"]

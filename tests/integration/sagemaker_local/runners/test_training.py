"""Whole training jobs, from S3 to S3."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from sagemaker_local.records.job import JobControl, JobKind, JobOutcome, JobStatus
from sagemaker_local.runners.environment import RunnerEnvironment
from tests.fakes.log_writer import FakeLogWriter
from tests.fakes.object_store import FolderObjectStore
from tests.integration.sagemaker_local.runners.conftest import RunJob

_IMAGE = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0"
_TRAIN = """
import helper, json, os, pathlib, sys
rows = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "train.csv").read_text()
for auc in ("0.7", "0.9"):
    print(f"[1]\\tvalidation-auc:{auc}")
model = [rows, sys.argv[1:], helper.NAME, __name__]
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps(model))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "plot.txt").write_text("plot")
"""


def _tar(files: Mapping[str, str]) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return body.getvalue()


def _channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def _request(**members: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "job",
        "RoleArn": "arn:aws:iam::000000000000:role/job",
        "AlgorithmSpecification": {
            "TrainingImage": _IMAGE,
            "TrainingInputMode": "File",
        },
        "HyperParameters": {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "s3://b/code/sourcedir.tar.gz",
            "max_depth": "6",
            "eta": "0.1",
        },
        "InputDataConfig": [_channel("train", "s3://b/data/train")],
        "OutputDataConfig": {"S3OutputPath": "s3://b/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **members,
    }


class Bench:
    """A place to run training jobs with a given script."""

    def __init__(self, environment: RunnerEnvironment, objects: FolderObjectStore, run_job: RunJob) -> None:
        self.objects = objects
        self.control = JobControl(report=lambda details: self.reports.append(str(details["SecondaryStatus"])))
        self.reports: list[str] = []
        self._environment = environment
        self._run_job = run_job
        objects.put("b", "data/train/train.csv", b"1,2\n")

    def script(self, text: str) -> None:
        files = {"train.py": text, "helper.py": "NAME = 'helper'\n"}
        self.objects.put("b", "code/sourcedir.tar.gz", _tar(files))

    def run(self, **members: Any) -> JobOutcome:
        return self._run_job(self._environment, JobKind.TRAINING, _request(**members), self.control)

    def unpack(self, key: str) -> dict[str, str]:
        with tarfile.open(fileobj=io.BytesIO(self.objects.read("b", key))) as tar:
            found = {name: tar.extractfile(name) for name in tar.getnames()}
            return {name: file.read().decode() for name, file in found.items() if file is not None}


@pytest.fixture
def bench(environment: RunnerEnvironment, objects: FolderObjectStore, run_job: RunJob) -> Bench:
    return Bench(environment, objects, run_job)


def test_script_mode_trains_and_stores_the_model(bench: Bench) -> None:
    bench.script(_TRAIN)

    outcome = bench.run()

    assert (outcome.status, outcome.failure_reason) == (JobStatus.COMPLETED, None)
    assert outcome.details["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/models/job/output/model.tar.gz"}
    model = json.loads(bench.unpack("models/job/output/model.tar.gz")["model.json"])
    assert model == ["1,2\n", ["--eta", "0.1", "--max_depth", "6"], "helper", "__main__"]
    assert bench.unpack("models/job/output/output.tar.gz") == {"plot.txt": "plot"}
    assert bench.reports == ["Downloading", "Training", "Uploading"]


def test_script_mode_metrics_are_the_last_in_the_log(bench: Bench) -> None:
    bench.script(_TRAIN)

    metric = bench.run().details["FinalMetricDataList"][0]

    assert (metric["MetricName"], metric["Value"]) == ("validation:auc", 0.9)
    assert metric["Timestamp"].tzinfo is not None


def test_script_mode_same_job_again_stores_the_same_bytes(bench: Bench) -> None:
    bench.script(_TRAIN)
    bench.run()
    first = bench.objects.read("b", "models/job/output/model.tar.gz")

    bench.run()

    assert bench.objects.read("b", "models/job/output/model.tar.gz") == first


def test_uncompressed_output_is_a_folder(bench: Bench) -> None:
    bench.script(_TRAIN)

    outcome = bench.run(OutputDataConfig={"S3OutputPath": "s3://b/models", "CompressionType": "NONE"})

    assert outcome.details["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/models/job/output/model/"}
    assert bench.objects.keys("b", "models/") == [
        "models/job/output/data/plot.txt",
        "models/job/output/model/model.json",
    ]


def test_script_that_raises_fails_with_the_error_and_the_command(bench: Bench, logs: FakeLogWriter) -> None:
    bench.script("raise ValueError('one class only')")

    outcome = bench.run()

    assert outcome.status is JobStatus.FAILED
    assert outcome.failure_reason == (
        "AlgorithmError: ExecuteUserScriptError:\n"
        'ErrorMessage "ValueError: one class only"\n'
        'Command "python3 -m train --eta 0.1 --max_depth 6", exit code: 1'
    )
    assert logs.of("job")[-1] == "ValueError: one class only"
    assert "ModelArtifacts" not in outcome.details


def test_script_that_explains_its_failure_is_quoted(bench: Bench) -> None:
    bench.script("open('/opt/ml/output/failure', 'w').write('label has one class')\nraise SystemExit(3)")

    assert bench.run().failure_reason == "AlgorithmError: label has one class, exit code: 3"


def test_script_that_never_ends_fails_at_its_limit_and_keeps_its_model(bench: Bench) -> None:
    bench.script("import time\nopen('/opt/ml/model/part', 'w').write('1')\nwhile True: time.sleep(1)")

    outcome = bench.run(StoppingCondition={"MaxRuntimeInSeconds": 1})

    assert outcome.status is JobStatus.FAILED
    assert "MaxRuntimeInSeconds of 1" in (outcome.failure_reason or "")
    assert outcome.details["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert bench.unpack("models/job/output/model.tar.gz") == {"part": "1"}


def test_script_that_is_stopped_may_save_its_model(bench: Bench) -> None:
    bench.script(
        "import signal, sys, time\n"
        "def save(*_):\n"
        "    open('/opt/ml/model/saved', 'w').write('at the end')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "while True: time.sleep(0.1)\n"
    )
    threading.Timer(0.5, bench.control.stop_requested.set).start()

    outcome = bench.run()

    assert outcome.status is JobStatus.STOPPED
    assert bench.unpack("models/job/output/model.tar.gz") == {"saved": "at the end"}
    assert bench.reports[-1] == "Stopping"


def test_script_that_is_stopped_without_model_stores_none(bench: Bench) -> None:
    bench.script("import time\ntime.sleep(100)")
    threading.Timer(0.3, bench.control.stop_requested.set).start()

    outcome = bench.run()

    assert outcome == JobOutcome(JobStatus.STOPPED)
    assert bench.objects.keys("b", "models/") == []


def test_checkpoints_come_back_and_go_up_again(bench: Bench) -> None:
    bench.objects.put("b", "checkpoints/run/epoch-1", b"one")
    bench.objects.put("b", "checkpoints/runner-up/epoch-9", b"not mine")
    bench.script(
        "import os, pathlib\n"
        "folder = pathlib.Path('/opt/ml/checkpoints')\n"
        "assert os.listdir(folder) == ['epoch-1'], os.listdir(folder)\n"
        "(folder / 'epoch-2').write_text('two')\n"
    )

    outcome = bench.run(CheckpointConfig={"S3Uri": "s3://b/checkpoints/run"})

    assert outcome.status is JobStatus.COMPLETED, outcome.failure_reason
    assert bench.objects.read("b", "checkpoints/run/epoch-2") == b"two"


def test_empty_channel_fails_with_its_address(bench: Bench) -> None:
    bench.script(_TRAIN)

    outcome = bench.run(InputDataConfig=[_channel("train", "s3://b/nothing/")])

    assert outcome.status is JobStatus.FAILED
    assert "s3://b/nothing/" in (outcome.failure_reason or "")


def test_configuration_files_read_as_on_aws(bench: Bench) -> None:
    bench.script("import shutil; shutil.copytree('/opt/ml/input/config', '/opt/ml/model/config')")

    bench.run(CheckpointConfig={"S3Uri": "s3://b/checkpoints/"})

    files = {name: json.loads(text) for name, text in bench.unpack("models/job/output/model.tar.gz").items()}
    assert files["config/hyperparameters.json"]["max_depth"] == "6"
    assert files["config/inputdataconfig.json"]["train"]["TrainingInputMode"] == "File"
    assert files["config/checkpointconfig.json"] == {"LocalPath": "/opt/ml/checkpoints"}
    resources = files["config/resourceconfig.json"]
    assert resources["instance_groups"][0]["hosts"] == ["algo-1"]
    assert resources["current_instance_type"] == "ml.m5.xlarge"


_DRIVER = """
set -e
fail() { echo "driver failed" > /opt/ml/output/failure; exit 1; }
trap fail ERR
if [[ -z "$TRAINING_JOB_NAME" ]]; then exit 9; fi
SM_PYTHON=$(command -v python3)
$SM_PYTHON - <<'PYTHON'
import json
resources = json.load(open("/opt/ml/input/config/resourceconfig.json"))
with open("/opt/ml/input/sm_training.env", "w") as file:
    for name in ("current_host", "current_instance_type", "hosts", "network_interface_name"):
        file.write(f"export SM_{name.upper()}='{json.dumps(resources[name])}'\\n")
PYTHON
set -a; source /opt/ml/input/sm_training.env; set +a
cd /opt/ml/input/data/code
read_depth='import json; print(json.load(open("/opt/ml/input/config/hyperparameters.json"))["depth"])'
$SM_PYTHON train.py --depth "$(python3 -c "$read_depth")"
"""


def _driver_request(command: str) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {
            "TrainingImage": _IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-c", command],
        },
        "HyperParameters": {"depth": "4"},
        "InputDataConfig": [
            _channel("code", "s3://b/job-code/input/code"),
            _channel("sm_drivers", "s3://b/job-code/input/sm_drivers"),
        ],
    }


_SM_TRAIN = "/opt/ml/input/data/sm_drivers/sm_train.sh"


def test_entry_point_runs_a_driver_of_the_sdk(bench: Bench) -> None:
    script = "import os, sys\nopen('/opt/ml/model/m', 'w').write(' '.join([*sys.argv[1:], os.environ['SM_HOSTS']]))"
    bench.objects.put("b", "job-code/input/code/train.py", script.encode())
    bench.objects.put("b", "job-code/input/sm_drivers/sm_train.sh", _DRIVER.encode())

    outcome = bench.run(**_driver_request(f"chmod +x {_SM_TRAIN} && {_SM_TRAIN}"))

    assert (outcome.status, outcome.failure_reason) == (JobStatus.COMPLETED, None)
    assert bench.unpack("models/job/output/model.tar.gz") == {"m": '--depth 4 ["algo-1"]'}


def test_entry_point_that_fails_quotes_the_drivers_failure_file(bench: Bench) -> None:
    bench.objects.put("b", "job-code/input/code/train.py", b"raise SystemExit(5)")
    bench.objects.put("b", "job-code/input/sm_drivers/sm_train.sh", _DRIVER.encode())

    outcome = bench.run(**_driver_request(f"chmod +x {_SM_TRAIN} && {_SM_TRAIN}"))

    assert outcome.failure_reason == "AlgorithmError: driver failed\n, exit code: 1"

"""Files are uploaded once; a missing bucket is said so."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from pipelines.config import PipelineConfig, load
from pipelines.deployment.files import Uploads, require_bucket, upload_missing
from pipelines.errors import NoSuchBucket
from tests.fakes.aws import FakeStorage, client_error

SEED_EXAMPLE = Path(__file__).parents[1] / "config" / "seed_example.yaml"
ARTIFACTS = {"s3://here/p/code/1/a.py": b"a", "s3://here/p/code/1/sub/b.py": b"b"}


@pytest.fixture
def config() -> PipelineConfig:
    return load([SEED_EXAMPLE])


def test_upload_missing_uploads_every_file_under_its_address() -> None:
    storage = FakeStorage({"here": {}})

    uploads = upload_missing(storage, ARTIFACTS)

    assert uploads == Uploads(new=2, present=0)
    assert storage.buckets["here"] == {"p/code/1/a.py": b"a", "p/code/1/sub/b.py": b"b"}


def test_upload_missing_again_uploads_nothing() -> None:
    storage = FakeStorage({"here": {"p/code/1/a.py": b"a"}})

    uploads = upload_missing(storage, ARTIFACTS)

    assert uploads == Uploads(new=1, present=1)
    assert storage.puts == ["p/code/1/sub/b.py"]


def test_require_bucket_missing_names_it_and_the_command_that_makes_one(config: PipelineConfig) -> None:
    with pytest.raises(NoSuchBucket, match=r"'mlbucket-sagemaker' does not exist; .*aws s3 mb s3://mlbucket-sagemaker"):
        require_bucket(FakeStorage(), config)


def test_require_bucket_of_others_is_not_called_missing(config: PipelineConfig) -> None:
    storage = FakeStorage(refuses=client_error("403", "Forbidden", "HeadBucket"))

    with pytest.raises(ClientError, match="403"):
        require_bucket(storage, config)


def test_require_bucket_present_says_nothing(config: PipelineConfig) -> None:
    require_bucket(FakeStorage({"mlbucket-sagemaker": {}}), config)

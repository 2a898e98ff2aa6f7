"""The section of uploads: where they lie, where their scores go, and what contradicts the rest."""

from pathlib import Path

import pytest

from pipelines.config import PipelineConfig, load
from pipelines.errors import InvalidConfig
from tests.unit.pipelines.config.test_loading import MINIMAL


def loaded(folder: Path, lines: str = "") -> PipelineConfig:
    path = folder / "a.yaml"
    path.write_text(MINIMAL + lines, encoding="utf-8")
    return load([path])


def test_uploads_lie_below_the_prefix_and_have_a_table_of_their_own(tmp_path: Path) -> None:
    config = loaded(tmp_path)

    assert config.upload_input_uri == "s3://my-bucket/team/churn/batch-inference/input/"
    assert config.upload_table == "mlops_poc_daily_inference_uploads"
    assert config.upload_payload_mb == 6


def test_many_concurrent_requests_make_those_of_uploads_smaller(tmp_path: Path) -> None:
    config = loaded(tmp_path, "transform: {max_payload_mb: 4, max_concurrent_transforms: 25}\n")

    assert config.upload_payload_mb == 4


def test_uploads_may_share_the_table_of_appended_runs(tmp_path: Path) -> None:
    lines = "upload: {table: scores}\nathena_output_table: scores\npublish: {mode: append}\n"

    assert loaded(tmp_path, lines).upload_table == "scores"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("upload: {max_payload_mb: 26}", "upload.max_payload_mb 26 times transform.max_concurrent_transforms 4 is 104"),
        ("upload: {table: a}\nathena_output_table: a", "upload.table 'a' is athena_output_table, too"),
        ("upload: {input_prefix: data/uploads}", "the pipelines write to 'data' themselves; allowed: a prefix that"),
        ("upload: {input_prefix: in/}", "allowed: a key prefix such as team/project, without a slash at either end"),
    ],
)
def test_section_that_contradicts_the_rest_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        loaded(tmp_path, f"{lines}\n")

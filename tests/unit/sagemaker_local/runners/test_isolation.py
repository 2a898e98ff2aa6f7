from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.runners.isolation import rewrite

_ML = Path("/w/1/ml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/ml", "/w/1/ml"),
        ("/opt/ml/", "/w/1/ml/"),
        ("/opt/ml/model", "/w/1/ml/model"),
        ("--in=/opt/ml/input", "--in=/w/1/ml/input"),
        ("chmod +x /opt/ml/a && /opt/ml/a", "chmod +x /w/1/ml/a && /w/1/ml/a"),
        ('{"dir":"/opt/ml/model"}', '{"dir":"/w/1/ml/model"}'),
        ("/usr/bin:/opt/ml/code", "/usr/bin:/w/1/ml/code"),
        ("/opt/mlflow", "/opt/mlflow"),
        ("/opt/ml-data/x", "/opt/ml-data/x"),
        ("/opt/ml.bak", "/opt/ml.bak"),
        ("s3://bucket/opt/ml/x", "s3://bucket/opt/ml/x"),
        ("/chroot/opt/ml/x", "/chroot/opt/ml/x"),
    ],
)
def test_rewrite_replaces_the_path_and_nothing_like_it(text: str, expected: str) -> None:
    assert rewrite(text, _ML) == expected


def test_rewrite_folder_with_backslash_is_taken_literally() -> None:
    assert rewrite("/opt/ml/x", Path(r"/w\1/ml")) == r"/w\1/ml/x"

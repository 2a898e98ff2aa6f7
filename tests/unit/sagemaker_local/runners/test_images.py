from __future__ import annotations

import pytest

from sagemaker_local.errors import UnsupportedFeature
from sagemaker_local.runners.images import Image, require_xgboost

_REGISTRY = "246618743249.dkr.ecr.us-west-2.amazonaws.com"


@pytest.mark.parametrize("tag", ["3.2-0", "3.2-0-cpu-py3"])
def test_require_xgboost_supported_version_passes(tag: str) -> None:
    require_xgboost(f"{_REGISTRY}/sagemaker-xgboost:{tag}", "training")


@pytest.mark.parametrize(
    "name",
    ["sagemaker-xgboost:3.2-01", "sagemaker-xgboost:1.7-1", "sagemaker-xgboost", "my-xgboost:3.2-0", "pytorch:2"],
)
def test_require_xgboost_other_image_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnsupportedFeature, match=rf"{name}.*not supported for training.*sagemaker-xgboost:3.2-0"):
        require_xgboost(f"{_REGISTRY}/{name}", "training")


def test_parse_digest_counts_as_tag() -> None:
    image = Image.parse(f"{_REGISTRY}/team/model@sha256:abc")

    assert (image.registry, image.repository, image.tag) == (_REGISTRY, "team/model", "sha256:abc")


def test_parse_name_without_registry() -> None:
    assert Image.parse("busybox") == Image("", "busybox", "latest")

"""Pipelines built once for all tests: building takes a second, importing the SDK two."""

from pathlib import Path

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig, load

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture(scope="session")
def shipped() -> PipelineConfig:
    return load([CONFIGS / "pipeline_config.yaml"]).with_account_id("123456789012")


@pytest.fixture(scope="session")
def churn(shipped: PipelineConfig) -> PipelineConfig:
    assert shipped.data_source == "feature_store"
    return shipped


@pytest.fixture(scope="session")
def built(churn: PipelineConfig) -> BuiltPipeline:
    return catalog.build("end-to-end", churn)


@pytest.fixture(scope="session")
def built_from_s3(churn: PipelineConfig) -> BuiltPipeline:
    return catalog.build("end-to-end", churn.model_copy(update={"data_source": "s3"}))

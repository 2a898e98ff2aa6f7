"""Definitions of several configurations, built once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig, load

CHECKOUT = Path(__file__).parents[3]
CONFIGS = CHECKOUT / "configs"
NO_BOUNDS = {"customer_id_start": None, "customer_id_end": None}


def _regression() -> PipelineConfig:
    """Make a configuration with everything that is left out or different elsewhere."""
    values = json.loads(load([CONFIGS / "pipeline_config.yaml"]).model_dump_json())
    values["dataset"] |= {"problem_type": "regression", "classes": None, "id_format": None, "target": "amount"}
    values["training"] |= NO_BOUNDS
    values |= NO_BOUNDS | {"caching": {"enabled": False}, "publish": {"instance_type": "ml.m5.large"}}
    values["gate"] = {"metric": "regression_metrics.rmse.value", "threshold": 3}
    return PipelineConfig.model_validate_json(json.dumps(values))


def _churn() -> PipelineConfig:
    return load([CONFIGS / "pipeline_config.yaml"])


_CONFIGS: dict[str, Callable[[], PipelineConfig]] = {
    "churn": _churn,
    "files": lambda: _churn().model_copy(update={"data_source": "s3"}),
    "breast_cancer": lambda: load([CONFIGS / "breast_cancer.yaml"]),
    "seed": lambda: load([CHECKOUT / "tests" / "unit" / "pipelines" / "config" / "seed_example.yaml"]),
    "regression": _regression,
}
_EVERYWHERE = ("end-to-end", "training", "batch-inference", "upload-inference")
_BUILDS = [(name, pipeline) for name in _CONFIGS for pipeline in _EVERYWHERE]
_BUILDS += [("churn", "feature-ingestion"), ("churn", "evaluation"), ("regression", "evaluation")]


@pytest.fixture(scope="session", params=_BUILDS, ids=lambda build: f"{build[1]}-{build[0]}")
def text(request: pytest.FixtureRequest) -> str:
    """Build a definition in an account, as it is deployed."""
    name, pipeline = request.param
    return catalog.build(pipeline, _CONFIGS[name]().with_account_id("123456789012")).definition()


@pytest.fixture(scope="session")
def end_to_end() -> list[dict[str, Any]]:
    """List all steps of the pipeline that has every type."""
    config = _churn().with_account_id("123456789012")
    return _all_steps(json.loads(catalog.build("end-to-end", config).definition()))


@pytest.fixture(scope="session")
def definition(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.fixture(scope="session")
def steps(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """List all steps, those in branches too."""
    return _all_steps(definition)


def _all_steps(definition: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for step in definition["Steps"]:
        found.append(step)
        found.extend(step["Arguments"].get("IfSteps", []))
    return found

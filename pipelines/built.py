"""What a build gives: the definition's text, the files that it refers to, and the functions that it calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.config import PipelineConfig


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A function that a pipeline calls, as `upsert` deploys it."""

    name: str
    handler: str
    role_arn: str
    archive: bytes
    """A zip archive, the same bytes for the same code."""
    description: str
    timeout_seconds: int
    memory_mb: int
    runtime: str = "python3.12"
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the function reads."""


@dataclass(frozen=True, slots=True)
class BuiltPipeline:
    """One pipeline of one configuration, ready to be deployed."""

    name: str
    """As SageMaker knows it."""
    description: str
    config: PipelineConfig
    role_arn: str
    """The role that the pipeline and its jobs run with."""
    sagemaker: Any
    """The SDK's own Pipeline."""
    artifacts: Mapping[str, bytes]
    """S3 address -> content."""
    functions: tuple[LambdaFunction, ...]
    text: str

    def definition(self) -> str:
        """Return the definition as SageMaker gets it: JSON, the same bytes for the same inputs."""
        return self.text

"""The configuration of a use case: one frozen model, loaded from YAML files."""

from pipelines.config.loader import load
from pipelines.config.model import PipelineConfig

__all__ = ["PipelineConfig", "load"]

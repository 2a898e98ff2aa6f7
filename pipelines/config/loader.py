"""Configuration files become one frozen configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from pipelines.config import source
from pipelines.config.model import PipelineConfig
from pipelines.config.report import explain
from pipelines.errors import InvalidConfig


def load(paths: Sequence[Path]) -> PipelineConfig:
    """Read configuration files; keys of a later one override those of an earlier one, section by section.

    Raises:
        UnreadableConfig: a file is missing, is not YAML, or says a key twice.
        InvalidConfig: unknown, missing or ill-typed keys, all of them at once.
    """
    merged = source.Source()
    for path in paths:
        merged = merged.overridden_by(source.read(path))
    try:
        return PipelineConfig.model_validate(dict(merged.values))
    except ValidationError as error:
        problems = explain(error, PipelineConfig, merged, paths)
        raise InvalidConfig("The configuration is refused:", problems) from error

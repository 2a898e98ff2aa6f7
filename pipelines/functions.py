"""Lambda functions that steps call: each is declared once, where its step is built, and deployed by `upsert`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.built import LambdaFunction
from pipelines.code import read_scripts, zip_archive
from pipelines.config import PipelineConfig


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """A function as the project has it, before a configuration names it."""

    name: str
    """Behind the project's name: get-latest-approved-model."""
    handler: str
    scripts: tuple[str, ...]
    description: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def deployed_name(self, config: PipelineConfig) -> str:
        """Name the function in the account."""
        return f"{config.project_name}-{self.name}"


class Functions:
    """The functions of one definition, collected while its steps are built."""

    def __init__(self, config: PipelineConfig) -> None:
        """Collect for a configuration."""
        self._config = config
        self._functions: dict[str, LambdaFunction] = {}

    def add(self, code: FunctionCode) -> str:
        """Keep a function, once however many steps call it; return its ARN."""
        config, name = self._config, code.deployed_name(self._config)
        self._functions[name] = LambdaFunction(
            name=name,
            handler=code.handler,
            role_arn=config.function_role_arn,
            archive=zip_archive(read_scripts(code.scripts)),
            description=code.description,
            timeout_seconds=config.functions.timeout_seconds,
            memory_mb=config.functions.memory_mb,
            environment=code.environment,
        )
        return config.function_arn(name)

    def collected(self) -> tuple[LambdaFunction, ...]:
        """Return everything kept so far, sorted by name."""
        return tuple(function for _, function in sorted(self._functions.items()))

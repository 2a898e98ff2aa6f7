"""What every command works with: the configuration, the AWS session (real or local) and the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from pipelines.config import PipelineConfig

DEFAULT_CONFIG = Path("configs/pipeline_config.yaml")


_PIPED_WIDTH = 160


def _console() -> Console:
    """As wide as the terminal; output that goes to a file or a pipe gets room for whole ARNs."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


@dataclass
class Context:
    """Built once by the door from the options; commands take what they need."""

    config_paths: Sequence[Path] = (DEFAULT_CONFIG,)
    is_local: bool = False
    console: Console = field(default_factory=_console)

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> Context:
        """Read --config and --local."""
        return cls(config_paths=options.config or (DEFAULT_CONFIG,), is_local=options.local)

    @cached_property
    def config(self) -> PipelineConfig:
        """The configuration of --config; with --local, the account placeholder is the local account."""
        # pydantic takes 0.2 s to import: not for --help.
        from pipelines.config import load

        config = load(self.config_paths)
        if not self.is_local:
            return config
        from sagemaker_local.settings import DEFAULT_ACCOUNT_ID

        return config.with_account_id(DEFAULT_ACCOUNT_ID)

    @cached_property
    def session(self) -> Any:
        """The boto3 session of this process: the real account's, or with --local one that reaches this machine only."""
        if self.is_local:
            from cli.local import connect

            return connect(self.config)
        import boto3

        return boto3.Session(region_name=self.config.region)

    def client(self, service: str) -> Any:
        """A client of this session; made once for each service."""
        clients: dict[str, Any] = self.__dict__.setdefault("_clients", {})
        if service not in clients:
            clients[service] = self.session.client(service)
        return clients[service]

    @property
    def options_text(self) -> str:
        """The options to repeat in a suggested command, with a leading space: ` --local --config FILE`."""
        words = ["--local"] if self.is_local else []
        # The default goes without saying only when it stands alone: another file may override but some of its keys.
        if tuple(self.config_paths) != (DEFAULT_CONFIG,):
            words += [word for path in self.config_paths for word in ("--config", str(path))]
        return "".join(f" {word}" for word in words)

"""What every step builder is given."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import layout
from pipelines.code import Artifacts
from pipelines.config import PipelineConfig
from pipelines.parameters import Parameters
from pipelines.sdk import image_uris
from pipelines.session import OfflineSession

_XGBOOST_VERSION = "3.2-0"
"""The container whose library versions requirements.txt pins."""


@dataclass(frozen=True, slots=True)
class StepContext:
    """One build: its configuration and parameters, the session, and the files collected on the way."""

    config: PipelineConfig
    parameters: Parameters
    session: OfflineSession
    artifacts: Artifacts
    image_uri: str

    @classmethod
    def of(cls, config: PipelineConfig) -> StepContext:
        """Begin a build."""
        return cls(
            config=config,
            parameters=Parameters.of(config),
            session=OfflineSession(region=config.region, bucket=config.bucket, prefix=config.prefix),
            artifacts=Artifacts(layout.code(config)),
            image_uri=config.image_uri
            or image_uris.retrieve("xgboost", region=config.region, version=_XGBOOST_VERSION),
        )

    @property
    def role(self) -> str:
        """The role that jobs run with."""
        return self.config.role_arn

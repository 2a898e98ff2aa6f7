"""What every step builder is given."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import layout
from pipelines.code import Artifacts
from pipelines.config import PipelineConfig
from pipelines.functions import Functions
from pipelines.parameters import Parameters
from pipelines.sdk import image_uris
from pipelines.session import OfflineSession

_XGBOOST_VERSION = "3.2-0"
"""The container whose library versions requirements.txt pins."""


@dataclass(frozen=True, slots=True)
class StepContext:
    """One build: its configuration and parameters, the session, and what is collected on the way."""

    config: PipelineConfig
    parameters: Parameters
    session: OfflineSession
    artifacts: Artifacts
    functions: Functions
    image_uri: str
    role: str
    """The pipeline and its jobs run with it."""

    @classmethod
    def of(cls, config: PipelineConfig, pipeline: str) -> StepContext:
        """Begin the build of a pipeline of the catalog."""
        return cls(
            config=config,
            parameters=Parameters.of(config),
            session=OfflineSession(region=config.region, bucket=config.bucket, prefix=config.prefix),
            artifacts=Artifacts(layout.code(config)),
            functions=Functions(config),
            image_uri=config.image_uri
            or image_uris.retrieve("xgboost", region=config.region, version=_XGBOOST_VERSION),
            role=config.role_of(pipeline),
        )

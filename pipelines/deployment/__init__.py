"""What `upsert` does with a built pipeline: the same for AWS and for the local endpoint."""

from pipelines.deployment.deploy import Deployed, deploy

__all__ = ["Deployed", "deploy"]

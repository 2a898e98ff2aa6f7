"""A role for each pipeline: what trains need not be what scores."""

from __future__ import annotations

from pipelines.config.aws_names import RoleArn
from pipelines.config.section import Section


class Roles(Section):
    """Roles of pipelines and of the jobs that they start; left out: role_arn of the configuration."""

    feature_ingestion: RoleArn | None = None
    training: RoleArn | None = None
    batch_inference: RoleArn | None = None
    upload_inference: RoleArn | None = None
    evaluation: RoleArn | None = None
    end_to_end: RoleArn | None = None

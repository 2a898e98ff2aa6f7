"""Which steps may take over the result of an earlier execution."""

from __future__ import annotations

from pipelines.config.aws_names import Duration
from pipelines.config.section import Section


class Caching(Section):
    """Step caching; scoring and publishing are never cached."""

    enabled: bool = True
    """Train and Evaluate: their inputs are fresh S3 locations whenever their content may have changed."""
    expire_after: Duration = "P30D"
    input_is_immutable: bool = False
    """Say true when the content below input_data_uri never changes: Preprocess is cached, too.

    SageMaker compares S3 addresses, not contents: with changing content it would take over yesterday's customers.
    """

"""ARNs and generated names, in the forms that SageMaker gives them."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

_ALPHANUMERICS = string.ascii_lowercase + string.digits
JOB_NAME_MAX = 63
TUNING_JOB_NAME_MAX = 32
# Of the step's name, where there is no room for the usual form.
_SHORT_STEP = 7


@dataclass(frozen=True, slots=True)
class Place:
    """The region and account that all ARNs of one endpoint carry."""

    region: str
    account_id: str

    def arn(self, resource: str, service: str = "sagemaker") -> str:
        """`arn:aws:<service>:<region>:<account>:<resource>`."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


def new_execution_id() -> str:
    """Twelve of [a-z0-9], as in the last part of a pipeline execution's ARN."""
    return "".join(secrets.choice(_ALPHANUMERICS) for _ in range(12))


def job_name(execution_id: str, step_name: str, most: int = JOB_NAME_MAX) -> str:
    """`pipelines-<execution>-<step>-<10 alphanumerics>`, the step's part cut so that 63 characters suffice.

    A tuning job, whose name has 32 characters at most, is `<execution>-<step, cut>-<10 alphanumerics>`.
    """
    suffix = _suffix()
    if most < JOB_NAME_MAX:
        return f"{execution_id}-{step_name[:_SHORT_STEP]}-{suffix}"
    room = JOB_NAME_MAX - len(f"pipelines-{execution_id}--{suffix}")
    return f"pipelines-{execution_id}-{step_name[:room]}-{suffix}"


def custom_name(prefix: str, execution_id: str, most: int = JOB_NAME_MAX) -> str:
    """`<prefix>-<execution>-<10 alphanumerics>`, for a step whose definition gives a prefix of its own."""
    suffix = _suffix()
    room = most - len(f"-{execution_id}-{suffix}")
    return f"{prefix[:room]}-{execution_id}-{suffix}"


def _suffix() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(10))

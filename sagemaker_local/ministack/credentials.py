"""STS for the jobs that the endpoint starts: each one gets a session of its own role."""

from __future__ import annotations

import re
import secrets
import string
import time
from collections.abc import Mapping

from sagemaker_local.errors import ValidationException
from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.environment import NO_CREDENTIALS_OF_THE_USER
from sagemaker_local.settings import Settings

_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")
_KEY_CHARACTERS = string.ascii_uppercase + "234567"
# Longer than the longest job that SageMaker allows (28 days).
_LIFETIME_SECONDS = 29 * 24 * 3600


class LocalCredentials:
    """The Credentials of this endpoint."""

    def __init__(self, ministack: Ministack, settings: Settings) -> None:
        self._sts = ministack.sts
        self._settings = settings

    def environment(self, role_arn: str, session_name: str) -> Mapping[str, str]:
        """Environment variables for a job: the role's own keys, region, endpoint; nothing of the user's.

        Raises:
            ValidationException: not the ARN of a role.
        """
        found = _ROLE_ARN.fullmatch(role_arn)
        if found is None:
            raise ValidationException(
                f"'{role_arn}' is not the ARN of an IAM role; it must look like arn:aws:iam::123456789012:role/name."
            )
        partition, account, role = found.groups()
        key = "ASIA" + "".join(secrets.choice(_KEY_CHARACTERS) for _ in range(16))
        session = {
            "Arn": f"arn:{partition}:sts::{account}:assumed-role/{role}/{session_name}",
            "UserId": f"AROA{role.upper()[:17]}:{session_name}",
            "SecretAccessKey": secrets.token_urlsafe(30),
            "SessionToken": secrets.token_urlsafe(90),
            "Expiration": time.time() + _LIFETIME_SECONDS,
        }
        self._sts.register_session(key, session)
        return {
            **NO_CREDENTIALS_OF_THE_USER,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": str(session["SecretAccessKey"]),
            "AWS_SESSION_TOKEN": str(session["SessionToken"]),
            "AWS_REGION": self._settings.region,
            "AWS_DEFAULT_REGION": self._settings.region,
            "AWS_ENDPOINT_URL": self._settings.url,
        }

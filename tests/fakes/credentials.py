"""STS with one fixed answer."""

from __future__ import annotations

from collections.abc import Mapping


class FakeCredentials:
    """Credentials that name the role they were asked for."""

    def environment(self, role_arn: str, session_name: str) -> Mapping[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "ASIAFAKE",
            "AWS_SECRET_ACCESS_KEY": "fake",
            "AWS_SESSION_TOKEN": f"{role_arn}/{session_name}",
            "AWS_REGION": "us-west-2",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",
        }

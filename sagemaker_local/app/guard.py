"""What the listener refuses before it looks further: browsers, foreign hosts, MiniStack's own controls."""

from __future__ import annotations

import re

Headers = dict[bytes, bytes]

_HOST = re.compile(rb"(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9_.-]+\.)?localhost)(?::\d{1,5})?", re.IGNORECASE)

_CONTROLS = ("/_ministack", "/_localstack", "/_aws")
# Of MiniStack's controls, those that its own services need; blocking the first would hang every custom resource.
_NEEDED_CONTROLS = (
    "/_ministack/cfn-response/",
    "/_ministack/cfn-signal/",
    "/_ministack/lambda-code/",
    "/_ministack/lambda-layers/",
)
_HEALTH = frozenset({"/_ministack/health", "/_localstack/health"})


def refusal(path: str, headers: Headers) -> tuple[int, str] | None:
    """Give the status and the reason when a request must not be served, None when it may.

    Every key opens this endpoint and a Lambda function runs as the user, so a web page must not reach it: not from
    another origin, and not through a name of its own that resolves to this machine.
    """
    if b"origin" in headers or headers.get(b"sec-fetch-site", b"none") != b"none":
        return 403, "This endpoint does not serve web pages. Use an AWS SDK, the AWS CLI or curl."
    host = headers.get(b"host", b"")
    if _HOST.fullmatch(host) is None:
        shown = host.decode("latin-1")
        return 403, f"This endpoint does not serve the host '{shown}'. Use 127.0.0.1 or localhost in the URL."
    if _is_control(path):
        return 404, f"'{path}' is not served. To delete all state, run `python -m sagemaker_local reset`."
    return None


def _is_control(path: str) -> bool:
    # MiniStack compares whole paths; a doubled slash is no way around.
    plain = "/" + path.lstrip("/")
    if not plain.startswith(_CONTROLS) or plain in _HEALTH:
        return False
    return not plain.startswith(_NEEDED_CONTROLS)

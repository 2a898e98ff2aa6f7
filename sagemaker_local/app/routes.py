"""Which of our services a request is meant for, decided on its headers and its address only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sagemaker_local.app.guard import Headers
from sagemaker_local.records.rest import find_operation

# X-Amz-Target is "<prefix>.<operation>".
_SERVICES = {b"SageMaker": "sagemaker", b"AmazonAthena": "athena", b"AWSGlue": "glue"}

# The service that a request was signed for: in the header, or in the query of a presigned URL.
_SIGNED_FOR = re.compile(rb"Credential=[^/,]+/\d{8}/[^/,]+/([^/,]+)/aws4_request")
# Asked through paths, and signed for as SageMaker itself.
_REST_SERVICE = "sagemaker-featurestore-runtime"
# Services of ours that are asked through paths: nothing here answers them, and MiniStack would take them for S3.
_UNANSWERED = frozenset({b"sagemaker", b"athena", b"glue"})


@dataclass(frozen=True, slots=True)
class Route:
    """One of our operations; without a service it is one that nobody answers."""

    service: str | None
    operation: str
    members: Mapping[str, Any] = field(default_factory=dict)
    """Members of the request that its address has."""

    @property
    def is_rest(self) -> bool:
        """Whether the service has addresses instead of targets."""
        return self.service == _REST_SERVICE


def route(path: str, headers: Headers, method: str = "POST", raw_path: bytes = b"", query: bytes = b"") -> Route | None:
    """Give our operation that a request asks for, None when the request is MiniStack's."""
    prefix, _, operation = headers.get(b"x-amz-target", b"").rpartition(b".")
    service = _SERVICES.get(prefix)
    if service is not None:
        return Route(service, operation.decode("latin-1"))
    signed = _SIGNED_FOR.search(headers.get(b"authorization", b""))
    if signed is not None and signed.group(1) == b"sagemaker":
        found = find_operation(_REST_SERVICE, method, raw_path.decode("latin-1"), query.decode("latin-1"))
        if found is not None:
            return Route(_REST_SERVICE, *found)
    if signed is not None and signed.group(1) in _UNANSWERED:
        return Route(None, operation.decode("latin-1") or path)
    return None

"""How the command line talks to a running endpoint: what both sides must agree on."""

from __future__ import annotations

HEALTH_PATH = "/_sagemaker_local/health"
SHUTDOWN_PATH = "/_sagemaker_local/shutdown"

TOKEN_HEADER = "x-sagemaker-local-token"  # noqa: S105 - the name of a header
TOKEN_FILE = "endpoint.token"  # noqa: S105 - the name of a file
"""In the root, readable by its user only: the secret that a request to stop the endpoint must carry."""

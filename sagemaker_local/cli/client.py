"""Speaks to a running endpoint over its port: is it there, and stop."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemaker_local.app.control import HEALTH_PATH, SHUTDOWN_PATH, TOKEN_FILE, TOKEN_HEADER
from sagemaker_local.settings import HOST

# A busy endpoint answers late, a dead one not at all.
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """What an endpoint says of itself."""

    pid: int
    root: Path
    region: str
    account_id: str
    url: str


def health(port: int) -> Health | None:
    """Ask who listens on a port; None when nobody does, or somebody who is no endpoint of ours."""
    try:
        status, body = _request("GET", port, HEALTH_PATH, {})
        found: dict[str, Any] = json.loads(body) if status == 200 else {}
        return Health(int(found["pid"]), Path(found["root"]), found["region"], found["account"], found["url"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None


def ask_to_stop(root: Path, port: int) -> bool:
    """Ask the endpoint of this root to stop; whether it agreed."""
    try:
        token = (root / TOKEN_FILE).read_text(encoding="utf-8")
        status, _ = _request("POST", port, SHUTDOWN_PATH, {TOKEN_HEADER: token})
    except (OSError, http.client.HTTPException):
        return False
    return status == 202


def _request(method: str, port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()

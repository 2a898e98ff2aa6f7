"""Plans for tests: the defaults of a job without options, changed where a test says so."""

from __future__ import annotations

from typing import Any

from sagemaker_local.runners.transform.plan import Plan


def plan(**changes: Any) -> Plan:
    """A plan for text/csv with requests of at most 20 bytes."""
    members: dict[str, Any] = {
        "content_type": "text/csv",
        "accept": "text/csv",
        "splits_lines": False,
        "is_single_record": False,
        "assembles_lines": False,
        "is_gzip": False,
        "payload_bytes": 20,
        "processing": {},
        "worker_count": 2,
        "thread_count": 1,
        "timeout_seconds": 600,
        "max_retries": 3,
        "program": "inference.py",
    }
    return Plan(**members | changes)

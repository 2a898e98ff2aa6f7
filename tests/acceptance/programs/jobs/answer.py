"""A Lambda function: doubles what it is given."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Give twice the number, as text and as number."""
    number = int(event["Number"])
    return {"Doubled": 2 * number, "Text": f"twice {number}"}

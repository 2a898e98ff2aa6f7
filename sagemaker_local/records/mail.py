"""E-mails that SNS would have sent."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one e-mail subscription of a topic."""

    time: str
    """ISO 8601 in UTC, with milliseconds."""
    to: str
    topic: str
    """The topic's ARN."""
    subject: str
    body: str
    """The text, or for a subscription with protocol email-json the JSON document that AWS makes of it."""

    def dump(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, line: str) -> Mail:
        """Read what `dump` wrote.

        Raises:
            ValueError: the line is not whole.
        """
        try:
            return cls(**json.loads(line))
        except TypeError as error:
            raise ValueError(f"not a mail: {line[:80]!r}") from error

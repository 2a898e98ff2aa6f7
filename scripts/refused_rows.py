"""The rows that a job refuses, kept as JSON lines where people look for errors, also when the job then fails.

The service takes no outputs of a processing job that fails: the job uploads them itself.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from customer_rows import Refusal

FILE_NAME = "refused.jsonl"


@dataclass(slots=True)
class Refusals:
    """The refused rows so far."""

    file: IO[str]
    limit: int = sys.maxsize
    """So many are kept, the first ones; all are counted."""
    count: int = 0
    first: Refusal | None = None

    def add(self, refusals: Sequence[Refusal]) -> None:
        """Keep some more."""
        for refusal in refusals[: max(self.limit - self.count, 0)]:
            self.file.write(json.dumps(asdict(refusal), default=str, ensure_ascii=False) + "\n")
        self.count += len(refusals)
        self.first = self.first or next(iter(refusals), None)

    def save(self, s3: Any, prefix: str) -> str:
        """Upload what there is; return its address."""
        self.file.flush()
        place = urlsplit(f"{prefix.rstrip('/')}/{FILE_NAME}")
        if self.count:
            s3.upload_file(self.file.name, place.netloc, place.path.lstrip("/"))
        return place.geturl()

    def told(self, total: int, address: str) -> str:
        """Say how many of all rows there are, the first one, and where they lie."""
        if self.first is None:
            return f"None of {total} rows is refused."
        first = f"{self.first.file} row {self.first.row}: {'; '.join(self.first.reasons)}"
        kept = "all" if self.count <= self.limit else f"the first {self.limit}"
        return (
            f"{self.count} of {total} rows ({self.count / total:.2%}) are refused; first {first}; {kept} are in "
            f"{address}."
        )

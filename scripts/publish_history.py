"""Which runs of a partition there are: kept as one parameter of the partition, so that one call changes both."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

PARAMETER = "publications"
READER_TIME = timedelta(hours=1)
"""So long a replaced run may have readers: a query of Athena runs 30 minutes at most, unless a quota was raised."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one publish wrote."""

    location: str
    """s3://bucket/.../run=<execution>/<attempt>/; no two runs share one."""
    rows: int | None = None
    """None: published by a version that kept no list."""
    files: int | None = None
    bytes: int | None = None
    model_package_arn: str = ""
    execution_id: str = ""
    published: str = ""
    """When it was pointed at first, ISO 8601 in UTC."""
    replaced: str | None = None
    """When the partition was pointed elsewhere; None while it is at this run."""


@dataclass(frozen=True, slots=True)
class History:
    """The runs of one partition."""

    current: Run
    older: tuple[Run, ...] = ()
    """Whole and ready to be pointed at again; the last replaced first."""
    removing: tuple[str, ...] = ()
    """Locations whose files are being removed: nobody may point at them any more."""

    @classmethod
    def of(cls, partition: Mapping[str, Any]) -> "History":
        """Read it from a partition as GetPartition answers it; one that was moved by hand counts as without a list."""
        location = str(partition["StorageDescriptor"]["Location"])
        try:
            document = json.loads((partition.get("Parameters") or {}).get(PARAMETER, ""))
            found = cls(
                current=Run(**document["current"]),
                older=tuple(Run(**run) for run in document["older"]),
                removing=tuple(document["removing"]),
            )
        except (ValueError, KeyError, TypeError):
            return cls(current=Run(location=location))
        if found.current.location == location:
            return found
        # Moved by something else than a publish: what it is at now must not be removed as somebody's older run.
        known = (found.current, *found.older)
        return cls(
            current=next((run for run in known if run.location == location), Run(location=location)),
            older=tuple(run for run in known if run.location != location),
            removing=tuple(place for place in found.removing if place != location),
        )

    def followed_by(self, run: Run, keep_runs: int, now: datetime, left: Sequence[str] = ()) -> "History":
        """Return what it is once the partition is at `run`.

        Args:
            run: the next one.
            keep_runs: so many older runs stay; more do while a reader may be on them.
            now: the time of the switch.
            left: locations that could not be removed before.
        """
        older = [replace(self.current, replaced=now.isoformat(timespec="seconds")), *self.older]
        gone = [old for old in older[keep_runs:] if not _may_have_readers(old, now)]
        return History(
            current=run,
            older=tuple(old for old in older if old not in gone),
            removing=(*left, *(old.location for old in gone)),
        )

    def as_parameters(self) -> dict[str, str]:
        """Return it as parameters of the partition."""
        return {PARAMETER: json.dumps(asdict(self), separators=(",", ":"))}


def _may_have_readers(run: Run, now: datetime) -> bool:
    return run.replaced is not None and now - datetime.fromisoformat(run.replaced) < READER_TIME

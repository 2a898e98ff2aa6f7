"""Which day the predictions are for."""

from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from dataset_schema import SchemaRefused, say


def day_of(inference_date: str, started: str, now: datetime, option: str = "--inference-date") -> date:
    """Return the day to publish: the one named, or for `today` the day in UTC on which the execution started.

    A retry after midnight thus stays with its day. AWS documents no form for the start of an execution: one that is not
    known here counts as now, and the log says so, because at this point everything else of the execution is done.
    """
    if inference_date not in {"", "today"}:
        try:
            return date.fromisoformat(inference_date)
        except ValueError as error:
            raise SchemaRefused(f"{option} {inference_date!r} is refused: write YYYY-MM-DD or today.") from error
    moment = _moment(started)
    if moment is None:
        if started:
            say(f"Warning: --execution-started {started!r} is no known form of a time; the day is that of now, in UTC.")
        moment = now
    return moment.astimezone(UTC).date()


def _moment(text: str) -> datetime | None:
    """Read a time in the forms in which services write it: ISO 8601, seconds or milliseconds, e-mail's, or Java's."""
    for read in (lambda number: _from_epoch(float(number)), datetime.fromisoformat, parsedate_to_datetime, _from_java):
        with suppress(ValueError, OverflowError):
            moment: datetime = read(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _from_epoch(number: float) -> datetime:
    return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)


def _from_java(text: str) -> datetime:
    """Read `Sat Jan 31 12:00:00 UTC 2026`."""
    return datetime.strptime(text, "%a %b %d %H:%M:%S UTC %Y").replace(tzinfo=UTC)

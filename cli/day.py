"""A day as people type it: the partition `dt` of the predictions table."""

from __future__ import annotations

from datetime import date

from cli.errors import CommandError


def parse_day(text: str, option: str) -> date:
    """Read `2026-01-31`; `option` is the word before it, for the message.

    Raises:
        CommandError: not a day, or written in another way.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{option} {text!r} is refused: write a day as YYYY-MM-DD.") from error
    if day.isoformat() != text:  # Python reads 20260131 and 2026-W05-6, too
        raise CommandError(f"{option} {text!r} is refused: write the day as {day}.")
    return day

"""What the registry takes as a text: tags and metadata of few characters, descriptions of one line."""

from __future__ import annotations

import re

from cli.errors import CommandError

DESCRIPTION_MAX = 1024
"""Of ApprovalDescription."""
VALUE_MAX = 256
"""Of a tag and of CustomerMetadataProperties."""
_FOREIGN = re.compile(r"[^\w \u00a0.:/=+\-@]")
"""Letters and digits of any language, spaces and _.:/=+-@ are allowed (AWS: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@])."""


def description(note: str) -> str:
    """The note itself, once it is sure that it can be kept.

    Raises:
        CommandError: too long, or of several lines.
    """
    if len(note) > DESCRIPTION_MAX:
        raise CommandError(f"--note is refused: it has {len(note)} characters, {DESCRIPTION_MAX} are allowed.")
    if "\n" in note or "\r" in note:
        raise CommandError("--note is refused: it has several lines, the registry keeps one.")
    return note


def tag(note: str) -> str:
    """The note itself, once it is sure that a tag can hold it.

    Raises:
        CommandError: too long, or with a character that tags refuse.
    """
    foreign = sorted(set(_FOREIGN.findall(note)))
    if foreign or len(note) > VALUE_MAX:
        why = f"{' '.join(map(repr, foreign))} is in it" if foreign else f"it has {len(note)} characters"
        raise CommandError(
            f"--note is refused: {why}. A pin's note is kept as a tag: at most {VALUE_MAX} letters, digits, spaces "
            "and _.:/=+-@ are allowed."
        )
    return note


def metadata(text: str) -> str:
    """The text as metadata can hold it: a character that is refused there becomes `-`, and the end is kept."""
    return _FOREIGN.sub("-", text)[-VALUE_MAX:]

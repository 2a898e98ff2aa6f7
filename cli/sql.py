"""Names and values as Athena's SQL has them: whatever is in them, they stay one name or one value."""

from __future__ import annotations

from cli.errors import CommandError


def identifier(name: str) -> str:
    """Put a name in quotes: `a"b` becomes `"a""b"`.

    Raises:
        CommandError: the name is empty, or no text that SQL can carry.
    """
    if not name:
        raise CommandError("an empty name is refused: a table or a column has at least one character.")
    return '"' + _checked(name).replace('"', '""') + '"'


def text(value: str) -> str:
    """Put a text in quotes: `it's` becomes `'it''s'`.

    Raises:
        CommandError: the value is no text that SQL can carry.
    """
    return "'" + _checked(value).replace("'", "''") + "'"


def table(name: str, database: str) -> str:
    """Put the name of a table in quotes, with its database; `name` may say another one: `database.table`."""
    place, _, last = name.rpartition(".")
    return f"{identifier(place or database)}.{identifier(last)}"


def _checked(value: str) -> str:
    # A NUL ends the statement in some parsers, and a lone surrogate has no bytes in UTF-8.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise CommandError(f"the text {value!r} is refused: SQL carries no NUL and no half of a surrogate pair.")
    return value

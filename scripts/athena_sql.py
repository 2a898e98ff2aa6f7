"""Names and values as Athena's SQL has them: whatever is in them, they stay one name or one value."""

from collections.abc import Iterable

from dataset_schema import SchemaRefused


def identifier(name: str) -> str:
    """Return a name in quotes: `a"b` becomes `"a""b"`.

    Raises:
        SchemaRefused: the name is empty, or no text that SQL can carry.
    """
    if not name:
        raise SchemaRefused("An empty name is refused: a table or a column has at least one character.")
    return '"' + _checked(name).replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a text in quotes: `it's` becomes `'it''s'`.

    Raises:
        SchemaRefused: the value is no text that SQL can carry.
    """
    return "'" + _checked(value).replace("'", "''") + "'"


def number(value: int) -> str:
    """Return a whole number; anything else that looks like one is our bug."""
    if type(value) is not int:
        raise TypeError(f"{value!r} is no int.")
    return str(value)


def table(database: str, name: str) -> str:
    """Return the name of a table with its database's."""
    return f"{identifier(database)}.{identifier(name)}"


def identifiers(names: Iterable[str]) -> str:
    """Return names in quotes, with commas between them."""
    return ", ".join(map(identifier, names))


def _checked(value: str) -> str:
    # A NUL ends the statement in some parsers, and a lone surrogate has no bytes in UTF-8.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise SchemaRefused(f"The text {value!r} is refused: SQL carries no NUL and no half of a surrogate pair.")
    return value

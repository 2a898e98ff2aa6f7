"""The kinds of statement: what each is called, and whether it runs here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sagemaker_local.records.query import StatementType


@dataclass(frozen=True, slots=True)
class StatementKind:
    """One line of the table below."""

    words: tuple[str, ...]
    """The statement's first words, by which it is known."""
    type: StatementType
    substatement: str | None
    is_supported: bool = False

    @property
    def name(self) -> str:
        """How people call it: CREATE EXTERNAL TABLE."""
        return " ".join(self.words)


_DDL, _DML, _UTILITY = StatementType.DDL, StatementType.DML, StatementType.UTILITY

# The longest entry that fits decides; a later issue turns on more of them.
KINDS: tuple[StatementKind, ...] = (
    StatementKind(("SELECT",), _DML, "SELECT", is_supported=True),
    StatementKind(("WITH",), _DML, "SELECT", is_supported=True),
    StatementKind(("VALUES",), _DML, "SELECT", is_supported=True),
    StatementKind(("TABLE",), _DML, "SELECT", is_supported=True),
    StatementKind(("(",), _DML, "SELECT", is_supported=True),
    StatementKind(("INSERT", "INTO"), _DML, "INSERT"),
    StatementKind(("UPDATE",), _DML, "UPDATE"),
    StatementKind(("DELETE",), _DML, "DELETE"),
    StatementKind(("MERGE",), _DML, "MERGE"),
    StatementKind(("UNLOAD",), _DML, "UNLOAD"),
    StatementKind(("OPTIMIZE",), _DML, "OPTIMIZE"),
    StatementKind(("VACUUM",), _DML, "VACUUM_TABLE"),
    StatementKind(("PREPARE",), _DDL, "PREPARE"),
    StatementKind(("EXECUTE",), _DML, "EXECUTE"),
    StatementKind(("DEALLOCATE",), _DDL, "DEALLOCATE"),
    StatementKind(("CREATE", "TABLE"), _DML, "CREATE_TABLE_AS_SELECT"),
    StatementKind(("CREATE", "EXTERNAL", "TABLE"), _DDL, "CREATE_TABLE"),
    StatementKind(("CREATE", "VIEW"), _DDL, "CREATE_VIEW"),
    StatementKind(("CREATE", "OR", "REPLACE", "VIEW"), _DDL, "CREATE_VIEW"),
    StatementKind(("CREATE", "DATABASE"), _DDL, "CREATE_DATABASE"),
    StatementKind(("CREATE", "SCHEMA"), _DDL, "CREATE_DATABASE"),
    StatementKind(("ALTER", "TABLE"), _DDL, "ALTER_TABLE"),
    StatementKind(("ALTER", "DATABASE"), _DDL, "ALTER_DATABASE"),
    StatementKind(("ALTER", "SCHEMA"), _DDL, "ALTER_DATABASE"),
    StatementKind(("ALTER", "VIEW"), _DDL, "ALTER_VIEW"),
    StatementKind(("DROP", "TABLE"), _DDL, "DROP_TABLE"),
    StatementKind(("DROP", "VIEW"), _DDL, "DROP_VIEW"),
    StatementKind(("DROP", "DATABASE"), _DDL, "DROP_DATABASE"),
    StatementKind(("DROP", "SCHEMA"), _DDL, "DROP_DATABASE"),
    StatementKind(("MSCK", "REPAIR", "TABLE"), _DDL, "MSCK_REPAIR_TABLE"),
    StatementKind(("SHOW", "CREATE", "TABLE"), _UTILITY, "SHOW_CREATE_TABLE"),
    StatementKind(("SHOW", "CREATE", "VIEW"), _UTILITY, "SHOW_CREATE_VIEW"),
    StatementKind(("SHOW", "COLUMNS"), _UTILITY, "SHOW_COLUMNS"),
    StatementKind(("SHOW", "DATABASES"), _UTILITY, "SHOW_DATABASES"),
    StatementKind(("SHOW", "SCHEMAS"), _UTILITY, "SHOW_DATABASES"),
    StatementKind(("SHOW", "PARTITIONS"), _UTILITY, "SHOW_PARTITIONS"),
    StatementKind(("SHOW", "TABLES"), _UTILITY, "SHOW_TABLES"),
    StatementKind(("SHOW", "TBLPROPERTIES"), _UTILITY, "SHOW_TBLPROPERTIES"),
    StatementKind(("SHOW", "VIEWS"), _UTILITY, "SHOW_VIEWS"),
    StatementKind(("DESCRIBE",), _UTILITY, "DESCRIBE_TABLE"),
    StatementKind(("DESC",), _UTILITY, "DESCRIBE_TABLE"),
    StatementKind(("EXPLAIN",), _UTILITY, "EXPLAIN"),
    StatementKind(("USING",), _DML, "USING_EXTERNAL_FUNCTION"),
)
_NOISE = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]+|\(")
_LONGEST = max(len(kind.words) for kind in KINDS)


def classify(sql: str) -> StatementKind | None:
    """The kind of a statement by its first words; None: it begins like no statement of Athena."""
    words = _first_words(sql)
    fitting = [kind for kind in KINDS if kind.words == words[: len(kind.words)]]
    return max(fitting, key=lambda kind: len(kind.words), default=None)


def _first_words(sql: str) -> tuple[str, ...]:
    words: list[str] = []
    position = 0
    while len(words) < _LONGEST:
        noise = _NOISE.match(sql, position)
        if noise is not None and noise.end() > position:
            position = noise.end()
            continue
        word = _WORD.match(sql, position)
        if word is None:
            break
        words.append(word[0].upper())
        position = word.end()
    return tuple(words)

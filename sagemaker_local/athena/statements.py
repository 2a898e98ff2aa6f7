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
    substatement: str
    is_supported: bool = False

    @property
    def name(self) -> str:
        """How people call it: CREATE EXTERNAL TABLE."""
        return " ".join(self.words)

    @property
    def is_query(self) -> bool:
        """It returns rows of data, in a CSV file."""
        return self.substatement == "SELECT"

    @property
    def is_write(self) -> bool:
        """It writes files of its own; its result is the list of them."""
        return self.substatement in {"UNLOAD", "INSERT", "CREATE_TABLE_AS_SELECT"}

    def output_path(self, query_id: str) -> str:
        """Where the result is, below the output location."""
        if self.substatement == "CREATE_TABLE_AS_SELECT":
            return f"tables/{query_id}"
        if self.is_write:
            return query_id
        return f"{query_id}.csv" if self.is_query else f"{query_id}.txt"


_DDL, _DML, _UTILITY = StatementType.DDL, StatementType.DML, StatementType.UTILITY

# The longest entry that fits decides.
KINDS: tuple[StatementKind, ...] = (
    StatementKind(("SELECT",), _DML, "SELECT", is_supported=True),
    StatementKind(("WITH",), _DML, "SELECT", is_supported=True),
    StatementKind(("VALUES",), _DML, "SELECT", is_supported=True),
    StatementKind(("TABLE",), _DML, "SELECT", is_supported=True),
    StatementKind(("(",), _DML, "SELECT", is_supported=True),
    StatementKind(("INSERT", "INTO"), _DML, "INSERT", is_supported=True),
    StatementKind(("UPDATE",), _DML, "UPDATE"),
    StatementKind(("DELETE",), _DML, "DELETE"),
    StatementKind(("MERGE",), _DML, "MERGE"),
    StatementKind(("UNLOAD",), _DML, "UNLOAD", is_supported=True),
    StatementKind(("OPTIMIZE",), _DML, "OPTIMIZE"),
    StatementKind(("VACUUM",), _DML, "VACUUM_TABLE"),
    StatementKind(("PREPARE",), _DDL, "PREPARE", is_supported=True),
    StatementKind(("EXECUTE",), _DML, "EXECUTE", is_supported=True),
    StatementKind(("DEALLOCATE",), _DDL, "DEALLOCATE", is_supported=True),
    StatementKind(("CREATE", "TABLE"), _DML, "CREATE_TABLE_AS_SELECT", is_supported=True),
    StatementKind(("CREATE", "EXTERNAL", "TABLE"), _DDL, "CREATE_TABLE", is_supported=True),
    StatementKind(("CREATE", "VIEW"), _DDL, "CREATE_VIEW", is_supported=True),
    StatementKind(("CREATE", "OR", "REPLACE", "VIEW"), _DDL, "CREATE_VIEW", is_supported=True),
    StatementKind(("CREATE", "DATABASE"), _DDL, "CREATE_DATABASE", is_supported=True),
    StatementKind(("CREATE", "SCHEMA"), _DDL, "CREATE_DATABASE", is_supported=True),
    StatementKind(("ALTER", "TABLE"), _DDL, "ALTER_TABLE", is_supported=True),
    StatementKind(("ALTER", "DATABASE"), _DDL, "ALTER_DATABASE"),
    StatementKind(("ALTER", "SCHEMA"), _DDL, "ALTER_DATABASE"),
    StatementKind(("ALTER", "VIEW"), _DDL, "ALTER_VIEW"),
    StatementKind(("DROP", "TABLE"), _DDL, "DROP_TABLE", is_supported=True),
    StatementKind(("DROP", "VIEW"), _DDL, "DROP_VIEW", is_supported=True),
    StatementKind(("DROP", "DATABASE"), _DDL, "DROP_DATABASE", is_supported=True),
    StatementKind(("DROP", "SCHEMA"), _DDL, "DROP_DATABASE", is_supported=True),
    StatementKind(("MSCK", "REPAIR", "TABLE"), _DDL, "MSCK_REPAIR_TABLE", is_supported=True),
    StatementKind(("SHOW", "CREATE", "TABLE"), _UTILITY, "SHOW_CREATE_TABLE", is_supported=True),
    StatementKind(("SHOW", "CREATE", "VIEW"), _UTILITY, "SHOW_CREATE_VIEW", is_supported=True),
    StatementKind(("SHOW", "COLUMNS"), _UTILITY, "SHOW_COLUMNS", is_supported=True),
    StatementKind(("SHOW", "DATABASES"), _UTILITY, "SHOW_DATABASES", is_supported=True),
    StatementKind(("SHOW", "SCHEMAS"), _UTILITY, "SHOW_DATABASES", is_supported=True),
    StatementKind(("SHOW", "PARTITIONS"), _UTILITY, "SHOW_PARTITIONS", is_supported=True),
    StatementKind(("SHOW", "TABLES"), _UTILITY, "SHOW_TABLES", is_supported=True),
    StatementKind(("SHOW", "TBLPROPERTIES"), _UTILITY, "SHOW_TBLPROPERTIES", is_supported=True),
    StatementKind(("SHOW", "VIEWS"), _UTILITY, "SHOW_VIEWS", is_supported=True),
    StatementKind(("DESCRIBE",), _UTILITY, "DESCRIBE_TABLE", is_supported=True),
    StatementKind(("DESC",), _UTILITY, "DESCRIBE_TABLE", is_supported=True),
    StatementKind(("EXPLAIN",), _UTILITY, "EXPLAIN", is_supported=True),
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

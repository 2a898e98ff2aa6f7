"""From the text of a SELECT to DuckDB's SQL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlglot import exp

from sagemaker_local.athena.calls import CALLS
from sagemaker_local.athena.casts import CASTS
from sagemaker_local.athena.compiler import Compiler, Grammar
from sagemaker_local.athena.expressions import EXPRESSIONS
from sagemaker_local.athena.operators import OPERATORS
from sagemaker_local.athena.relations import RELATIONS
from sagemaker_local.athena.scope import OutputField, Scope
from sagemaker_local.athena.selects import QUERIES
from sagemaker_local.athena.tables import Tables, TableUse

GRAMMAR = Grammar(
    expressions={**EXPRESSIONS, **OPERATORS, **CASTS, **CALLS},
    queries=QUERIES,
    relations=RELATIONS,
)


@dataclass(frozen=True, slots=True)
class Translation:
    """A query for DuckDB, the tables that it reads, and the names and types of its columns."""

    sql: str
    uses: list[TableUse]
    columns: list[OutputField]
    given_names: list[str | None] = field(default_factory=list)
    """The columns' names as the query gives them, without those that results make up."""

    def with_sql(self, sql: str) -> Translation:
        """The same columns by another query over this one's."""
        return replace(self, sql=sql)


def translate(sql: str, tree: exp.Expression, tables: Tables, started: datetime) -> Translation:
    """Resolve and check a parsed SELECT and write it in DuckDB's SQL.

    Raises:
        QueryError: what Athena would refuse, with its code and the place; what is not supported here, by name.
    """
    compiler = Compiler(sql, tables, started, GRAMMAR)
    query = compiler.query(tree, Scope())
    columns = [OutputField(item.name or f"_col{number}", item.type) for number, item in enumerate(query.fields)]
    return Translation(query.sql, compiler.uses, columns, [item.name for item in query.fields])

"""What stands in FROM: tables, subqueries, values, UNNEST, and their joins."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sagemaker_local.athena.compiler import CompiledQuery, CompiledRelation, Compiler, RelationHandler, quote, text
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.hive_paths import NULL_PARTITION
from sagemaker_local.athena.pruning import keep_all_partitions
from sagemaker_local.athena.scope import Field, OutputField, Scope, Source
from sagemaker_local.athena.selects import boolean, renamed
from sagemaker_local.athena.tables import CATALOG
from sagemaker_local.athena.types import BIGINT, SqlType
from sagemaker_local.athena.views import View

_KINDS = {"", "INNER", "CROSS", "OUTER"}
_PARTITIONS = "$partitions"
_SIDES = {"", "LEFT", "RIGHT", "FULL"}


def _table(compiler: Compiler, node: exp.Expression, scope: Scope) -> CompiledRelation:
    compiler.refuse_others(node, frozenset({"this", "db", "catalog", "alias"}))
    if not isinstance(node.this, exp.Identifier):
        raise compiler.unsupported(node, f"The table function `{node.sql(dialect='trino')}`")
    alias = node.args.get("alias")
    common = scope.common_table(node.name.lower()) if not node.args.get("db") else None
    if common is not None:
        fields = renamed(compiler, alias, common.fields)
        return _positional(compiler, common.sql_name, (node.alias_or_name,), fields)
    catalog, database, name = _full_name(compiler, node)
    if name.endswith(_PARTITIONS):
        return _partitions(compiler, node, (catalog, database, name))
    view = compiler.tables.view(database, name)
    if view is not None:
        return _view(compiler, node, view, (catalog, database, name))
    table = compiler.tables.get(database, name, compiler.where(node))
    source_name = compiler.new_name("s")
    use = compiler.use(table, source_name)
    outputs = [OutputField(name, kind) for name, kind in {**table.columns, **table.partition_keys}.items()]
    columns = [
        Field(shown.name, output.type, f"{source_name}.{quote(str(output.name))}", use if shown == output else None)
        for shown, output in zip(renamed(compiler, alias, outputs), outputs, strict=True)
    ]
    if alias is not None and alias.args.get("columns"):
        use.needed.update(str(output.name) for output in outputs)
    qualifier = (node.alias.lower(),) if node.alias else (catalog, database, name)
    return CompiledRelation(f"{use.scan_name} AS {source_name}", [Source(qualifier, columns)])


def _full_name(compiler: Compiler, node: exp.Expression) -> tuple[str, str, str]:
    catalog = (node.args["catalog"].name if node.args.get("catalog") else CATALOG).lower()
    if catalog != CATALOG:
        raise compiler.error("CATALOG_NOT_FOUND", node, f"Catalog '{catalog}' does not exist; there is AwsDataCatalog.")
    if node.text("db").lower() == "information_schema":
        raise compiler.unsupported(node, "information_schema")
    if "$" in node.name and not node.name.lower().endswith(_PARTITIONS):
        raise compiler.unsupported(node, f"The metadata table '{node.name}'")
    database = node.args["db"].name if node.args.get("db") else compiler.tables.default_database
    return catalog, database.lower(), node.name.lower()


def _view(compiler: Compiler, node: exp.Expression, view: View, full_name: tuple[str, ...]) -> CompiledRelation:
    with compiler.inside_view(".".join(full_name), view, node) as tree:
        query = compiler.query(tree, Scope())
        if [str(field.name).lower() for field in query.fields] != list(view.columns):
            raise QueryError("VIEW_IS_STALE", "its query has other columns than when it was made; create it again")
    fields = renamed(compiler, node.args.get("alias"), query.fields)
    return _positional(compiler, f"({query.sql})", (node.alias,) if node.alias else full_name, fields)


def _partitions(compiler: Compiler, node: exp.Expression, full_name: tuple[str, ...]) -> CompiledRelation:
    """`"t$partitions"`: the values of the registered partitions."""
    _, database, name = full_name
    table = compiler.tables.get(database, name.removesuffix(_PARTITIONS), compiler.where(node))
    kinds = table.partition_keys
    if not kinds:
        raise compiler.error("TABLE_NOT_FOUND", node, f"Table '{'.'.join(full_name)}' does not exist")
    typed = ", ".join(f"CAST(c{i} AS {kind.duckdb}) AS c{i}" for i, kind in enumerate(kinds.values()))
    rows = [
        f"({', '.join('NULL' if value == NULL_PARTITION else text(value) for value in values)})"
        for values in compiler.tables.partition_values(table)
    ]
    values = ", ".join(rows) or f"({', '.join(['NULL'] * len(kinds))})"
    names = ", ".join(f"c{i}" for i in range(len(kinds)))
    sql = f"(SELECT {typed} FROM (VALUES {values}) AS v({names}){'' if rows else ' WHERE false'})"  # noqa: S608 - quoted
    fields = renamed(compiler, node.args.get("alias"), [OutputField(key, kind) for key, kind in kinds.items()])
    return _positional(compiler, sql, (node.alias,) if node.alias else full_name, fields)


def _positional(
    compiler: Compiler, sql: str, qualifier: Sequence[str], fields: Sequence[OutputField]
) -> CompiledRelation:
    source_name = compiler.new_name("s")
    columns = [Field(field.name, field.type, f"{source_name}.c{number}") for number, field in enumerate(fields)]
    return CompiledRelation(f"{sql} AS {source_name}", [Source(tuple(part.lower() for part in qualifier), columns)])


def _subquery(compiler: Compiler, node: exp.Expression, scope: Scope) -> CompiledRelation:
    alias = node.args.get("alias")
    if alias is None and isinstance(node.this, exp.Table | exp.Join):
        raise compiler.unsupported(node, "A join in parentheses")
    # A subquery sees WITH queries and the scopes around the SELECT, not the FROM items beside it.
    query = compiler.query(_without_alias(node), Scope(parent=scope.parent))
    return _query_source(compiler, query, alias)


def _values(compiler: Compiler, node: exp.Expression, scope: Scope) -> CompiledRelation:
    return _query_source(compiler, compiler.query(node, Scope(parent=scope.parent)), node.args.get("alias"))


def _lateral(compiler: Compiler, node: exp.Expression, scope: Scope) -> CompiledRelation:
    compiler.refuse_others(node, frozenset({"this", "alias"}))
    query = compiler.query(node.this, scope)
    relation = _query_source(compiler, query, node.args.get("alias"))
    return CompiledRelation(f"LATERAL {relation.sql}", relation.sources)


def _query_source(compiler: Compiler, query: CompiledQuery, alias: exp.Expression | None) -> CompiledRelation:
    fields = renamed(compiler, alias, query.fields)
    return _positional(compiler, f"({query.sql})", _alias(alias), fields)


def _alias(alias: exp.Expression | None) -> tuple[str, ...]:
    return (alias.name,) if alias is not None and alias.name else ()


def _without_alias(node: exp.Expression) -> exp.Expression:
    bare = node.copy()
    bare.set("alias", None)
    return bare


def _unnest(compiler: Compiler, node: exp.Expression, scope: Scope) -> CompiledRelation:
    compiler.refuse_others(node, frozenset({"expressions", "alias", "offset"}))
    items: list[tuple[str, SqlType]] = []
    lengths: list[str] = []
    for argument in node.expressions:
        value = compiler.expression(argument, scope)
        if value.type.name == "array":
            items += _array_columns(value.sql, value.type.elements[0])
        elif value.type.name == "map":
            items += [
                (f"map_keys({value.sql})", value.type.elements[0]),
                (f"map_values({value.sql})", value.type.elements[1]),
            ]
        else:
            raise compiler.error("TYPE_MISMATCH", argument, f"Cannot unnest type: {value.type}")
        lengths.append(f"coalesce(len({items[-1][0]}), 0)")
    alias, ordinality = node.args.get("alias"), node.args.get("offset")
    if ordinality:
        items.append((f"range(1, greatest({', '.join(lengths)}) + 1)", BIGINT))
    columns = ", ".join(f"unnest({sql}) AS c{number}" for number, (sql, _) in enumerate(items))
    if alias is not None and isinstance(ordinality, exp.Identifier):
        # sqlglot takes the last name of `AS t (x, n)` out of the list; it is the ordinality's.
        alias = alias.copy()
        alias.append("columns", ordinality.copy())
    fields = renamed(compiler, alias, [OutputField(None, kind) for _, kind in items])
    return _positional(compiler, f"LATERAL (SELECT {columns})", _alias(alias), fields)


def _array_columns(sql: str, element: SqlType) -> list[tuple[str, SqlType]]:
    if element.name != "row":
        return [(sql, element)]
    # An array of rows becomes one column for each field of the row.
    return [
        (f"list_transform({sql}, lambda r: struct_extract_at(r, {position}))", kind)
        for position, kind in enumerate(element.elements, 1)
    ]


def _join(compiler: Compiler, node: exp.Expression, scope: Scope) -> CompiledRelation:
    compiler.refuse_others(node, frozenset({"this", "side", "kind", "on", "using"}))
    side, kind = node.text("side").upper(), node.text("kind").upper()
    if side not in _SIDES or kind not in _KINDS:
        raise compiler.unsupported(node, f"{side} {kind} JOIN".strip())
    right = compiler.relation(node.this, scope)
    if side in {"LEFT", "FULL"}:
        keep_all_partitions(right.sources)
    if side in {"RIGHT", "FULL"}:
        keep_all_partitions(scope.sources)
    both = [*scope.sources, *right.sources]
    if node.args.get("using"):
        return _join_using(compiler, node, scope, right)
    condition = node.args.get("on")
    if condition is None:
        if side or kind == "INNER":
            raise compiler.error("SYNTAX_ERROR", node, f"{side or kind} JOIN needs ON or USING.")
        return CompiledRelation(f"CROSS JOIN {right.sql}", both)
    inner = Scope(sources=both, parent=scope.parent)
    sql = boolean(compiler, condition, inner, "JOIN ON clause")
    return CompiledRelation(f"{side or 'INNER'} JOIN {right.sql} ON {sql}", both)


def _join_using(compiler: Compiler, node: exp.Expression, scope: Scope, right: CompiledRelation) -> CompiledRelation:
    left_scope, right_scope = Scope(sources=scope.sources), Scope(sources=right.sources)
    merged: list[Field] = []
    conditions: list[str] = []
    for identifier in node.args["using"]:
        pair = [side.resolve([identifier.name]) for side in (left_scope, right_scope)]
        if pair[0] is None or pair[1] is None:
            raise compiler.error(
                "COLUMN_NOT_FOUND", identifier, f"Column '{identifier.name}' is missing from one side of join"
            )
        first, second = pair[0][0], pair[1][0]
        conditions.append(f"{first.sql} = {second.sql}")
        merged.append(Field(identifier.name, first.type, f"coalesce({first.sql}, {second.sql})"))
    keys = {field.key for field in merged}
    rest = [
        Source(source.qualifier, [field for field in source.fields if field.key not in keys])
        for source in (*scope.sources, *right.sources)
    ]
    sql = f"{node.text('side').upper() or 'INNER'} JOIN {right.sql} ON {' AND '.join(conditions)}"
    return CompiledRelation(sql, [Source((), merged), *rest])


RELATIONS: dict[type[exp.Expression], RelationHandler] = {
    exp.Table: _table,
    exp.Subquery: _subquery,
    exp.Values: _values,
    exp.Lateral: _lateral,
    exp.Unnest: _unnest,
    exp.Join: _join,
}

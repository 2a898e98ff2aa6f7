"""ExecutionParameters: constants for the question marks of a statement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.syntax import parse


def bind(tree: exp.Expression, parameters: Sequence[str]) -> exp.Expression:
    """Put the parameters in the places of the question marks, in the order of the text.

    Raises:
        QueryError: their numbers differ, or a parameter is not a constant of SQL.
    """
    places = sorted(tree.find_all(exp.Placeholder), key=_offset)
    if len(places) != len(parameters):
        raise QueryError(
            "INVALID_PARAMETER_USAGE",
            f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}",
        )
    for place, text in zip(places, parameters, strict=True):
        place.replace(_constant(text))
    return tree


def _constant(text: str) -> exp.Expression:
    try:
        tree = parse(f"SELECT {text}")
        value = tree.expressions[0] if len(tree.expressions) == 1 else None
    except QueryError:
        value = None
    if value is None or not _is_constant(value):
        raise QueryError(
            "INVALID_PARAMETER_USAGE",
            f"The execution parameter {text!r} is not a constant; write texts in single quotes, as in \"'abc'\".",
        )
    return exp.Paren(this=value.copy()) if isinstance(value, exp.Neg) else value.copy()


def _is_constant(value: exp.Expression) -> bool:
    if isinstance(value, exp.Neg | exp.Cast | exp.Paren):
        return _is_constant(value.this)
    return isinstance(value, exp.Literal | exp.Boolean | exp.Null)


def _offset(place: exp.Expression) -> int:
    return int(place.meta.get("start", 0))

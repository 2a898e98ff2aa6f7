"""Each expression of the table gives the value that Trino's documentation says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from sagemaker_local.athena.result_text import column_texts
from sagemaker_local.athena.session import Session
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.tables import Tables
from sagemaker_local.athena.translation import translate
from sagemaker_local.store.catalog import CatalogStore
from tests.unit.sagemaker_local.athena.trino_expressions import ALL

_MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session(500_000_000, 1)
    yield made
    made.close()


@pytest.mark.parametrize(("expression", "text"), ALL)
def test_expression_has_trinos_value(session: Session, expression: str, text: str | None) -> None:
    sql = expression if expression.startswith("SELECT") else f"SELECT {expression}"
    translation = translate(sql, parse(sql), Tables(cast("CatalogStore", None), None), _MOMENT)
    kind = translation.columns[0].type

    values = [
        value
        for batch in session.batches(translation.sql)
        for value in column_texts(batch.column(0).cast(kind.arrow), kind).to_pylist()
    ]

    assert values == [text]


def test_table_has_many_expressions_and_each_once() -> None:
    assert len(ALL) >= 150
    assert len({expression for expression, _ in ALL}) == len(ALL)

"""What SQL may reach of the machine, below all translation."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sagemaker_local.athena.failures import QueryCancelled, QueryError
from sagemaker_local.athena.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session(100_000_000, 1)
    yield made
    made.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_parquet('http://127.0.0.1/x.parquet')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SELECT * FROM secret_list",
    ],
)
def test_session_reaches_no_file_network_extension_or_setting(session: Session, sql: str) -> None:
    secret_list = [1]  # a variable of the caller: DuckDB would find it by name if it were allowed to look

    with pytest.raises(QueryError, match=r"disabled|does not exist|locked"):
        list(session.batches(sql))
    assert secret_list


def test_session_beyond_its_memory_fails_with_athenas_words(session: Session) -> None:
    with pytest.raises(QueryError, match="EXCEEDED_LOCAL_MEMORY_LIMIT: Query exhausted resources at this scale factor"):
        list(session.batches("SELECT count(DISTINCT i || 'x') FROM range(10000000) t(i)"))


def test_session_interrupted_from_another_thread_ends_the_query(session: Session) -> None:
    timer = threading.Timer(0.2, session.interrupt)
    timer.start()

    with pytest.raises(QueryCancelled):
        list(session.batches("SELECT count(*) FROM range(10000000) a, range(1000000) b"))
    timer.join()


def test_failure_after_the_first_rows_is_told_like_one_before(session: Session) -> None:
    rows = session.batches(
        "SELECT CASE WHEN i < 900000 THEN i ELSE CAST('x' || i AS INTEGER) END FROM range(1000000) t(i)"
    )

    with pytest.raises(QueryError, match="INVALID_CAST_ARGUMENT: Cannot cast 'x9"):
        list(rows)


def test_interrupt_after_the_first_rows_ends_the_query(session: Session) -> None:
    rows = session.batches("SELECT i FROM range(100000000) t(i)")
    next(rows)

    session.interrupt()

    with pytest.raises(QueryCancelled):
        list(rows)

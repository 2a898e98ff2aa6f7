from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sagemaker_local.errors import EndpointError, StateNotSaved
from sagemaker_local.store.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, size INTEGER NOT NULL)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "state" / "things.sqlite3", [SCHEMA])
    yield opened
    opened.close()


def add(database: Database, name: str, size: int = 0) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO things VALUES (?, ?)", (name, size))


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("SELECT name FROM things ORDER BY name")]


def test_transaction_that_raises_changes_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO things VALUES ('a', 1)")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()

    assert names(database) == []


def test_transaction_after_one_that_raised_works(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"), database.transaction() as connection:
        connection.execute("INSERT INTO things VALUES ('a', NULL)")

    add(database, "b")

    assert names(database) == ["b"]


def test_transaction_inside_another_is_rolled_back_with_it(database: Database) -> None:
    def fail() -> None:
        with database.transaction():
            add(database, "inner")
            raise RuntimeError("outer")

    with pytest.raises(RuntimeError, match="outer"):
        fail()

    assert names(database) == []


def test_transaction_reads_its_own_writes(database: Database) -> None:
    with database.transaction():
        add(database, "a")
        inside = names(database)

    assert inside == ["a"]


def test_reader_on_another_thread_sees_nothing_before_the_commit(database: Database) -> None:
    with ThreadPoolExecutor(1) as other:
        with database.transaction():
            add(database, "a")
            before = other.submit(names, database).result(timeout=5)
        after = other.submit(names, database).result(timeout=5)

    assert (before, after) == ([], ["a"])


def test_writers_on_many_threads_lose_no_update(database: Database) -> None:
    add(database, "counter")

    def count() -> None:
        for _ in range(25):
            with database.transaction() as connection:
                row = database.row("SELECT size FROM things")
                assert row is not None
                connection.execute("UPDATE things SET size = ?", (row["size"] + 1,))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row["size"] for row in database.rows("SELECT size FROM things")] == [200]


def test_connections_do_not_add_up_with_threads_that_come_and_go(database: Database) -> None:
    """Every job has a thread of its own; a connection for each would use up the process's files."""

    def work(number: int) -> None:
        add(database, str(number))
        names(database)

    for number in range(50):
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        thread.join()

    assert len(names(database)) == 50
    assert len(database._idle) == 1


def test_database_opened_again_has_what_was_committed(tmp_path: Path) -> None:
    first = Database(tmp_path / "things.sqlite3", [SCHEMA])
    add(first, "kept")
    first.close()

    second = Database(tmp_path / "things.sqlite3", [SCHEMA])

    assert names(second) == ["kept"]
    second.close()


def test_database_that_was_never_closed_has_what_was_committed(tmp_path: Path) -> None:
    """As after `kill -9`: the write-ahead log still lies beside the file."""
    killed = Database(tmp_path / "things.sqlite3", [SCHEMA])
    add(killed, "kept")

    second = Database(tmp_path / "things.sqlite3", [SCHEMA])

    assert names(second) == ["kept"]
    second.close()
    killed.close()


def test_close_folds_the_log_into_one_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "things.sqlite3", [SCHEMA])
    add(database, "a")
    names(database)

    database.close()

    assert [path.name for path in tmp_path.iterdir()] == ["things.sqlite3"]


def test_closed_database_says_so(tmp_path: Path) -> None:
    database = Database(tmp_path / "things.sqlite3", [SCHEMA])
    database.close()

    with pytest.raises(EndpointError, match="is closed: the endpoint is stopping"):
        names(database)
    with pytest.raises(EndpointError, match="is closed: the endpoint is stopping"):
        add(database, "late")


def test_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(EndpointError, match=r"has version '99', this endpoint reads version '2'.*reset"):
        Database(path, [SCHEMA])


def test_full_disk_refuses_the_change_and_keeps_what_was_there(database: Database) -> None:
    add(database, "before")
    with database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1")  # no page beyond those that are there

    with pytest.raises(StateNotSaved, match=r"disk is full\. Free some space"):
        add(database, "x" * 100_000)

    assert names(database) == ["before"]
    with database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    add(database, "y" * 100_000)

"""Why a DDL statement fails, in the words of Hive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.errors import AlreadyExistsException, EntityNotFoundException, ServiceError

_TASK = "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."


def failed(text: str) -> QueryError:
    """`FAILED: <text>`."""
    return QueryError("FAILED", text)


def semantic(text: str) -> QueryError:
    """`FAILED: SemanticException <text>`."""
    return failed(f"SemanticException {text}")


def table_not_found(database: str, name: str) -> QueryError:
    """Hive's error 10001."""
    return semantic(f"[Error 10001]: Table not found {database}.{name}")


def database_not_found(name: str) -> QueryError:
    """Hive's error 10072."""
    return semantic(f"[Error 10072]: Database does not exist: {name}")


def task_failed(kind: str, message: str) -> QueryError:
    """`FAILED: Execution Error ... <kind>(message:<message>)`."""
    return failed(f"{_TASK} {kind}(message:{message})")


@contextmanager
def catalog_failures() -> Iterator[None]:
    """Put the catalog's refusals in Hive's words."""
    try:
        yield
    except AlreadyExistsException as error:
        raise task_failed("AlreadyExistsException", error.message) from error
    except EntityNotFoundException as error:
        raise task_failed("NoSuchObjectException", error.message) from error
    except ServiceError as error:
        raise task_failed("InvalidObjectException", error.message) from error

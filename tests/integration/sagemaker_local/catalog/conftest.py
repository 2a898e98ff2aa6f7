"""A Glue client on an empty catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sagemaker_local.api.dispatch import Api
from sagemaker_local.api.glue import glue_operations
from sagemaker_local.records.names import Place
from sagemaker_local.store import catalog
from sagemaker_local.store.catalog import CatalogStore
from sagemaker_local.store.database import Database
from tests.fakes.api_client import ApiClient


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[ApiClient]:
    """An empty catalog behind the API."""
    database = Database(tmp_path / "state.sqlite3", [catalog.SCHEMA])
    operations = glue_operations(CatalogStore(database), Place("us-west-2", "000000000000"))
    yield ApiClient(Api({"glue": operations}), "glue")
    database.close()

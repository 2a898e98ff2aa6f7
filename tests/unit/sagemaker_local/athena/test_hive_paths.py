"""Partitions as folders."""

from __future__ import annotations

import pytest

from sagemaker_local.athena.hive_paths import partition_name, partition_values


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (["2026-01-31", "a"], "dt=2026-01-31/kind=a"),
        (["x y", "a/b:c=d%"], "dt=x y/kind=a%2Fb%3Ac%3Dd%25"),
        (["ü", ""], "dt=ü/kind="),
    ],
)
def test_partition_is_named_as_hive_does_and_read_again(values: list[str], name: str) -> None:
    assert partition_name(["dt", "kind"], values) == name
    assert partition_values(["dt", "kind"], f"{name}/file") == tuple(values)


@pytest.mark.parametrize("path", ["file", "dt=1/file", "kind=a/dt=1/file", "DT=1/kind=a/file"])
def test_folders_of_other_names_are_no_partition(path: str) -> None:
    assert partition_values(["dt", "kind"], path) is None

"""A MiniStack that the patches do not fit is refused at the start."""

from __future__ import annotations

from importlib import metadata
from types import ModuleType

import pytest

from sagemaker_local.errors import EndpointError
from sagemaker_local.ministack import boot


def _module() -> ModuleType:
    module = ModuleType("ministack.example")

    def read(bucket: str, key: str, extra: int = 0) -> None: ...

    module.read = read  # type: ignore[attr-defined] # a module made for this test
    return module


def test_function_with_the_expected_parameters_is_accepted() -> None:
    boot.check_signature(_module(), "read", ("bucket", "key"))


def test_missing_function_is_named() -> None:
    with pytest.raises(EndpointError, match=r"'ministack.example.write' is missing.*make setup"):
        boot.check_signature(_module(), "write", ("bucket",))


def test_function_with_other_parameters_is_named() -> None:
    with pytest.raises(EndpointError, match=r"'ministack.example.read' takes \('bucket',\)"):
        boot.check_signature(_module(), "read", ("key",))


def test_other_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: "1.6.0")

    with pytest.raises(EndpointError, match=r"version '1.6.0', but this endpoint is made for 1.5.33"):
        boot._check_version()


def test_absent_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)

    with pytest.raises(EndpointError, match=r"'ministack' is not installed. Run `make setup`"):
        boot._check_version()

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import xgboost

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform.model_server import ModelServer


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    """What a test imports as a model's script is forgotten after it."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(("my_", "beside")):
            del sys.modules[name]


def server(model: Any = 2, **functions: Any) -> ModelServer:
    module = ModuleType("script")
    vars(module).update(functions)
    return ModelServer(module, model)


def echo(**functions: Any) -> ModelServer:
    """A server whose functions hand everything through, but for those given."""
    defaults = {
        "input_fn": lambda body, content_type: (body, content_type),
        "predict_fn": lambda data, model: (*data, model),
        "output_fn": lambda prediction, accept: repr((*prediction, accept)),
    }
    return server(**defaults | functions)


def test_functions_are_called_in_turn_with_the_containers_arguments() -> None:
    answer = echo().answer(b"body", "application/x-parquet", "text/csv")

    assert answer == b"(b'body', 'application/x-parquet', 2, 'text/csv')"


@pytest.mark.parametrize("content_type", ["text/csv", "application/json"])
def test_csv_and_json_reach_input_fn_as_text(content_type: str) -> None:
    answer = echo().answer("ü".encode(), content_type, "x")

    assert answer.decode().startswith("('ü',")


@pytest.mark.parametrize("content_type", ["application/jsonlines", "text/csv; charset=utf-8", "text/libsvm"])
def test_everything_else_reaches_input_fn_as_bytes(content_type: str) -> None:
    answer = echo().answer(b"x", content_type, "x")

    assert answer.startswith(b"(b'x',")


class Response:
    """As Flask's, which a script for the container may return."""

    def get_data(self) -> bytes:
        return b"data"


@pytest.mark.parametrize(
    "result",
    ["data", b"data", bytearray(b"data"), memoryview(b"data"), ("data", "text/csv"), (b"data", "x"), Response()],
)
def test_output_fn_may_return_text_bytes_a_pair_or_a_response(result: Any) -> None:
    answer = echo(output_fn=lambda *_: result).answer(b"", "x", "x")

    assert answer == b"data"


def test_output_fn_that_returns_something_else_is_told_what_to_return() -> None:
    with pytest.raises(TypeError, match="output_fn returned list; return bytes or text"):
        echo(output_fn=lambda *_: [1]).answer(b"", "x", "x")


def test_transform_fn_takes_the_place_of_the_three() -> None:
    def transform_fn(model: Any, body: Any, content_type: str, accept: str) -> tuple[str, str]:
        return repr((model, body, content_type, accept)), accept

    answer = server(transform_fn=transform_fn).answer(b"x", "text/libsvm", "text/csv")

    assert answer == b"(2, b'x', 'text/libsvm', 'text/csv')"


def test_transform_fn_beside_another_function_is_refused() -> None:
    with pytest.raises(JobFailed, match="defines transform_fn and predict_fn; define one or the other"):
        server(transform_fn=print, predict_fn=print)


def test_defaults_predict_csv_with_a_booster() -> None:
    matrix = xgboost.DMatrix(np.array([[0.0, 5.0], [1.0, 5.0]] * 20), label=np.array([0, 1] * 20))
    booster = xgboost.train({"max_depth": 1, "eta": 1, "nthread": 1, "lambda": 0}, matrix, 1)

    answer = server(booster).answer(b"0,5\n1,5", "text/csv", "text/csv")

    assert answer == b"0.0\n1.0\n"


def test_script_is_imported_from_its_folder_with_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("FACTOR = 3\n")
    (tmp_path / "my_script.py").write_text("import beside\ndef model_fn(folder): return folder, beside.FACTOR\n")

    loaded = ModelServer.load("my_script.py", tmp_path, tmp_path / "model")

    assert loaded._model == (str(tmp_path / "model"), 3)


def test_script_in_a_subfolder_is_imported_as_a_module_of_it(tmp_path: Path) -> None:
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "serve.py").write_text("def model_fn(folder): return 5\n")

    loaded = ModelServer.load("my_package/serve.py", tmp_path, tmp_path)

    assert loaded._model == 5


def test_script_that_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    (tmp_path / "other.py").touch()

    with pytest.raises(JobFailed, match=r"SAGEMAKER_PROGRAM is 'my_script.py', which is not in .* \(there: other.py\)"):
        ModelServer.load("my_script.py", tmp_path, tmp_path)


def test_script_without_model_fn_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my_empty.py").touch()

    with pytest.raises(JobFailed, match=r"my_empty.py defines no model_fn"):
        ModelServer.load("my_empty.py", tmp_path, tmp_path)

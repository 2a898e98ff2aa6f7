"""The XGBoost container's script mode: a user's module behind model_fn, input_fn, predict_fn and output_fn."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sagemaker_local.errors import JobFailed

# sagemaker-containers hands exactly these to input_fn as text, everything else as bytes.
_TEXT_TYPES = frozenset({"application/json", "text/csv"})


class ModelServer:
    """One loaded model and the four functions around it."""

    def __init__(self, module: ModuleType, model: Any) -> None:
        self._module = module
        self._model = model
        self._answer = self._transform_function()

    @classmethod
    def load(cls, program: str, code_folder: Path, model_folder: Path) -> ModelServer:
        """Import the script and load the model with its model_fn.

        Raises:
            JobFailed: the script is not there or has no model_fn.
        """
        name = program.removesuffix(".py").replace("/", ".")
        path = code_folder / program
        if not path.exists():
            present = ", ".join(sorted(entry.name for entry in code_folder.iterdir())) if code_folder.is_dir() else ""
            raise JobFailed(
                f"AlgorithmError: SAGEMAKER_PROGRAM is {program!r}, which is not in {code_folder} "
                f"(there: {present or 'nothing'}). Pack it into model.tar.gz as code/{program}."
            )
        sys.path.insert(0, str(code_folder))
        module = importlib.import_module(name)
        if not hasattr(module, "model_fn"):
            raise JobFailed(f"AlgorithmError: {program} defines no model_fn; define model_fn(model_dir).")
        return cls(module, module.model_fn(str(model_folder)))

    def answer(self, body: bytes, content_type: str, accept: str) -> bytes:
        """Serve one request.

        Raises:
            UnsupportedFormat: the container's default functions do not know a format.
            Exception: whatever the script raises.
        """
        request = body.decode(errors="replace") if content_type in _TEXT_TYPES else body
        result = self._answer(request, content_type, accept)
        return _body_of(result[0] if isinstance(result, tuple) else result)

    def _transform_function(self) -> Callable[[bytes | str, str, str], Any]:
        module = self._module
        own = [name for name in ("input_fn", "predict_fn", "output_fn") if hasattr(module, name)]
        if hasattr(module, "transform_fn"):
            if own:
                raise JobFailed(
                    f"AlgorithmError: the script defines transform_fn and {own[0]}; define one or the other."
                )
            return lambda body, content_type, accept: module.transform_fn(self._model, body, content_type, accept)
        read, predict, write = _functions(module)
        return lambda body, content_type, accept: write(predict(read(body, content_type), self._model), accept)


def _functions(module: ModuleType) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    read, write = getattr(module, "input_fn", None), getattr(module, "output_fn", None)
    if read is None or write is None:
        # Imported only when needed: it brings xgboost, which takes most of a second.
        from sagemaker_local.runners.transform import encodings

        read, write = read or encodings.decode, write or encodings.encode
    return read, getattr(module, "predict_fn", _predict), write


def _predict(data: Any, model: Any) -> Any:
    return model.predict(data, validate_features=False)


def _body_of(result: Any) -> bytes:
    """The bytes of what output_fn gave back: text, bytes or a Flask response."""
    if isinstance(result, str):
        return result.encode()
    if isinstance(result, (bytes, bytearray, memoryview)):
        return bytes(result)
    if hasattr(result, "get_data"):
        return bytes(result.get_data())
    raise TypeError(
        f"output_fn returned {type(result).__name__}; return bytes or text, or a tuple of that and its content type."
    )

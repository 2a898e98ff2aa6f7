"""How the XGBoost container reads requests and writes predictions when a script does not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost

from sagemaker_local.runners.transform.refusals import UnsupportedFormat


def decode(body: bytes | str, content_type: str) -> xgboost.DMatrix:
    """Make a DMatrix of a request, as the container's default input_fn does.

    Raises:
        UnsupportedFormat: neither CSV nor LIBSVM.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    decoders: dict[str, Callable[[str], np.ndarray[Any, Any]]] = {
        "text/csv": _csv_matrix,
        "text/libsvm": _libsvm_matrix,
        "text/x-libsvm": _libsvm_matrix,
    }
    if media_type not in decoders:
        raise UnsupportedFormat(
            f"ContentType {content_type!r} is not read by the container's default input_fn; "
            f"it reads {', '.join(decoders)}. Define input_fn in the script for anything else."
        )
    text = body.decode() if isinstance(body, bytes) else body
    return xgboost.DMatrix(decoders[media_type](text))


def _csv_matrix(text: str) -> np.ndarray[Any, Any]:
    lines = text.split("\n")
    sniffed = csv.Sniffer().sniff(lines[0][:512]).delimiter
    delimiter = "," if sniffed.isalnum() else sniffed
    rows = [["nan" if cell == "" else cell for cell in line.split(delimiter)] for line in lines]
    return np.array(rows).astype(np.float64)


def _libsvm_matrix(text: str) -> np.ndarray[Any, Any]:
    """Read `label 1:0.5 3:1` lines; indexes count from 1 unless a 0 is used."""
    rows = [
        {int(index): float(value) for index, colon, value in (token.partition(":") for token in line.split()) if colon}
        for line in text.strip().split("\n")
    ]
    if not any(rows):
        return np.empty((0, 0))
    used = {index for row in rows for index in row}
    first = 1 if min(used) >= 1 else 0
    matrix = np.zeros((len(rows), max(used) - first + 1))
    for position, row in enumerate(rows):
        for index, value in row.items():
            matrix[position, index - first] = value
    return matrix


def encode(prediction: Any, accept: str) -> bytes:
    """Write a prediction, as the container's default output_fn does.

    Raises:
        UnsupportedFormat: neither CSV nor JSON nor NPY.
    """
    encoders: dict[str, Callable[[Any], bytes]] = {
        "text/csv": _csv_text,
        "application/json": _json_text,
        "application/x-npy": _npy_bytes,
    }
    if accept not in encoders:
        raise UnsupportedFormat(
            f"Accept {accept!r} is not written by the container's default output_fn; "
            f"it writes {', '.join(encoders)}. Define output_fn in the script for anything else."
        )
    return encoders[accept](prediction)


def _csv_text(prediction: Any) -> bytes:
    array = np.array(prediction)
    rows = array.reshape(-1, 1) if array.ndim == 1 else array
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", strict=True).writerows(rows)
    return buffer.getvalue().encode()


def _json_text(prediction: Any) -> bytes:
    return json.dumps(prediction, default=lambda value: value.tolist()).encode()


def _npy_bytes(prediction: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, prediction)
    return buffer.getvalue()

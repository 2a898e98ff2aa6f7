"""Scores one row again with its model's own archive, proves that the score is the published one, and explains it.

Its bundle: explain_prediction.py alone. The code that reads the row and scores it is the archive's (`code/inference.py`
and what that imports), called as the serving container calls it: that code gave the published score, and this
checkout's may read rows in another way by now.
"""

import argparse
import importlib
import json
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import xgboost as xgb

PARQUET, CSV, JSON_LINES = "application/x-parquet", "text/csv", "application/jsonlines"
SUM_TOLERANCE = 1e-4
"""How far the contributions' sum may be from the margin, as a share of their sizes: both are sums of float32."""


class Refused(Exception):
    """The prediction cannot be explained, or it is not the one that was published."""


@dataclass(frozen=True, slots=True)
class Published:
    """The row of the table."""

    id: str
    prediction: float
    probability: float | None
    """None for a regression."""


def explain(archive: Path, row: Path, content_type: str, published: Published, folder: Path) -> dict[str, Any]:
    """Unpack the archive into a folder, score the row, compare, and explain.

    Raises:
        Refused: the archive or the row is not usable, or the score is another one.
    """
    inference = load_code(archive, folder)
    errors = sys.modules["dataset_schema"].ScriptError
    try:
        model = inference.model_fn(str(folder))
        body = row.read_bytes()
        scores = inference.predict_fn(inference.input_fn(body, content_type), model)
        answer, _ = inference.output_fn(scores, JSON_LINES)
        rows = read_row(body, content_type, model.signature)
        matrix = model.signature.apply(rows).matrix
    except errors as error:
        raise Refused(f"The archive's own code refuses the row of {published.id!r}: {error}") from error
    scored = json.loads(answer)
    check_same(scored, published)
    is_regression = scored["prediction_probability"] is None
    again = float(model.booster.inplace_predict(matrix, validate_features=False)[0])
    if again != scored["prediction" if is_regression else "prediction_probability"]:
        raise Refused(f"The row of {published.id!r} reads in two ways: {scored} once, and {again!r} the other time.")
    return {
        "id": published.id,
        "prediction": scored["prediction"],
        "prediction_probability": scored["prediction_probability"],
        "target": model.signature.target,
        "classes": None if is_regression else list(model.signature.classes),
        "unit": model.signature.target if is_regression else "log-odds",
        **contributions(model, matrix, rows),
    }


def load_code(archive: Path, folder: Path) -> Any:
    """Unpack an archive and import its inference.py."""
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise Refused(f"The model archive {str(archive)!r} cannot be unpacked: {error}.") from error
    code = folder / "code"
    if not (code / "inference.py").is_file():
        raise Refused("The model archive has no code/inference.py: is it one that train.py wrote?")
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(code))
    return importlib.import_module("inference")


def read_row(body: bytes, content_type: str, signature: Any) -> pa.Table:
    """Decode the row for the explanation, by the columns of the signature."""
    source = pa.BufferReader(body)
    if content_type == PARQUET:
        rows = pq.ParquetFile(source).read()
    elif content_type == CSV:
        types = signature.column_types()
        rows = pa_csv.read_csv(
            source,
            pa_csv.ReadOptions(column_names=list(types)),
            convert_options=pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
        )
    else:
        raise Refused(f"Content type {content_type!r} is refused: allowed are {PARQUET!r} and {CSV!r}.")
    if rows.num_rows != 1:
        raise Refused(f"The file has {rows.num_rows} rows, expected is the one to explain.")
    return rows


def check_same(scored: dict[str, Any], published: Published) -> None:
    """Refuse a score that is not, as float32, exactly the published one."""
    pairs = {
        "prediction": (published.prediction, scored["prediction"]),
        "prediction_probability": (published.probability, scored["prediction_probability"]),
    }
    different = [
        f"{name} {before!r} was published, the model gives {now!r}{_steps_between(before, now)}"
        for name, (before, now) in pairs.items()
        if (before is None) != (now is None) or (before is not None and np.float32(before) != np.float32(now))
    ]
    if different:
        raise Refused(f"The score of {published.id!r} is not the published one: {'; '.join(different)}.")


def contributions(model: Any, matrix: Any, rows: pa.Table) -> dict[str, Any]:
    """Explain the margin by TreeSHAP: a base value, and how far each feature moved it, the farthest first."""
    data = xgb.DMatrix(matrix)
    *shares, base = (float(share) for share in model.booster.predict(data, pred_contribs=True)[0])
    margin = float(model.booster.predict(data, output_margin=True)[0])
    total = base + sum(shares)
    if abs(total - margin) > SUM_TOLERANCE * max(1.0, abs(base) + sum(map(abs, shares))):
        raise Refused(f"The contributions add up to {total!r}, but the model's margin is {margin!r}.")
    features = [
        _feature(feature, rows.column(feature.name)[0].as_py(), float(value), share)
        for feature, value, share in zip(model.signature.features, matrix[0], shares, strict=True)
    ]
    features.sort(key=lambda item: (-abs(item["contribution"]), item["name"]))
    return {"base_value": base, "margin": margin, "features": features}


def _feature(feature: Any, raw: Any, value: float, share: float) -> dict[str, Any]:
    """Describe a feature's part: its value in the row, what the model saw of it, and what that did."""
    is_category = hasattr(feature, "categories")
    missing = raw is None or raw == "" or (isinstance(raw, float) and np.isnan(raw))
    if missing:
        note = "missing" if is_category else f"missing, counts as {value:g}"
    else:
        note = "never seen in training, counts as missing" if is_category and np.isnan(value) else ""
    return {
        "name": feature.name,
        "value": None if missing else raw if isinstance(raw, bool | int | float | str) else str(raw),
        "note": note,
        "contribution": share,
        "direction": "raises" if share > 0 else "lowers" if share < 0 else "no change",
    }


def _steps_between(before: float | None, now: float | None) -> str:
    """Say how many numbers of float32 lie between two, when they are near: rounding differs between processors."""
    if before is None or now is None or before * now <= 0:
        return ""
    steps = abs(int(np.float32(before).view(np.int32)) - int(np.float32(now).view(np.int32)))
    return f" ({steps} steps of float32 apart)" if steps < 100 else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _parser().parse_args(argv)
    published = Published(given.id, given.prediction, given.probability)
    try:
        with tempfile.TemporaryDirectory() as folder:
            document = explain(given.archive, given.row, given.content_type, published, Path(folder))
    except Refused as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    given.output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--archive", type=Path, required=True, help="model.tar.gz of the version that scored")
    parser.add_argument("--row", type=Path, required=True, help="a file with the one row, as it was scored")
    parser.add_argument("--content-type", default=PARQUET, help=f"of the file: {PARQUET} or {CSV}")
    parser.add_argument("--id", required=True, help="of the row")
    parser.add_argument("--prediction", type=float, required=True, help="as published")
    parser.add_argument("--probability", type=float, help="as published; left out for a regression")
    parser.add_argument("--output", type=Path, required=True, help="the explanation, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())

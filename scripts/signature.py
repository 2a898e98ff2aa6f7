"""How raw columns become a model's matrix: fitted once, on the training split, and applied everywhere."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from dataset_schema import (
    DataRefused,
    Feature,
    Kind,
    ProblemType,
    Schema,
    SchemaRefused,
    check_columns,
    class_text,
    quoted,
)

FILE_NAME = "signature.json"
MAX_CATEGORIES = 1000
"""A column with more distinct texts than this is an identifier, not a category."""
BLOCK_ROWS = 32_768
"""Rows brought into the matrix at a time: a block's column and its rows of the matrix stay in the processor's cache."""

Matrix = npt.NDArray[np.float32]
Reader = Callable[[], Iterable[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class NumericFeature:
    """A number; a missing one becomes the training split's median."""

    name: str
    fill: float


@dataclass(frozen=True, slots=True)
class CategoricalFeature:
    """A text; the model sees its place among the categories, and NaN when it is missing or unseen."""

    name: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """The model's input for some rows."""

    matrix: Matrix
    """One row a row, one column a feature in the signature's order, C order."""
    unseen: Counter[str] = field(default_factory=Counter)
    """How many values of each categorical feature were not among its categories."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model needs to know to read raw rows."""

    problem_type: ProblemType
    id_column: str
    target: str
    classes: tuple[str, str] | None
    """Negative class first, as text; None for regression."""
    features: tuple[NumericFeature | CategoricalFeature, ...]
    schema_sha256: str

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in the model's order."""
        return tuple(feature.name for feature in self.features)

    @property
    def categorical_names(self) -> tuple[str, ...]:
        """The names of the categorical features."""
        return tuple(feature.name for feature in self.features if isinstance(feature, CategoricalFeature))

    @property
    def is_regression(self) -> bool:
        """Whether the model predicts a number."""
        return self.problem_type is ProblemType.REGRESSION

    def column_types(self) -> dict[str, pa.DataType]:
        """Return how text formats are read: ids and categories as text, numbers as double."""
        text = pa.dictionary(pa.int32(), pa.string())
        types = {item.name: text if isinstance(item, CategoricalFeature) else pa.float64() for item in self.features}
        return {self.id_column: pa.string(), **types}

    def check_columns(self, names: Sequence[str], also: Sequence[str] = (), *, has_id: bool = True) -> None:
        """Refuse rows whose columns are not the id, the features and those of `also`, in any order."""
        expected = (self.id_column, *self.names) if has_id else self.names
        check_columns(names, (*expected, *also), "The table of rows")

    def apply(self, rows: pa.Table | pa.RecordBatch, also: Sequence[str] = (), *, has_id: bool = True) -> Applied:
        """Turn raw rows into the model's matrix.

        Args:
            rows: the id column, every feature, and the columns of `also`; in any order.
            also: further columns that may be there and are not looked at, such as the target.
            has_id: whether there is an id column; it is not looked at.

        Raises:
            DataRefused: a column is missing, extra or ill-typed, or a number is infinite.
        """
        self.check_columns(rows.schema.names, also, has_id=has_id)
        applied = Applied(np.empty((rows.num_rows, len(self.features)), dtype=np.float32))
        for index, feature in enumerate(self.features):
            start = 0
            for chunk in _chunks(rows.column(feature.name)):
                into = applied.matrix[start : start + len(chunk), index]
                if isinstance(feature, NumericFeature):
                    _fill_numeric(feature, chunk, into)
                else:
                    applied.unseen[feature.name] += _fill_categorical(feature, chunk, into)
                start += len(chunk)
        return applied

    def apply_in_blocks(
        self, rows: pa.Table | pa.RecordBatch, also: Sequence[str] = (), *, has_id: bool = True
    ) -> Iterable[Applied]:
        """Apply to some rows at a time, in order, so that each matrix is small enough for the processor's cache."""
        for start in range(0, rows.num_rows, BLOCK_ROWS):
            yield self.apply(rows.slice(start, BLOCK_ROWS), also, has_id=has_id)

    def labels(self, target: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.float32]:
        """Return the target column that preprocessing wrote (0 and 1, or numbers) as the model's labels."""
        if target.null_count:
            raise DataRefused(
                f"Target {self.target!r} has {target.null_count} missing values: every row needs a label."
            )
        labels: npt.NDArray[np.float32] = target.to_numpy(zero_copy_only=False).astype(np.float32)
        return labels

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        features = [
            {"name": item.name, "kind": Kind.NUMERIC, "fill": item.fill}
            if isinstance(item, NumericFeature)
            else {"name": item.name, "kind": Kind.CATEGORICAL, "categories": list(item.categories)}
            for item in self.features
        ]
        return {
            "version": 1,
            "problem_type": self.problem_type,
            "id_column": self.id_column,
            "target": self.target,
            "classes": None if self.classes is None else list(self.classes),
            "features": features,
            "schema_sha256": self.schema_sha256,
        }

    def save(self, folder: Path) -> Path:
        """Write signature.json into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE_NAME
        path.write_text(json.dumps(self.to_document(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read signature.json from a folder."""
        path = folder / FILE_NAME
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise SchemaRefused(f"{str(folder)!r} has no {FILE_NAME}: preprocess.py writes it.") from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the JSON form."""
        try:
            document = json.loads(text)
            version = document["version"]
            if version != 1:
                raise SchemaRefused(f"Signature version {version!r} is refused: this code reads version 1.")
            classes = document["classes"]
            return cls(
                problem_type=ProblemType(document["problem_type"]),
                id_column=document["id_column"],
                target=document["target"],
                classes=None if classes is None else (class_text(classes[0]), class_text(classes[1])),
                features=tuple(_feature(item) for item in document["features"]),
                schema_sha256=document["schema_sha256"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SchemaRefused(f"{FILE_NAME} is refused, it is not what preprocess.py writes: {error!r}.") from error

    @classmethod
    def fit(cls, schema: Schema, read: Reader) -> Self:
        """Fit on the training split.

        Args:
            schema: names and kinds.
            read: gives the split's record batches, again at each call (it is called twice); the order is of no matter.
        """
        numeric = {item.name: _Median() for item in schema.features if item.kind is Kind.NUMERIC}
        categories: dict[str, set[str]] = {i.name: set() for i in schema.features if i.kind is Kind.CATEGORICAL}
        for batch in read():
            for name, median in numeric.items():
                median.count_high(_numbers(name, batch.column(name)))
            for name, seen in categories.items():
                seen.update(_texts(name, batch.column(name)))
                _check_cardinality(name, seen)
        for batch in read():
            for name, median in numeric.items():
                median.count_low(_numbers(name, batch.column(name)))
        return cls(
            problem_type=schema.problem_type,
            id_column=schema.id_column,
            target=schema.target,
            classes=schema.classes,
            features=tuple(_fitted(item, numeric, categories) for item in schema.features),
            schema_sha256=schema.sha256,
        )


class _Median:
    """The exact lower median of float32 values in two passes and bounded memory, whatever their order.

    A float32's bits, with the sign undone, sort as the numbers do: the first pass counts the high halves, which
    names the half that holds the median; the second counts the low halves below that one.
    """

    HALF = 16

    def __init__(self) -> None:
        self.high = np.zeros(1 << self.HALF, dtype=np.int64)
        self.low = np.zeros(1 << self.HALF, dtype=np.int64)

    def count_high(self, values: npt.NDArray[np.float32]) -> None:
        self.high += np.bincount(self._keys(values) >> self.HALF, minlength=len(self.high))

    def count_low(self, values: npt.NDArray[np.float32]) -> None:
        keys = self._keys(values)
        inside = keys[keys >> self.HALF == self._high_half()]
        self.low += np.bincount(inside & (len(self.low) - 1), minlength=len(self.low))

    def value(self) -> float | None:
        """Return the median, None when there was no value."""
        total = int(self.high.sum())
        if total == 0:
            return None
        high = self._high_half()
        rank = (total - 1) // 2 - int(self.high[:high].sum())
        low = int(np.searchsorted(np.cumsum(self.low), rank, side="right"))
        key = (high << self.HALF) | low
        bits = key & 0x7FFFFFFF if key & 0x80000000 else ~key & 0xFFFFFFFF
        # Its shortest decimal form reads back as the same float32; the addition turns -0.0 into 0.0.
        return float(str(np.array(bits, dtype=np.uint32).view(np.float32))) + 0.0

    def _high_half(self) -> int:
        total = int(self.high.sum())
        return int(np.searchsorted(np.cumsum(self.high), max(total - 1, 0) // 2, side="right"))

    @staticmethod
    def _keys(values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        bits = values[~np.isnan(values)].view(np.uint32)
        return np.where(bits >> 31, ~bits, bits | np.uint32(0x80000000)).astype(np.int64)


def _fitted(
    feature: Feature, numeric: Mapping[str, _Median], categories: Mapping[str, set[str]]
) -> NumericFeature | CategoricalFeature:
    if feature.kind is Kind.CATEGORICAL:
        return CategoricalFeature(feature.name, tuple(sorted(categories[feature.name])))
    # A column without one value in the training split says nothing: any constant serves.
    return NumericFeature(feature.name, numeric[feature.name].value() or 0.0)


def _feature(item: Mapping[str, Any]) -> NumericFeature | CategoricalFeature:
    if Kind(item["kind"]) is Kind.NUMERIC:
        return NumericFeature(str(item["name"]), float(item["fill"]))
    return CategoricalFeature(str(item["name"]), tuple(map(str, item["categories"])))


def _check_cardinality(name: str, seen: set[str]) -> None:
    if len(seen) > MAX_CATEGORIES:
        raise DataRefused(
            f"Column {name!r} has more than {MAX_CATEGORIES} categories (such as {quoted(sorted(seen), limit=3)}): "
            "declare it numeric, group its values, or leave it out of the features."
        )


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _numbers(name: str, column: pa.Array) -> npt.NDArray[np.float32]:
    """Return a numeric column as contiguous float32 values, NaN where missing."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan, dtype=np.float32)
    if not _is_number(column.type):
        raise DataRefused(
            f"Column {name!r} is refused: it is of type {column.type}, expected is a number "
            "(integer, float or decimal); convert it, or declare it categorical."
        )
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    with np.errstate(over="ignore"):
        values: npt.NDArray[np.float32] = column.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return values


def _fill_numeric(feature: NumericFeature, column: pa.Array, into: Matrix) -> None:
    values = _numbers(feature.name, column)
    finite = np.isfinite(values)
    if finite.all():
        into[:] = values
        return
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise DataRefused(
            f"Column {feature.name!r} is refused: its value {column[row].as_py()!r} is not a finite 32-bit number; "
            "write a number, or leave it out."
        )
    np.copyto(into, np.where(finite, values, np.float32(feature.fill)))


def _as_dictionary(name: str, column: pa.Array) -> pa.DictionaryArray:
    """Return a categorical column as dictionary-encoded text."""
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        return column
    if not (_is_text(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        raise DataRefused(
            f"Column {name!r} is refused: it is of type {kind}, expected is a category (text, integer or boolean); "
            "convert it, or declare it numeric."
        )
    return column.cast(pa.string()).dictionary_encode()


def _texts(name: str, column: pa.Array) -> set[str]:
    """Return the distinct categories; the empty text is a missing value, as in a CSV file."""
    encoded = _as_dictionary(name, column)
    used = encoded.dictionary.take(pc.unique(encoded.indices.drop_null()))
    return {text for text in used.to_pylist() if text}


def _fill_categorical(feature: CategoricalFeature, column: pa.Array, into: Matrix) -> int:
    """Write codes, NaN where missing or unseen, and return how many were unseen."""
    encoded = _as_dictionary(feature.name, column)
    texts = encoded.dictionary.to_pylist()
    place = {text: float(code) for code, text in enumerate(feature.categories)}
    # One place more than there are texts: a missing index points to it.
    codes = np.array([place.get(text, np.nan) for text in texts] + [np.nan], dtype=np.float32)
    indices = encoded.indices
    if indices.null_count:
        indices = indices.cast(pa.int64()).fill_null(len(texts))
    numbers = indices.to_numpy(zero_copy_only=False)
    into[:] = codes[numbers]
    unseen = [code for code, text in enumerate(texts) if text and text not in place]
    return int(np.isin(numbers, unseen).sum()) if unseen else 0

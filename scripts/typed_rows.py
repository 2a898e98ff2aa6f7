"""Raw rows as typed rows: the id as text, numbers as double, texts, the target as class code or number."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from dataset_schema import Kind, Schema, quoted
from raw_rows import Rows


def row_types(schema: Schema) -> pa.Schema:
    """Return the typed columns: id (string), features in order (double or string), target (int32, or double)."""
    features = [(item.name, pa.float64() if item.kind is Kind.NUMERIC else pa.string()) for item in schema.features]
    target = pa.float64() if schema.is_regression else pa.int32()
    return pa.schema([(schema.id_column, pa.string()), *features, (schema.target, target)])


def typed_rows(rows: Rows, schema: Schema) -> pa.RecordBatch:
    """Return id, features and target in the types of `row_types`; a missing value, or label, is null.

    Raises:
        DataRefused: a value is not what the schema says; the first one is named by its file, row and column.
    """
    features = [
        _numbers(rows, item.name) if item.kind is Kind.NUMERIC else _texts(rows, item.name) for item in schema.features
    ]
    target = _numbers(rows, schema.target) if schema.classes is None else _codes(rows, schema.target, schema.classes)
    return pa.record_batch([ids(rows, schema), *features, target], schema=row_types(schema))


def ids(rows: Rows, schema: Schema) -> pa.Array:
    """Return the ids as text; a row without one is refused."""
    name = schema.id_column
    found = _texts(rows, name)
    rows.refuse_first(name, pc.equal(found.fill_null(""), "").to_numpy(zero_copy_only=False), "an id on every row")
    return found


def id_numbers(rows: Rows, ids: pa.Array, schema: Schema) -> npt.NDArray[np.int64]:
    """Return the number in each id, which ranges are compared with; 0 for all when ids have no format."""
    if schema.id_format is None:
        return np.zeros(len(ids), dtype=np.int64)
    parts = pc.extract_regex(ids, schema.id_format.pattern)
    rows.refuse_first(schema.id_column, parts.is_null().to_numpy(zero_copy_only=False), f"an id as {schema.id_format}")
    numbers: npt.NDArray[np.int64] = parts.field("number").cast(pa.int64()).to_numpy()
    return numbers


def _texts(rows: Rows, name: str) -> pa.Array:
    column = rows.batch.column(name)
    if pa.types.is_floating(column.type) or pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
        rows.refuse(name, 0, f"a text, an integer or a boolean, not the type {column.type}")
    return column.cast(pa.string())


def _numbers(rows: Rows, name: str) -> pa.Array:
    column = rows.batch.column(name)
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (rows.is_text or is_number or pa.types.is_null(kind)):
        rows.refuse(name, 0, f"a number, not the type {kind}")
    try:
        numbers = column.cast(pa.float64(), safe=rows.is_text)
    except pa.ArrowInvalid:
        rows.refuse_first(name, np.array([not _is_number(value) for value in column]), "a number, or nothing")
        raise
    with np.errstate(over="ignore"):
        infinite = np.isinf(numbers.to_numpy(zero_copy_only=False).astype(np.float32))
    rows.refuse_first(name, infinite, "a finite number that 32 bits can hold")
    return numbers


def _is_number(text: pa.Scalar) -> bool:
    try:
        text.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _codes(rows: Rows, name: str, classes: tuple[str, str]) -> pa.Array:
    """Return 0 for the negative class, 1 for the positive, null where there is no label."""
    column = rows.batch.column(name)
    texts = column.cast(pa.string())
    if not pa.types.is_string(column.type) or rows.is_text:
        # Integers that once shared a column with nulls often come as 0.0 and 1.0.
        texts = pc.replace_substring_regex(texts, r"^(-?[0-9]+)\.0+$", r"\1")
    codes = pc.index_in(texts, value_set=pa.array(classes))
    unknown = pc.and_(codes.is_null(), texts.is_valid()).to_numpy(zero_copy_only=False)
    rows.refuse_first(name, unknown, f"one of the classes {quoted(classes)}")
    return codes

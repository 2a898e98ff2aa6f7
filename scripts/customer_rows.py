"""Checks raw rows by the schema, each by itself: the good ones as text for Feature Store, the others with reasons."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from dataset_schema import Kind, Schema, hash_ids, quoted, repeated
from raw_rows import Mask, Rows, read

EVENT_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$"
EPOCH = "1970-01-01T00:00:00Z"
LONGEST_ID_BYTES = 2048

Range = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a good row is."""

    schema: Schema
    ranges: Mapping[str, Range]
    """Least and largest value of numeric features, both allowed."""
    now: datetime
    repeated_ids: Mapping[str, int]
    """Ids that occur more than once, with how often."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that is not ingested."""

    file: str
    row: int
    reasons: list[str]
    values: dict[str, Any]


@dataclass(slots=True)
class _Findings:
    """What is wrong with some rows."""

    rows: Rows
    bad: Mask
    reasons: dict[int, list[str]] = field(default_factory=dict)

    def add(self, mask: Mask, reason: str) -> None:
        self.bad |= mask
        for index in np.flatnonzero(mask):
            self.reasons.setdefault(int(index), []).append(reason)

    def refusals(self) -> list[Refusal]:
        return [
            Refusal(
                file=self.rows.file,
                row=self.rows.first + index,
                reasons=reasons,
                values={name: self.rows.batch.column(name)[index].as_py() for name in self.rows.batch.schema.names},
            )
            for index, reasons in sorted(self.reasons.items())
        ]


def count_ids(again: Callable[[], Iterable[Rows]], schema: Schema) -> tuple[int, dict[str, int]]:
    """Count the rows, and find the ids that occur more than once.

    Keeps 8 bytes a row, and the ids themselves only where two have one hash.

    Args:
        again: reads the rows; it is called a second time only when two hashes are the same.
        schema: names the id column.
    """
    hashes = [hash_ids(_texts(rows, schema.id_column).fill_null("")) for rows in again()]
    suspects = repeated(hashes)
    counts: Counter[str] = Counter()
    if len(suspects):
        for rows in again():
            ids = _texts(rows, schema.id_column).fill_null("")
            counts.update(ids.filter(pa.array(np.isin(hash_ids(ids), suspects))).to_pylist())
    return sum(map(len, hashes)), {name: count for name, count in counts.items() if count > 1 and name}


def check(rows: Rows, rules: Rules) -> tuple[pa.RecordBatch, list[Refusal]]:
    """Return the good rows, every value as text or null, and the refused ones."""
    schema = rules.schema
    found = _Findings(rows, np.zeros(rows.batch.num_rows, dtype=np.bool_))
    columns: dict[str, pa.Array] = {}
    columns[schema.id_column] = _ids(found, rules)
    if schema.event_time_column is not None:
        columns[schema.event_time_column] = _event_times(found, schema.event_time_column, rules.now)
    for item in schema.features:
        if item.kind is Kind.NUMERIC:
            columns[item.name] = _numbers(found, item.name, rules.ranges.get(item.name, (None, None)))
        else:
            columns[item.name] = _texts(rows, item.name)
    columns[schema.target] = (
        _numbers(found, schema.target, (None, None))
        if schema.classes is None
        else _labels(found, schema.target, schema.classes)
    )
    types = pa.schema([(name, pa.string()) for name in schema.columns])
    batch = pa.record_batch([columns[name] for name in schema.columns], schema=types)
    return batch.filter(pa.array(~found.bad)), found.refusals()


def check_all(files: Sequence[Path], folder: Path, rules: Rules) -> Iterator[tuple[pa.RecordBatch, list[Refusal]]]:
    """Check the rows of all files, some at a time."""
    for rows in read(files, folder, rules.schema):
        yield check(rows, rules)


def _ids(found: _Findings, rules: Rules) -> pa.Array:
    name = rules.schema.id_column
    ids = _texts(found.rows, name)
    known = ids.fill_null("")
    empty = _mask(pc.equal(known, ""))
    found.add(empty, f"{name} is missing")
    found.add(_mask(pc.greater(pc.binary_length(known), LONGEST_ID_BYTES)), f"{name} is longer than 2 KiB")
    if rules.schema.id_format is not None:
        matches = _mask(pc.match_substring_regex(known, rules.schema.id_format.pattern))
        found.add(~matches & ~empty, f"{name} is not of the form {rules.schema.id_format}")
    if rules.repeated_ids:
        twice = pc.is_in(known, value_set=pa.array(list(rules.repeated_ids), pa.string()))
        # Nobody knows which of them is right.
        found.add(_mask(twice), f"{name} occurs more than once in the input")
    return ids


def _event_times(found: _Findings, name: str, now: datetime) -> pa.Array:
    column = found.rows.batch.column(name)
    if pa.types.is_timestamp(column.type):
        moments = column.cast(pa.timestamp("ms", tz=None if column.type.tz is None else "UTC"), safe=False)
        column = pc.strftime(moments, format="%Y-%m-%dT%H:%M:%SZ")
    times = column.cast(pa.string()) if pa.types.is_null(column.type) else column
    if not (pa.types.is_string(times.type) or pa.types.is_large_string(times.type)):
        found.rows.refuse(name, 0, f"a text or a timestamp, not the type {times.type}")
    missing = _mask(times.is_null())
    found.add(missing, f"{name} is missing")
    formed = _mask(pc.match_substring_regex(times.fill_null(""), EVENT_TIME))
    found.add(~formed & ~missing, f"{name} is not of the form YYYY-MM-DDThh:mm:ssZ or YYYY-MM-DDThh:mm:ss.SSSZ")
    sound = pc.if_else(pa.array(formed), times, EPOCH)
    moments, impossible = _moments(sound)
    found.add(impossible, f"{name} is no date of the calendar")
    limit = np.datetime64(int(now.timestamp() * 1000), "ms")
    found.add(moments > limit, f"{name} is in the future")
    return times.cast(pa.string())


def milliseconds(times: pa.Array) -> npt.NDArray[np.int64]:
    """Return good event times as milliseconds since 1970."""
    moments: npt.NDArray[np.int64] = _moments(times)[0].astype(np.int64)
    return moments


def _moments(times: pa.Array) -> tuple[npt.NDArray[np.datetime64], Mask]:
    plain = pc.utf8_rtrim(times, "Z")
    try:
        return plain.cast(pa.timestamp("ms")).to_numpy(zero_copy_only=False), np.zeros(len(times), dtype=np.bool_)
    except pa.ArrowInvalid:
        impossible = np.array([not _is_moment(text) for text in plain], dtype=np.bool_)
        return _moments(pc.if_else(pa.array(impossible), EPOCH, times))[0], impossible


def _is_moment(text: pa.Scalar) -> bool:
    try:
        text.cast(pa.timestamp("ms"))
    except pa.ArrowInvalid:
        return False
    return True


def _numbers(found: _Findings, name: str, allowed: Range) -> pa.Array:
    column = found.rows.batch.column(name)
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (found.rows.is_text or is_number or pa.types.is_null(kind)):
        found.rows.refuse(name, 0, f"a number, not the type {kind}")
    try:
        numbers = column.cast(pa.float64(), safe=found.rows.is_text)
    except pa.ArrowInvalid:
        ill = np.array([not _is_number(value) for value in column], dtype=np.bool_)
        found.add(ill, f"{name} is no number")
        numbers = pc.if_else(pa.array(ill), None, column).cast(pa.float64())
    values = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    with np.errstate(over="ignore"):
        found.add(np.isinf(values.astype(np.float32)), f"{name} is not a finite number that 32 bits can hold")
    low, high = allowed
    # Missing values compare as false.
    if low is not None:
        found.add(values < low, f"{name} is below {low:g}")
    if high is not None:
        found.add(values > high, f"{name} is above {high:g}")
    missing = pa.array(np.isnan(values))
    return pc.if_else(missing, pa.scalar(None, pa.string()), numbers.cast(pa.string()))


def _is_number(text: pa.Scalar) -> bool:
    try:
        text.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _labels(found: _Findings, name: str, classes: tuple[str, str]) -> pa.Array:
    texts = found.rows.batch.column(name).cast(pa.string())
    # Integers that once shared a column with nulls often come as 0.0 and 1.0.
    texts = pc.replace_substring_regex(texts, r"^(-?[0-9]+)\.0+$", r"\1")
    known = _mask(pc.is_in(texts, value_set=pa.array(classes)))
    found.add(~known & _mask(texts.is_valid()), f"{name} is none of the classes {quoted(classes)}")
    return texts


def _texts(rows: Rows, name: str) -> pa.Array:
    column = rows.batch.column(name)
    if pa.types.is_floating(column.type) or pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
        rows.refuse(name, 0, f"a text, an integer or a boolean, not the type {column.type}")
    return column.cast(pa.string())


def _mask(values: pa.Array) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask

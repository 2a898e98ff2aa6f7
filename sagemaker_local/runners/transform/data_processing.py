"""DataProcessing: what of a record is sent to the model, and what of record and answer is stored."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform.json_path import JsonPath

_NEEDS_QUOTES = re.compile('["\r\n]')


class RecordFormat(StrEnum):
    """The formats whose records can be filtered and joined."""

    CSV = "text/csv"
    JSON = "application/json"
    JSON_LINES = "application/jsonlines"


@dataclass(frozen=True, slots=True)
class DataProcessing:
    """The filters and the join of one job; records are single lines without their line end, or a whole JSON object."""

    record_format: RecordFormat
    input_filter: JsonPath
    output_filter: JsonPath
    joins_input: bool

    @classmethod
    def parse(cls, document: Mapping[str, Any], record_format: RecordFormat) -> DataProcessing:
        """Read the request member of the same name.

        Raises:
            ValidationException: a filter that cannot be read, or not be applied to this format.
        """
        processing = cls(
            record_format,
            JsonPath.parse(document.get("InputFilter") or "$", "DataProcessing.InputFilter"),
            JsonPath.parse(document.get("OutputFilter") or "$", "DataProcessing.OutputFilter"),
            document.get("JoinSource", "None") == "Input",
        )
        if record_format is RecordFormat.CSV:
            processing.input_filter.check_rows("DataProcessing.InputFilter")
            processing.output_filter.check_rows("DataProcessing.OutputFilter")
        return processing

    @property
    def is_idle(self) -> bool:
        """Nothing is filtered and nothing joined."""
        return self.input_filter.is_identity and self.output_filter.is_identity and not self.joins_input

    def for_model(self, record: bytes) -> bytes:
        """What of an input record is sent to the model.

        Raises:
            JobFailed: the record is malformed, or the filter names what it has not.
        """
        if self.input_filter.is_identity:
            return record
        if self.record_format is RecordFormat.CSV:
            return _write_row(_chosen(self.input_filter, _read_row(record)))
        return _write_json(self.input_filter.select(_read_json(record, "the record")))

    def for_output(self, record: bytes, answer: bytes) -> bytes:
        """What is stored for an input record (unfiltered) and the model's answer to it.

        Raises:
            JobFailed: one of them is malformed, or the filter names what the joined record has not.
        """
        if self.record_format is RecordFormat.CSV:
            return self._row_for_output(record, answer)
        if not self.joins_input and self.output_filter.is_identity:
            return answer
        output = _read_json(answer, "the model's answer")
        joined = _joined(_read_json(record, "the record"), output) if self.joins_input else output
        return _write_json(self.output_filter.select(joined))

    def _row_for_output(self, record: bytes, answer: bytes) -> bytes:
        row = answer.rstrip(b"\r")
        joined = record.rstrip(b"\r") + b"," + row if self.joins_input else row
        if self.output_filter.is_identity:
            return joined
        return _write_row(_chosen(self.output_filter, _read_row(joined)))


def _chosen(path: JsonPath, row: list[str]) -> list[str]:
    return [row[index] for index in path.indexes(len(row))]


def _joined(record: Any, output: Any) -> dict[str, Any]:
    if isinstance(record, dict):
        return {**record, "SageMakerOutput": output}
    return {"SageMakerInput": record, "SageMakerOutput": output}


def _read_row(record: bytes) -> list[str]:
    text = _decoded(record)
    if '"' not in text:
        return text.rstrip("\r").split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise JobFailed(f"The CSV record {_shortened(text)!r} is malformed: {error}.") from error


def _write_row(row: list[str]) -> bytes:
    text = ",".join(row)
    # One look at the whole row is several times as quick as one at each field, and this is done for every record.
    if text.count(",") == len(row) - 1 and _NEEDS_QUOTES.search(text) is None:
        return text.encode()
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(row)
    return buffer.getvalue().encode()


def _read_json(text: bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        shown = _shortened(text.decode(errors="replace"))
        raise JobFailed(f"{what[0].upper()}{what[1:]} is not JSON: {shown!r} ({error}).") from error


def _write_json(value: Any) -> bytes:
    # As the service writes it: compact, keys in the order of their characters.
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def _decoded(record: bytes) -> str:
    try:
        return record.decode()
    except UnicodeDecodeError as error:
        raise JobFailed(f"The record is not UTF-8: {error}.") from error


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"

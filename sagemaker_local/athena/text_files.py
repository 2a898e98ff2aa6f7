"""Rows of delimited text: the lines as texts, by the rules of OpenCSVSerde or LazySimpleSerDe."""

from __future__ import annotations

import bz2
import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.table_files import DataFile

OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_BLOCK_BYTES = 1 << 22
_SLOW_ROWS = 16_384
_COMPRESSED = {".gz": "gzip", ".bz2": "bz2"}


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How lines are cut into values."""

    serde: str
    delimiter: str
    quote: str | None
    escape: str | None
    null_text: str | None
    """The text that means NULL."""
    header_lines: int

    @classmethod
    def of(cls, serde: str, parameters: Mapping[str, str], table_parameters: Mapping[str, str]) -> TextFormat:
        """Read a table's SerDe parameters and its skip.header.line.count.

        Raises:
            QueryError: the header's count is no number, or the delimiter has several characters.
        """
        count = str(table_parameters.get("skip.header.line.count") or parameters.get("skip.header.line.count") or "0")
        if not count.isdigit():
            raise QueryError(
                "HIVE_INVALID_METADATA", f"skip.header.line.count is '{count}'; it must be a whole number."
            )
        if serde == OPEN_CSV:
            found = cls(
                serde,
                parameters.get("separatorChar") or ",",
                parameters.get("quoteChar") or '"',
                parameters.get("escapeChar") or "\\",
                None,
                int(count),
            )
        else:
            delimiter = parameters.get("field.delim") or parameters.get("serialization.format") or "\x01"
            found = cls(
                serde,
                "\x01" if delimiter == "1" else delimiter,
                None,
                parameters.get("escape.delim"),
                parameters.get("serialization.null.format") or "\\N",
                int(count),
            )
        if len(found.delimiter) != 1:
            raise QueryError("NOT_SUPPORTED", f"The field delimiter '{found.delimiter}' has several characters.")
        return found


def read_texts(
    file: DataFile, form: TextFormat, columns: Sequence[str], needed: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Read a file's needed columns as texts; a line that ends early has NULLs, what a line has too much is dropped.

    Args:
        file: the file; `.gz` and `.bz2` are unpacked.
        form: how its lines are cut.
        columns: the table's columns, in the order of the values in a line.
        needed: the columns of the batches.
    """
    done = 0
    try:
        for batch in _read_even(file, form, columns, needed):
            done += batch.num_rows
            yield batch
    except pa.ArrowInvalid:
        # Lines of different lengths: Arrow's fast reader refuses them, the slow one pads and cuts.
        yield from _read_uneven(file, form, columns, needed, skip=done)


def _read_even(
    file: DataFile, form: TextFormat, columns: Sequence[str], needed: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    width = _width(file, form)
    names = [*columns[:width], *(f"extra value {number}" for number in range(width - len(columns)))]
    present = [name for name in needed if name in names]
    if not width:
        return
    reader = pyarrow.csv.open_csv(
        pa.input_stream(str(file.path), compression=_compression(file)),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, skip_rows=form.header_lines, block_size=_BLOCK_BYTES, use_threads=False
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=form.quote or False,
            escape_char=form.escape or False,
            double_quote=form.quote is not None,
            ignore_empty_lines=False,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            # Without a needed column, the first one still says how many rows there are.
            include_columns=present or names[:1],
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        ),
    )
    for batch in reader:
        yield _batch({name: batch.column(name) for name in present}, needed, batch.num_rows)


def _read_uneven(
    file: DataFile, form: TextFormat, columns: Sequence[str], needed: Sequence[str], skip: int
) -> Iterator[pa.RecordBatch]:
    positions = {name: columns.index(name) for name in needed}
    with _open(file) as lines:
        rows = (_cut(line.rstrip("\r\n"), form) for line in islice(lines, form.header_lines, None))
        remaining = islice(rows, skip, None)
        while chunk := list(islice(remaining, _SLOW_ROWS)):
            arrays = {
                name: pa.array([row[position] if position < len(row) else None for row in chunk], pa.string())
                for name, position in positions.items()
            }
            yield _batch(arrays, needed, len(chunk))


def _batch(arrays: Mapping[str, pa.Array], needed: Sequence[str], count: int) -> pa.RecordBatch:
    complete = {name: arrays[name] if name in arrays else pa.nulls(count, pa.string()) for name in needed}
    return pa.RecordBatch.from_pydict(complete or {"row": pa.nulls(count, pa.string())})


def _cut(line: str, form: TextFormat) -> list[str]:
    if form.quote is None and form.escape is None:
        return line.split(form.delimiter)
    options: dict[str, Any] = {"delimiter": form.delimiter, "escapechar": form.escape}
    if form.quote is None:
        options["quoting"] = csv.QUOTE_NONE
    else:
        options["quotechar"] = form.quote
    return next(csv.reader([line], **options), [""])


def _width(file: DataFile, form: TextFormat) -> int:
    with _open(file) as lines:
        first = next(islice(lines, form.header_lines, None), None)
    return 0 if first is None else len(_cut(first.rstrip("\r\n"), form))


def _compression(file: DataFile) -> str | None:
    return next((name for suffix, name in _COMPRESSED.items() if file.uri.endswith(suffix)), None)


def _open(file: DataFile) -> IO[str]:
    compression = _compression(file)
    if compression == "gzip":
        return gzip.open(file.path, "rt", encoding="utf-8", newline="\n")
    if compression == "bz2":
        return bz2.open(file.path, "rt", encoding="utf-8", newline="\n")
    return file.path.open(encoding="utf-8", newline="\n")

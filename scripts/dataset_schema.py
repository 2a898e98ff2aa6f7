"""What the rows look like: schema.json as frozen records, the ids, and the errors of every script.

This file is in every bundle, so that the errors are one family:

ScriptError
├── SchemaRefused     schema.json, signature.json or an argument says something impossible
├── DataRefused       the rows are not what the schema says
├── ModelRefused      the model archive lacks something
├── GroupRefused      the feature group is missing, not ready, or has other features
├── NotIngested       the feature group did not take a record
├── QueryFailed       Athena did not answer
├── NotArrived        what was ingested cannot be read yet
└── AuditFailed       what would be published differs from what was asked for
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

EXIT_MESSAGE = Path("/opt/ml/output/message")
"""Where a processing job leaves the text that the service shows as ExitMessage."""
TRAINING_FAILURE = Path("/opt/ml/output/failure")
"""Where a training job leaves the text that the service shows as FailureReason."""
MESSAGE_BYTES = 1024


class ScriptError(Exception):
    """A job cannot go on, for a reason that its owner can mend."""


class SchemaRefused(ScriptError):
    """The description of the data is malformed or contradicts itself."""


class DataRefused(ScriptError):
    """Rows or columns are not what the schema or the signature says."""


class ModelRefused(ScriptError):
    """The model archive lacks a file or holds a broken one."""


class GroupRefused(ScriptError):
    """The feature group is not what the schema needs."""


class NotIngested(ScriptError):
    """The feature group did not take records, however often they were sent."""


class QueryFailed(ScriptError):
    """Athena refused a query, or broke it off."""


class NotArrived(ScriptError):
    """The offline store lacks what the last ingestion sent, and waiting did not help."""


class AuditFailed(ScriptError):
    """What would be published is not exactly what was asked to be scored."""


class ProblemType(StrEnum):
    """What the model predicts."""

    BINARY_CLASSIFICATION = "binary_classification"  # one of two classes, with the positive one's probability
    REGRESSION = "regression"  # a number


class Kind(StrEnum):
    """How a feature's values are read."""

    NUMERIC = "numeric"  # a finite number, or missing
    CATEGORICAL = "categorical"  # a text (also written as integer or boolean), or missing


@dataclass(frozen=True, slots=True)
class Feature:
    """One input column of the model."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class IdFormat:
    """The shape of an id with a number in it: `CUST_{:06d}` is a prefix, six digits or more, and no suffix."""

    prefix: str
    width: int
    suffix: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a format such as `CUST_{:06d}`.

        Raises:
            SchemaRefused: the text has not exactly one `{:d}` or `{:0Nd}`.
        """
        found = re.fullmatch(r"([^{}]*)\{:(?:0(\d{1,2}))?d\}([^{}]*)", text)
        if found is None:
            raise SchemaRefused(f"id_format {text!r} is refused: write one number field, such as 'CUST_{{:06d}}'.")
        return cls(prefix=found[1], width=int(found[2] or 1), suffix=found[3])

    def __str__(self) -> str:
        return f"{self.prefix}{{:0{self.width}d}}{self.suffix}"

    @property
    def pattern(self) -> str:
        """The regular expression (RE2 and Python) whose group `number` is the id's number.

        A number longer than the width has no leading zero, so that each id has one number and each number one id.
        """
        digits = rf"[0-9]{{{self.width}}}|[1-9][0-9]{{{self.width},17}}"
        return rf"^{re.escape(self.prefix)}(?P<number>{digits}){re.escape(self.suffix)}$"


@dataclass(frozen=True, slots=True)
class IdRange:
    """Ids from a number to a number, both included; None is no bound."""

    start: int | None
    end: int | None

    def holds(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Say of each number whether it is in the range."""
        inside = np.ones(len(numbers), dtype=np.bool_)
        if self.start is not None:
            inside &= numbers >= self.start
        if self.end is not None:
            inside &= numbers <= self.end
        return inside

    @property
    def is_open(self) -> bool:
        """Whether there is no bound at all."""
        return self.start is None and self.end is None

    def __str__(self) -> str:
        return f"{'first' if self.start is None else self.start} to {'last' if self.end is None else self.end}"


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a data set and what is predicted from them."""

    problem_type: ProblemType
    id_column: str
    id_format: IdFormat | None
    event_time_column: str | None
    target: str
    classes: tuple[str, str] | None
    """Negative class first, as text; None for regression."""
    features: tuple[Feature, ...]
    sha256: str
    """Of the document that it was read from, in canonical form."""
    csv_columns: tuple[str, ...] | None = None
    """What CSV files hold, in order, when they have no header; ids are made of row numbers when it lacks the id."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check schema.json."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise SchemaRefused(f"The schema {str(path)!r} does not exist: name the file with --schema.") from error
        except ValueError as error:
            raise SchemaRefused(f"The schema {str(path)!r} is no JSON: {error}.") from error
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Check a decoded schema.json."""
        _check_keys(document)
        problem_type = _one_of(ProblemType, document["problem_type"], "problem_type")
        features = _features(document["features"])
        id_format, event_time = document.get("id_format"), document.get("event_time_column")
        schema = cls(
            problem_type=problem_type,
            id_column=_name(document["id_column"], "id_column"),
            id_format=None if id_format is None else IdFormat.parse(str(id_format)),
            event_time_column=None if event_time is None else _name(event_time, "event_time_column"),
            target=_name(document["target"], "target"),
            classes=_classes(document.get("classes"), problem_type),
            features=features,
            sha256=digest(document),
            csv_columns=_csv_columns(document.get("csv_columns")),
        )
        schema._check_names()
        return schema

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in the model's order."""
        return tuple(feature.name for feature in self.features)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the raw data has: id, event time when there is one, features, target."""
        time = () if self.event_time_column is None else (self.event_time_column,)
        return (self.id_column, *time, *self.names, self.target)

    @property
    def is_regression(self) -> bool:
        """Whether the target is a number."""
        return self.problem_type is ProblemType.REGRESSION

    def _check_names(self) -> None:
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise SchemaRefused(f"The schema names these columns twice: {quoted(twice)}; each column has one role.")
        given = self.columns if self.csv_columns is None else self.csv_columns
        needed = self.columns if self.id_format is None else self.columns[1:]
        if sorted(given) not in (sorted(needed), sorted(self.columns)):
            raise SchemaRefused(
                f"csv_columns [{quoted(given, len(given))}] is refused: name {quoted(needed, len(needed))} once each, "
                f"and nothing else; {self.id_column!r} may be left out only when there is an id_format."
            )


def digest(document: Any) -> str:
    """Return the SHA-256 of a JSON document's canonical form."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def quoted(names: Iterable[object], limit: int = 5) -> str:
    """Return the first names as a readable list: `'a', 'b' and 3 more`."""
    every = [repr(str(name)) for name in names]
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more


def check_columns(names: Sequence[str], expected: Sequence[str], where: str) -> None:
    """Refuse columns that are not exactly the expected ones, in any order."""
    missing = [name for name in expected if name not in names]
    extra = [name for name in names if name not in expected]
    twice = sorted({name for name in names if names.count(name) > 1})
    if missing or extra or twice:
        raise DataRefused(
            f"{where} is refused: missing columns [{quoted(missing)}], extra [{quoted(extra)}], "
            f"twice [{quoted(twice)}]; expected are {quoted(expected, limit=len(expected))}."
        )


def hash_ids(ids: pa.Array) -> npt.NDArray[np.uint64]:
    """Hash ids (a string array without nulls) to 64 bits each, the same on every machine and for any chunks.

    FNV-1a over the UTF-8 bytes, one vectorised step for each byte position.
    """
    ids = ids.cast(pa.large_string())
    _, offsets_buffer, data_buffer = ids.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[ids.offset : ids.offset + len(ids) + 1]
    hashes = np.full(len(ids), 0xCBF29CE484222325, dtype=np.uint64)
    starts, lengths = offsets[:-1], np.diff(offsets)
    if len(ids) == 0 or data_buffer is None:
        return hashes
    data = np.frombuffer(data_buffer, dtype=np.uint8)
    prime = np.uint64(0x100000001B3)
    for position in range(int(lengths.max())):
        inside = lengths > position
        if inside.all():
            hashes = (hashes ^ data[starts + position]) * prime
        else:
            hashes[inside] = (hashes[inside] ^ data[starts[inside] + position]) * prime
    return hashes


def repeated(hashes: Sequence[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    """Return the hashes that occur more than once."""
    every = np.sort(np.concatenate([np.empty(0, np.uint64), *hashes]))
    more: npt.NDArray[np.uint64] = np.unique(every[1:][every[1:] == every[:-1]])
    return more


def find_files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the data files below a folder, sorted by path; names that begin with `_` or `.` are not data."""
    found = []
    for path in sorted(folder.rglob("*")):
        # Athena puts a .metadata file beside each result.
        if not path.is_file() or path.name.startswith(("_", ".")) or path.suffix == ".metadata":
            continue
        if not path.name.endswith(suffixes):
            raise DataRefused(f"File {str(path)!r} is refused: allowed are names that end in {quoted(suffixes)}.")
        found.append(path)
    if not found:
        raise DataRefused(f"The input {str(folder)!r} is empty: put files there that end in {quoted(suffixes)}.")
    return found


def new_parser(module_docstring: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows a module's first line and every default, and accepts no abbreviations."""
    return argparse.ArgumentParser(
        description=(module_docstring or "").partition("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )


def say(sentence: str) -> None:
    """Write one line to the job's log, at once."""
    print(sentence, flush=True)


def exit_code(work: Callable[[], None], message: Path = EXIT_MESSAGE) -> int:
    """Run a script's work: 0, or 1 after one line that says what to mend.

    The line's first KiB is also left where the service reads it, when this runs in a job.
    """
    try:
        work()
    except ScriptError as error:
        line = " ".join(str(error).split())
        print(f"Error: {line}", file=sys.stderr, flush=True)
        if message.parent.is_dir():
            message.write_bytes(line.encode()[:MESSAGE_BYTES].decode(errors="ignore").encode())
        return 1
    return 0


def _check_keys(document: Any) -> None:
    if not isinstance(document, Mapping):
        raise SchemaRefused("The schema is refused: it must be a JSON object.")
    required = {"version", "problem_type", "id_column", "target", "features"}
    allowed = required | {"id_format", "event_time_column", "classes", "csv_columns"}
    missing, unknown = sorted(required - document.keys()), sorted(document.keys() - allowed)
    if missing or unknown:
        raise SchemaRefused(
            f"The schema is refused: missing keys [{quoted(missing)}], unknown keys [{quoted(unknown)}]; "
            f"allowed are {quoted(sorted(allowed), limit=20)}."
        )
    if document["version"] != 1:
        raise SchemaRefused(f"Schema version {document['version']!r} is refused: this code reads version 1.")


def _one_of(kinds: type[ProblemType], value: Any, key: str) -> ProblemType:
    try:
        return kinds(value)
    except ValueError as error:
        raise SchemaRefused(f"{key} {value!r} is refused: allowed are {quoted(kinds)}.") from error


def _name(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise SchemaRefused(f"{key} {value!r} is refused: it must be a column's name.")
    return value


def _csv_columns(value: Any) -> tuple[str, ...] | None:
    if value is not None and not isinstance(value, list):
        raise SchemaRefused(f"csv_columns {value!r} is refused: it must be a list of columns' names, or null.")
    return None if value is None else tuple(map(str, value))


def _features(items: Any) -> tuple[Feature, ...]:
    if not isinstance(items, list) or not items:
        raise SchemaRefused("features is refused: it must be a list of at least one {'name', 'kind'}.")
    return tuple(_feature(item) for item in items)


def _feature(item: Any) -> Feature:
    if not isinstance(item, Mapping) or item.keys() != {"name", "kind"}:
        raise SchemaRefused(f"Feature {item!r} is refused: write exactly 'name' and 'kind'.")
    name = _name(item["name"], "A feature's name")
    if item["kind"] not in list(Kind):
        raise SchemaRefused(f"Feature {name!r} has the kind {item['kind']!r}: allowed are {quoted(Kind)}.")
    return Feature(name=name, kind=Kind(item["kind"]))


def _classes(value: Any, problem_type: ProblemType) -> tuple[str, str] | None:
    if problem_type is ProblemType.REGRESSION:
        if value is not None:
            raise SchemaRefused(f"classes {value!r} is refused: a regression has none, write null.")
        return None
    if not isinstance(value, list) or len(value) != 2 or str(value[0]) == str(value[1]):
        raise SchemaRefused(f"classes {value!r} is refused: write the two classes, the negative one first.")
    return (class_text(value[0]), class_text(value[1]))


def class_text(value: Any) -> str:
    """Return a class as the text that a CSV file would hold: 1 is `1`, true is `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | str) or value == "":
        raise SchemaRefused(f"Class {value!r} is refused: a class is an integer, a boolean or a text.")
    return str(value)

"""What the runner tells the agent: how to transform, and which files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sagemaker_local.runners.transform.data_processing import DataProcessing, RecordFormat

FOLDER = "transform"
"""Below the job's folder: everything of the transform that is not the model's."""
MODEL_ARCHIVE = "model.tar.gz"
_SETTINGS = "plan.json"
_OBJECTS = "objects.jsonl"
_SINGLE_RECORD_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings that agent and workers share."""

    content_type: str
    accept: str
    splits_lines: bool
    is_single_record: bool
    assembles_lines: bool
    is_gzip: bool
    payload_bytes: int
    """The largest request; 0 means without limit."""
    processing: Mapping[str, str]
    worker_count: int
    thread_count: int
    """Of each worker."""
    timeout_seconds: int
    max_retries: int
    program: str

    def data_processing(self) -> DataProcessing | None:
        """The filters and the join, or None when there are none."""
        if not self.processing:
            return None
        return DataProcessing.parse(self.processing, RecordFormat(self.content_type))

    @property
    def chunk_bytes(self) -> int:
        """How many bytes of a split file a worker gets at a time."""
        if self.is_single_record:
            return min(self.payload_bytes, _SINGLE_RECORD_CHUNK)
        return self.payload_bytes

    @property
    def line_limit(self) -> int | None:
        """The longest line of a split file; None when what is sent is known only after the filter."""
        return None if self.processing.get("InputFilter") else self.payload_bytes

    def oversized(self, size: int) -> str:
        """Say that `size` bytes do not fit into one request, and what to change."""
        limit = self.payload_bytes
        return (
            f"{size} bytes do not fit into one request of at most {limit} bytes (MaxPayloadInMB is {limit >> 20}); "
            "raise MaxPayloadInMB (100 at most), or make the input's files or records smaller"
        )

    def save(self, folder: Path) -> None:
        """Write the plan where `load` finds it."""
        (folder / _SETTINGS).write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """Read what `save` wrote."""
        return cls(**json.loads((folder / _SETTINGS).read_text()))


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One file to transform; input and output lie below the plan's folder under its number."""

    number: int
    name: str
    """`bucket/key`, as the data log names it."""

    def input_path(self, folder: Path) -> Path:
        """The object's body."""
        return folder / "input" / str(self.number)

    def output_path(self, folder: Path) -> Path:
        """What will be stored; whole only after the event that says so."""
        return folder / "output" / str(self.number)


def save_objects(folder: Path, objects: Iterable[PlannedObject]) -> None:
    """Write the list of files, in the order of their start."""
    with (folder / _OBJECTS).open("w") as file:
        file.writelines(json.dumps(asdict(planned)) + "\n" for planned in objects)


def load_objects(folder: Path) -> Iterator[PlannedObject]:
    """Read what `save_objects` wrote, one at a time."""
    with (folder / _OBJECTS).open() as file:
        for line in file:
            yield PlannedObject(**json.loads(line))

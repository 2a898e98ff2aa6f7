"""Files go up, are listed and are removed below the input prefix, and only there."""

from __future__ import annotations

import argparse
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import data
from cli.errors import CommandError
from tests.fakes.s3 import FakeS3
from tests.unit.cli.fakes import BEGIN, context_with

PREFIX = "s3://bucket/data/input/"


class Store(FakeS3):
    """Takes uploads, and knows when."""

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.objects[bucket, key] = Path(path).read_bytes()

    def paginate(self, **request: Any) -> Any:
        for page in super().paginate(**request):
            yield {"Contents": [{**entry, "LastModified": BEGIN} for entry in page["Contents"]]}


class Desk:
    """A terminal over a bucket."""

    def __init__(self) -> None:
        self.s3 = Store()
        self.context, self.printed = context_with(s3=self.s3)
        self.context.__dict__["config"] = SimpleNamespace(input_uri=PREFIX)

    def hold(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket="bucket", Key=key, Body=io.BytesIO(b"x" * 1234))

    @property
    def keys(self) -> list[str]:
        return sorted(key for _, key in self.s3.objects)

    def upload(self, *paths: Path) -> None:
        data.upload(self.context, argparse.Namespace(paths=paths, to=None))

    def files(self) -> str:
        data.list_files(self.context, argparse.Namespace())
        return self.printed.getvalue()

    def remove(self, *names: str, yes: bool = True) -> str:
        data.remove(self.context, argparse.Namespace(names=names, yes=yes))
        return self.printed.getvalue()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    return path


def test_upload_keeps_the_name_below_the_prefix(desk: Desk, good: Path) -> None:
    desk.upload(good)

    assert desk.keys == ["data/input/good.csv"]
    assert f"-> {PREFIX}good.csv" in desk.printed.getvalue()


@pytest.mark.parametrize("name", ["notes.txt", "table.xlsx", "csv", "data.CSV", "rows.csv.gz"])
def test_upload_of_a_file_that_no_job_reads_is_refused_before_anything_is_sent(
    desk: Desk, good: Path, name: str
) -> None:
    bad = good.with_name(name)
    bad.write_bytes(b"x")

    with pytest.raises(CommandError, match=re.escape(name) + r"' is neither CSV nor Parquet.* \.csv or \.parquet"):
        desk.upload(good, bad)

    assert desk.keys == []


def test_upload_of_a_folder_says_to_name_its_files(desk: Desk, good: Path) -> None:
    with pytest.raises(CommandError, match="is a folder; name the files in it"):
        desk.upload(good, good.parent)

    assert desk.keys == []


def test_files_shows_size_and_date_of_what_is_below_the_prefix_only(desk: Desk) -> None:
    desk.hold("data/input/", "data/input/a.csv", "data/input/2026/b.csv", "data/input2/c.csv", "data/d.csv")

    text = desk.files()

    shown = re.findall(r"│ (\S+) +│ ([\d,]+) +│ (\S+ \S+) +│", text)
    assert shown == [("2026/b.csv", "1,234", "2026-01-31 02:00:00"), ("a.csv", "1,234", "2026-01-31 02:00:00")]


def test_files_without_any_says_how_one_gets_there(desk: Desk) -> None:
    assert "python pipeline.py upload FILE --local" in desk.files()


def test_remove_takes_the_named_files_and_no_other(desk: Desk) -> None:
    desk.hold("data/input/a.csv", "data/input/notes.txt", "data/input2/notes.txt")

    text = desk.remove("notes.txt", "notes.txt")

    assert desk.keys == ["data/input/a.csv", "data/input2/notes.txt"]
    assert text == "Removed notes.txt\n"


@pytest.mark.parametrize("name", ["b.csv", "../d.csv", "data/input/a.csv", "", "a"])
def test_remove_of_an_unknown_name_removes_nothing(desk: Desk, name: str) -> None:
    desk.hold("data/input/a.csv", "data/d.csv")

    with pytest.raises(CommandError, match=r"there is no file .* nothing was removed.*pipeline\.py files --local"):
        desk.remove("a.csv", name)

    assert desk.keys == ["data/d.csv", "data/input/a.csv"]


def test_remove_asks_and_takes_no_for_an_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hold("data/input/a.csv")
    monkeypatch.setattr("builtins.input", lambda _: "n")

    with pytest.raises(CommandError, match=r"Nothing was removed\. Answer y, or add --yes"):
        desk.remove("a.csv", yes=False)

    assert desk.keys == ["data/input/a.csv"]

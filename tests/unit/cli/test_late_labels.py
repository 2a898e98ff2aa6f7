from __future__ import annotations

import hashlib
import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import late_labels
from cli.context import Context
from cli.errors import CommandError
from tests.fakes.glue import error
from tests.unit.cli.evaluated import Store
from tests.unit.cli.fakes import context_with

PLACE = "s3://bucket/mlops/churn/data/labels-late/"


class Desk:
    """A terminal over a bucket."""

    def __init__(self) -> None:
        self.s3 = Store()
        self.context: Context
        self.context, self.printed = context_with(s3=self.s3)
        self.context.__dict__["config"] = SimpleNamespace(root_uri="s3://bucket/mlops/churn")

    def hold(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket="bucket", Key=key, Body=io.BytesIO(b"x"))

    def address(self, labels: Path | str) -> str:
        return late_labels.address_of(self.context, str(labels))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def write(path: Path, text: str = "A,1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_file_is_uploaded_to_a_place_named_by_its_name_and_content(desk: Desk, tmp_path: Path) -> None:
    path = write(tmp_path / "labels.csv")

    address = desk.address(path)

    line = f"{hashlib.sha256(b'A,1' + bytes([10])).hexdigest()} labels.csv\n"
    assert address == f"{PLACE}{hashlib.sha256(line.encode()).hexdigest()}/"
    key = f"{address.removeprefix('s3://bucket/')}labels.csv"
    assert desk.s3.objects["bucket", key] == b"A,1\n"
    assert desk.printed.getvalue() == f"{path} -> s3://bucket/{key}\n"


def test_same_labels_again_are_not_uploaded_again(desk: Desk, tmp_path: Path) -> None:
    first = desk.address(write(tmp_path / "one/labels.csv"))

    again = desk.address(write(tmp_path / "two/labels.csv"))

    assert again == first
    assert len(desk.s3.uploads) == 1


def test_other_labels_have_a_place_of_their_own(desk: Desk, tmp_path: Path) -> None:
    addresses = {
        desk.address(write(tmp_path / "labels.csv")),
        desk.address(write(tmp_path / "labels.csv", "A,0\n")),
        desk.address(write(tmp_path / "other.csv", "A,0\n")),
    }

    assert len(addresses) == len(desk.s3.uploads) == 3


def test_folder_is_uploaded_with_its_names(desk: Desk, tmp_path: Path) -> None:
    for name in ("b/two.csv.gz", "one.parquet", ".hidden.csv", "_SUCCESS"):
        write(tmp_path / name)

    address = desk.address(tmp_path)

    folder = address.removeprefix("s3://bucket/")
    assert sorted(desk.s3.uploads) == [f"{folder}b/two.csv.gz", f"{folder}one.parquet"]


def test_upload_that_was_broken_off_goes_on(desk: Desk, tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write(tmp_path / name)
    address = desk.address(tmp_path)
    del desk.s3.objects["bucket", desk.s3.uploads[1]]

    assert desk.address(tmp_path) == address
    assert [Path(key).name for key in desk.s3.uploads] == ["one.csv", "two.csv", "two.csv"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["labels.csv", "notes.txt"], "it has 'notes.txt'; allowed are names that end in .csv, .csv.gz, .parquet"),
        ([], "it has no files; allowed are"),
    ],
)
def test_folder_of_other_files_is_refused_and_nothing_is_uploaded(
    desk: Desk, tmp_path: Path, names: list[str], reason: str
) -> None:
    for name in names:
        write(tmp_path / name)

    with pytest.raises(CommandError, match=reason):
        desk.address(tmp_path)

    assert desk.s3.uploads == []


@pytest.mark.parametrize("labels", ["nowhere.csv", "https://host/labels.csv"])
def test_labels_that_are_nowhere_are_refused(desk: Desk, labels: str) -> None:
    with pytest.raises(CommandError, match=f"--labels '{labels}' is refused: there is no such file or folder"):
        desk.address(labels)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("s3://bucket/in/labels.csv", "s3://bucket/in/labels.csv"),
        ("s3://bucket/in/day", "s3://bucket/in/day/"),
        ("s3://bucket/in/day/", "s3://bucket/in/day/"),
        ("s3://bucket", "s3://bucket/"),
        ("s3://bucket/in/ü #1?.csv", "s3://bucket/in/ü #1?.csv"),
    ],
)
def test_address_in_s3_is_an_object_or_a_folder(desk: Desk, given: str, address: str) -> None:
    desk.hold("in/labels.csv", "in/day/one.csv", "in/day-2/other.csv", "in/ü #1?.csv")

    assert desk.address(given) == address
    assert desk.s3.uploads == []


@pytest.mark.parametrize("given", ["s3://bucket/in/lab", "s3://bucket/other/", "s3:///in/labels.csv"])
def test_address_of_nothing_is_refused(desk: Desk, given: str) -> None:
    desk.hold("in/labels.csv")

    with pytest.raises(CommandError, match=f"--labels '{given}' is refused: "):
        desk.address(given)


def test_address_that_may_not_be_looked_at_is_refused_with_what_to_ask_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: str) -> None:
        raise error("403", "HeadObject")

    monkeypatch.setattr(desk.s3, "head_object", refuse)

    with pytest.raises(CommandError, match=r"you may not look at it\. Ask for s3:GetObject on it and s3:ListBucket"):
        desk.address("s3://bucket/in/labels.csv")

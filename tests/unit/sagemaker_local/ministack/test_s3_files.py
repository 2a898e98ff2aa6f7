"""An object's two files are written together, and a cut write is finished or undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.ministack.s3_files import StagedBody, finish_writes, write_object

_SIDECAR = b'{"etag": "new"}'


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_body_and_sidecar_get_their_names(tmp_path: Path) -> None:
    write_object(tmp_path / "a" / "b", b"body", _SIDECAR)

    assert _contents(tmp_path) == {"a/b": b"body", "a/b.meta.json": _SIDECAR}


def test_staged_body_is_moved_into_place(tmp_path: Path) -> None:
    staged = tmp_path / "staged"
    staged.write_bytes(b"large")

    write_object(tmp_path / "object", StagedBody(staged, "md5", 5), _SIDECAR)

    assert _contents(tmp_path) == {"object": b"large", "object.meta.json": _SIDECAR}


def test_sidecar_alone_leaves_the_body(tmp_path: Path) -> None:
    write_object(tmp_path / "object", b"body", b"{}")

    write_object(tmp_path / "object", None, _SIDECAR)

    assert _contents(tmp_path) == {"object": b"body", "object.meta.json": _SIDECAR}


def test_failed_write_changes_nothing(tmp_path: Path) -> None:
    write_object(tmp_path / "object", b"old", b"{}")
    (tmp_path / "object.meta.json.tmp").mkdir()

    with pytest.raises(OSError, match=r"object\.meta\.json\.tmp"):
        write_object(tmp_path / "object", b"new", _SIDECAR)

    assert _contents(tmp_path) == {"object": b"old", "object.meta.json": b"{}"}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param({"o.tmp": b"new"}, {"o": b"old", "o.meta.json": b"{}"}, id="body only"),
        pytest.param(
            {"o.tmp": b"new", "o.meta.json.tmp": _SIDECAR},
            {"o": b"old", "o.meta.json": b"{}"},
            id="before both renames",
        ),
        pytest.param(
            {"o": b"new", "o.meta.json.tmp": _SIDECAR}, {"o": b"new", "o.meta.json": _SIDECAR}, id="between the renames"
        ),
        pytest.param({"o.meta.json.tmp": b'{"eta'}, {"o": b"old", "o.meta.json": b"{}"}, id="cut sidecar"),
    ],
)
def test_start_finishes_or_undoes_a_cut_write(
    tmp_path: Path, left: dict[str, bytes], expected: dict[str, bytes]
) -> None:
    write_object(tmp_path / "bucket" / "o", b"old", b"{}")
    for name, content in left.items():
        (tmp_path / "bucket" / name).write_bytes(content)

    finish_writes(tmp_path)

    assert _contents(tmp_path / "bucket") == expected


def test_start_removes_a_first_write_that_was_cut(tmp_path: Path) -> None:
    (tmp_path / "o.tmp").write_bytes(b"new")
    (tmp_path / "o.meta.json.tmp").write_bytes(_SIDECAR)

    finish_writes(tmp_path)

    assert _contents(tmp_path) == {}

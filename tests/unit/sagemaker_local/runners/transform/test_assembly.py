from __future__ import annotations

from pathlib import Path

from sagemaker_local.runners.transform.assembly import Assembly


def written(assembly: Assembly, *numbers: int) -> list[int]:
    """Finish chunks in the given order; how many were appended with each."""
    counts = []
    for number in numbers:
        assembly.part(number).write_text(f"{number};")
        counts.append(assembly.finish(number))
    return counts


def test_chunks_finished_in_any_order_are_stored_in_theirs(tmp_path: Path) -> None:
    assembly = Assembly(tmp_path / "out")

    counts = written(assembly, 2, 0, 3, 1)

    assert counts == [0, 1, 0, 3]
    assert (tmp_path / "out").read_text() == "0;1;2;3;"


def test_parts_are_removed_as_soon_as_they_are_appended(tmp_path: Path) -> None:
    written(Assembly(tmp_path / "out"), 0, 1, 2)

    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_object_without_chunks_has_an_empty_output(tmp_path: Path) -> None:
    Assembly(tmp_path / "out").complete()

    assert (tmp_path / "out").read_bytes() == b""


def test_discarding_leaves_nothing_behind(tmp_path: Path) -> None:
    assembly = Assembly(tmp_path / "out")
    written(assembly, 0, 1, 3)

    assembly.discard(5)

    assert list(tmp_path.iterdir()) == []

"""What holds for every file of the repository: no machine's paths, no long files."""

from __future__ import annotations

import re

from tests.fakes.tracked_files import text_of, tracked

MOST_LINES = 400
# Folders of somebody's machine: a home, or where this project lies there. /opt/ml is a container's own.
MACHINE_PATH = re.compile(r"(?<![\w.:/}\]*-])/(?:root|home|Users|work|mnt|private)/[\w.-]+")
# What tests take for an example.
PLACEHOLDERS = {"/home/user", "/home/x"}


def test_no_text_file_has_a_path_of_a_machine() -> None:
    found = {str(path): set(MACHINE_PATH.findall(text_of(path) or "")) - PLACEHOLDERS for path in tracked()}

    assert {name: paths for name, paths in found.items() if paths} == {}


def test_no_python_file_is_long() -> None:
    lines = {str(path): (text_of(path) or "").count("\n") for path in tracked() if path.suffix == ".py"}

    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}

from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.runners import reasons
from sagemaker_local.runners.process import EndCause, ProcessEnd


def test_algorithm_error_without_text_reads_as_on_aws() -> None:
    assert reasons.algorithm_error("", 1) == "AlgorithmError: , exit code: 1"


def test_algorithm_error_long_text_keeps_the_exit_code() -> None:
    reason = reasons.algorithm_error("x" * 5_000, 3)

    assert len(reason) == 1024
    assert reason.endswith("x, exit code: 3")


def test_of_process_command_not_found_names_it() -> None:
    end = ProcessEnd(127, EndCause.EXITED, 0.1, start_error="No such file or directory")

    assert "cannot start 'java': No such file or directory, exit code: 127" in reasons.of_process(end, "java")


def test_of_process_killed_by_the_kernel_says_what_that_means() -> None:
    assert "memory" in reasons.of_process(ProcessEnd(137, EndCause.EXITED, 0.1), "python3")


def test_limit_exceeded_says_the_limit() -> None:
    assert "MaxRuntimeInSeconds of 90" in reasons.limit_exceeded(90)


def test_read_text_missing_file_is_empty(tmp_path: Path) -> None:
    assert reasons.read_text(tmp_path / "message") == ""


def test_read_text_cut_inside_a_character_drops_it(tmp_path: Path) -> None:
    (tmp_path / "message").write_text("x" * 1023 + "€", encoding="utf-8")

    assert reasons.read_text(tmp_path / "message") == "x" * 1023


def test_read_text_not_utf8_raises(tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(b"caf\xe9")

    with pytest.raises(UnicodeDecodeError, match="utf-8"):
        reasons.read_text(tmp_path / "message")

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.context import Context
from cli.errors import CommandError
from cli.parameters import as_request, git_commit, parse


def test_parse_value_with_equals_sign_keeps_it() -> None:
    parsed = parse(["InputDataUri=s3://b/day=1/", "Seed=7"])

    assert parsed == {"InputDataUri": "s3://b/day=1/", "Seed": "7"}


@pytest.mark.parametrize("pair", ["Seed", "=7", ""])
def test_parse_without_name_or_equals_sign_is_refused(pair: str) -> None:
    with pytest.raises(CommandError, match="is not of the form Name=Value"):
        parse([pair])


def test_parse_name_given_twice_is_refused() -> None:
    with pytest.raises(CommandError, match="--param Seed is given twice"):
        parse(["Seed=1", "Seed=2"])


def test_as_request_keeps_the_order() -> None:
    assert as_request({"B": "1", "A": "2"}) == [{"Name": "B", "Value": "1"}, {"Name": "A", "Value": "2"}]


def test_git_commit_outside_of_git_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert git_commit() == "unknown"


def test_git_commit_with_changed_files_says_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    clean = git_commit()
    (tmp_path / "new").write_text("x")

    assert len(clean) == 40
    assert git_commit() == f"{clean}-dirty"


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (["configs/pipeline_config.yaml"], " --local"),
        (["mine.yaml"], " --local --config mine.yaml"),
        (
            ["configs/pipeline_config.yaml", "tune.yaml"],
            " --local --config configs/pipeline_config.yaml --config tune.yaml",
        ),
    ],
)
def test_suggested_command_repeats_every_file_unless_it_is_the_default_alone(paths: list[str], text: str) -> None:
    assert Context(config_paths=[Path(path) for path in paths], is_local=True).options_text == text

"""Building is pure: same inputs, same bytes, from anywhere, with nothing of the machine."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig
from tests.integration.pipelines.golden import FILES, FOLDER, build, normalised

CHECKOUT = Path(__file__).parents[3]

PROGRAM = """
import os, socket, sys
def refuse(*arguments, **more):
    raise AssertionError(f"the network was used: {arguments}")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from pathlib import Path
before = dict(os.environ)
checkout = Path(sys.argv[1])
sys.path.insert(0, str(checkout))
from pipelines import catalog
from pipelines.config import load
assert Path(catalog.__file__).is_relative_to(checkout)
config = load([checkout / "configs" / "pipeline_config.yaml"]).with_account_id("123456789012")
built = catalog.build("end-to-end", config)
assert dict(os.environ) == before, "the environment of the process was changed"
sys.stdout.write(built.definition())
for address, body in built.artifacts.items():
    sys.stdout.write(f"\\n{address} {body!r}")
for function in built.functions:
    sys.stdout.write(f"\\n{function!r}")
"""


def copy_checkout(into: Path, *, modified: float) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("pipelines", "scripts", "configs"):
        shutil.copytree(CHECKOUT / folder, into / folder, ignore=ignore)
    for path in [into, *into.rglob("*")]:
        os.utime(path, (modified, modified))
    return into


def start(checkout: Path, cwd: Path) -> subprocess.Popen[bytes]:
    cwd.mkdir()
    command = [sys.executable, "-I", "-c", PROGRAM, str(checkout)]
    return subprocess.Popen(command, env={}, cwd=cwd, stdout=subprocess.PIPE)


@dataclass(frozen=True)
class Runs:
    """What two processes with nothing in their environment built from two copies."""

    root: Path
    first: bytes
    second: bytes


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    root = tmp_path_factory.mktemp("purity")
    one = copy_checkout(root / "one", modified=1_000_000_000)
    two = copy_checkout(root / "elsewhere" / "two", modified=1_700_000_000)
    (two / "scripts" / "notes.txt").write_text("a stray file\n")

    processes = [start(one, root / "here"), start(two, root / "there")]
    first, second = (process.communicate(timeout=120)[0] for process in processes)

    assert [process.returncode for process in processes] == [0, 0]
    return Runs(root, first, second)


@pytest.fixture
def user_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")


def test_build_from_two_copies_with_an_empty_environment_gives_the_same_bytes(runs: Runs) -> None:
    assert runs.first == runs.second
    assert str(runs.root).encode() not in runs.first


def test_build_leaves_no_files_behind(runs: Runs) -> None:
    folders = [runs.root / "here", runs.root / "there"]

    assert [list(folder.iterdir()) for folder in folders] == [[], []]


@pytest.mark.usefixtures("user_settings")
def test_build_beside_the_users_settings_gives_the_same_bytes_within_five_seconds(
    runs: Runs, shipped: PipelineConfig
) -> None:
    began, environment = time.process_time(), dict(os.environ)

    definition = catalog.build("end-to-end", shipped).definition()

    assert dict(os.environ) == environment
    assert time.process_time() - began < 5
    assert runs.first.startswith(definition.encode() + b"\n")


@pytest.mark.parametrize("file", FILES)
def test_build_of_the_shipped_configuration_is_the_golden_file(file: str, shipped: PipelineConfig) -> None:
    """After a change that is meant: see the docstring of tests/integration/pipelines/golden."""
    assert normalised(build(file, shipped)) == (FOLDER / file).read_text(encoding="utf-8")

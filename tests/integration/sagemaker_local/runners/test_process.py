"""Real processes: isolation, output, limits, stops, and what is left afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sagemaker_local.records.job import JobKind
from sagemaker_local.runners import isolation
from sagemaker_local.runners.environment import RunnerEnvironment
from sagemaker_local.runners.leftovers import clean
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.process import EndCause, ProcessEnd, run
from sagemaker_local.runners.workspace import Workspace
from tests.fakes.log_writer import FakeLogWriter

needs_namespaces = pytest.mark.skipif(
    not isolation.is_available(), reason="this kernel gives jobs no /opt/ml of their own"
)
_ROLE = "arn:aws:iam::000000000000:role/job"
_REPOSITORY = Path(__file__).parents[4]


class Shell:
    """Runs bash text in one workspace."""

    def __init__(self, environment: RunnerEnvironment, workspace: Workspace) -> None:
        self.workspace = workspace
        self.logs = FakeLogWriter()
        self.stop_requested = threading.Event()
        self._environment = environment

    def __call__(self, text: str, *, timeout: float | None = 20, grace: float = 5, **options: Any) -> ProcessEnd:
        return self.command("bash", "-c", text, timeout=timeout, grace=grace, **options)

    def command(self, *words: str, timeout: float | None = 20, grace: float = 5, **options: Any) -> ProcessEnd:
        variables = self._environment.variables(self.workspace, role_arn=_ROLE, job_name="job")
        with JobLog(self.logs, JobKind.PROCESSING, "job") as log:
            return run(
                words, self.workspace, variables, log, self.stop_requested, timeout, grace_seconds=grace, **options
            )

    @property
    def lines(self) -> list[str]:
        return self.logs.of("job")


@pytest.fixture
def shell(environment: RunnerEnvironment) -> Any:
    with environment.workspace("job") as workspace:
        yield Shell(environment, workspace)


def _wait_for(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


@needs_namespaces
def test_run_job_sees_its_folder_at_opt_ml(shell: Shell) -> None:
    (shell.workspace.ml / "data").write_text("mine")

    end = shell("cat /opt/ml/data; echo theirs > /opt/ml/result")

    assert end.succeeded
    assert shell.lines == ["mine"]
    assert (shell.workspace.ml / "result").read_text() == "theirs\n"


@needs_namespaces
def test_run_the_rest_of_opt_stays_visible_and_the_host_unchanged(shell: Shell) -> None:
    before = sorted(path.name for path in Path("/opt").iterdir())

    shell("ls -A /opt; id -u")

    assert sorted(path.name for path in Path("/opt").iterdir()) == before
    *entries, user = shell.lines
    assert sorted(entries) == sorted({*before, "ml"})
    assert user == str(os.getuid())


def test_run_not_isolated_job_gets_rewritten_paths(environment: RunnerEnvironment, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "work", "job", isolated=False)
    (workspace.ml / "code").mkdir()
    shell = Shell(environment, workspace)

    shell("echo here > /opt/ml/data; pwd", working_folder="/opt/ml/code")

    assert (workspace.ml / "data").read_text() == "here\n"
    assert shell.lines == [str(workspace.ml / "code")]


def test_run_stdout_and_stderr_arrive_merged_in_order(shell: Shell) -> None:
    shell("echo one; echo two >&2; echo three; printf last")

    assert shell.lines == ["one", "two", "three", "last"]


def test_run_lines_arrive_while_the_job_runs(shell: Shell) -> None:
    thread = threading.Thread(target=shell, args=("echo early; sleep 30",))
    thread.start()

    arrived = _wait_for(lambda: shell.lines == ["early"])
    shell.stop_requested.set()
    thread.join()

    assert arrived


class _Forgetful(FakeLogWriter):
    """Keeps nothing, so that the memory measured is the runner's."""

    def write(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> None:
        pass


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_run_flood_of_output_keeps_memory_flat(shell: Shell) -> None:
    """A hundred megabytes, half of them without a line break."""
    shell.logs = _Forgetful()
    shell("true")
    before = _resident_bytes()

    end = shell("head -c 50000000 /dev/zero; yes 'a line of the flood' | head -c 50000000", timeout=60)

    assert end.succeeded
    assert _resident_bytes() - before < 30_000_000


def test_run_exit_code_is_the_commands(shell: Shell) -> None:
    assert shell("exit 3").exit_code == 3
    assert shell("kill -SEGV $$").exit_code == 128 + signal.SIGSEGV


def test_run_command_that_is_not_there_says_so(shell: Shell) -> None:
    end = shell.command("no-such-program")

    assert (end.exit_code, end.start_error) == (127, "No such file or directory")
    assert shell.lines == ["cannot start 'no-such-program': No such file or directory"]


def test_run_python3_is_the_endpoints_python(shell: Shell) -> None:
    shell.command("python3", "-c", "import sys; print(sys.prefix)")

    assert shell.lines == [sys.prefix]


def test_run_inherits_no_variable_and_no_open_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "1")
    with Path(__file__).open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        shell("env | grep SECRET_OF; readlink /proc/$$/fd/* | grep -v -e pipe: -e /dev/null -e /proc/")

    assert shell.lines == []


def test_run_passed_descriptor_is_there_under_its_number(shell: Shell) -> None:
    reader, writer = os.pipe()

    shell(f"echo ready >&{writer}", pass_fds=(writer,))

    os.close(writer)
    assert os.read(reader, 100) == b"ready\n"
    os.close(reader)


def test_run_endless_job_ends_at_its_limit_with_its_group(shell: Shell) -> None:
    end = shell("sleep 1000 & echo $!; sleep 1000", timeout=0.3)

    assert end.cause is EndCause.TIMED_OUT
    assert end.seconds < 3
    assert _wait_for(lambda: not _is_alive(int(shell.lines[0])))


def test_run_job_deaf_to_sigterm_is_killed_after_the_grace(shell: Shell) -> None:
    end = shell("trap '' TERM; sleep 1000 & echo $!; while true; do sleep 0.05; done", timeout=0.2, grace=0.3)

    assert (end.cause, end.exit_code) == (EndCause.TIMED_OUT, 128 + signal.SIGKILL)
    assert _wait_for(lambda: not _is_alive(int(shell.lines[0])))


def test_run_stopped_job_may_finish_its_work_within_the_grace(shell: Shell) -> None:
    """The shell dies at once; its child, which saves its work, is waited for."""
    script = "import signal, time\nsignal.signal(15, lambda *a: (time.sleep(0.3), print('saved'), exit(0)))\n"
    thread_end: list[ProcessEnd] = []
    text = f'python3 -c "{script}print(1)\ntime.sleep(100)"; true'
    thread = threading.Thread(target=lambda: thread_end.append(shell(text)))
    thread.start()
    _wait_for(lambda: shell.lines)

    shell.stop_requested.set()
    thread.join()

    assert thread_end[0].cause is EndCause.STOPPED
    assert shell.lines == ["1", "saved"]


def test_run_kill_cuts_the_grace_short(shell: Shell) -> None:
    kill_requested = threading.Event()
    ends: list[ProcessEnd] = []
    text = "trap '' TERM; echo ready; while true; do sleep 0.05; done"
    thread = threading.Thread(target=lambda: ends.append(shell(text, grace=60, kill_requested=kill_requested)))
    thread.start()
    _wait_for(lambda: shell.lines)

    shell.stop_requested.set()
    kill_requested.set()
    thread.join(10)

    assert [end.cause for end in ends] == [EndCause.STOPPED]


def test_run_gives_the_job_the_file_mode_mask_of_a_container(shell: Shell) -> None:
    before = os.umask(0o077)
    try:
        shell("umask")
    finally:
        os.umask(before)

    assert shell.lines == ["0022"]


def test_run_stop_before_the_start_runs_nothing(shell: Shell) -> None:
    shell.stop_requested.set()

    assert shell("echo never").cause is EndCause.STOPPED
    assert shell.lines == []


def test_run_children_left_behind_are_gone_when_it_returns(shell: Shell) -> None:
    started = time.monotonic()

    end = shell("sleep 1000 & echo $!; exit 0")

    assert end.succeeded
    assert time.monotonic() - started < 3
    assert _wait_for(lambda: not _is_alive(int(shell.lines[0])))


def test_run_child_that_left_the_group_ends_with_the_workspace(environment: RunnerEnvironment) -> None:
    with environment.workspace("job") as workspace:
        shell = Shell(environment, workspace)
        end = shell("setsid sleep 1000 & echo $!; exit 0")
        pid = int(shell.lines[0])

    assert end.succeeded
    assert not _is_alive(pid)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_run_log_that_refuses_a_line_leaves_no_process(shell: Shell) -> None:
    class Refusing(FakeLogWriter):
        def write(self, group: str, stream: str, lines: Sequence[tuple[int, str]]) -> None:
            raise OSError(f"disk full: {len(lines)} lines for {group} {stream}")

    shell.logs = Refusing()
    pid_file = shell.workspace.path / "pid"

    with pytest.raises(OSError, match="disk full"):
        shell(f"echo $$ > {pid_file}; while true; do echo line; sleep 0.05; done")

    assert not _is_alive(int(pid_file.read_text()))


def test_run_without_pidfd_looks_now_and_then(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)

    end = shell("sleep 1000 & echo text; exit 7")

    assert (end.exit_code, shell.lines) == (7, ["text"])


def test_run_leaves_no_zombie_and_no_descriptor(shell: Shell) -> None:
    shell("true")
    before = (_open_files(), _zombies())

    for _ in range(5):
        shell("true")

    assert (_open_files(), _zombies()) == before


def _zombies() -> set[str]:
    """Ended children of this process that nobody has reaped; other tests' endpoints are living ones."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended since
            fields = path.read_text().rpartition(")")[2].split()
            if fields[0] == "Z" and fields[1] == str(os.getpid()):
                found.add(fields[19])
    return found


_ENDPOINT = """
import sys, threading
from pathlib import Path
from sagemaker_local.records.job import JobKind
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.process import run
from sagemaker_local.runners.workspace import Workspace
from sagemaker_local.settings import PROCESS_MARK
from tests.fakes.log_writer import FakeLogWriter

workspace = Workspace.create(Path(sys.argv[1]), "killed-job", isolated=sys.argv[2] == "True")
variables = {"PATH": "/usr/bin:/bin", PROCESS_MARK: str(workspace.path)}
text = f"sleep 1000 & setsid sleep 1000 & echo $$ $! $(jobs -p | head -1) > {workspace.path}/pids; wait"
log = JobLog(FakeLogWriter(), JobKind.PROCESSING, "j")
run(["bash", "-c", text], workspace, variables, log, threading.Event(), None)
"""


@pytest.mark.parametrize("isolated", [pytest.param(True, marks=needs_namespaces), False])
def test_clean_after_a_killed_endpoint_leaves_none_of_its_processes(tmp_path: Path, isolated: bool) -> None:
    endpoint = subprocess.Popen([sys.executable, "-c", _ENDPOINT, str(tmp_path), str(isolated)], cwd=_REPOSITORY)
    assert _wait_for(lambda: [path for path in tmp_path.glob("*/pids") if path.read_text().count(" ") == 2])
    leader, *children = [int(pid) for path in tmp_path.glob("*/pids") for pid in path.read_text().split()]

    endpoint.kill()
    endpoint.wait()
    is_leader_gone = _wait_for(lambda: not _is_alive(leader))
    survivors = [pid for pid in children if _is_alive(pid)]
    found = clean(tmp_path)

    assert is_leader_gone, "the job dies with the endpoint"
    assert survivors == children, "its children do not, so that there is something to clean"
    assert not any(_is_alive(pid) for pid in children)
    assert found == ["killed-job"]
    assert list(tmp_path.iterdir()) == []


def test_clean_spares_a_process_that_got_a_recorded_number(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "100"], start_new_session=True)
    workspace = Workspace.create(tmp_path, "job", isolated=False)
    (workspace.path / "processes").write_text(f"{other.pid} 12345 some-other-boot\n")

    clean(tmp_path)

    assert other.poll() is None
    other.kill()
    other.wait()

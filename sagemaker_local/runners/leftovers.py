"""Clears what jobs leave: their folders, and processes whose endpoint was killed, never somebody else's."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sagemaker_local.settings import PROCESS_MARK

JOB_NAME = "job"
"""The file in a job's folder that says whose it is."""
_RECORDS = "processes"
_REMOVE_ATTEMPTS = 5
_PROC = Path("/proc")
_DEATH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Process:
    """What identifies a process for good: a pid alone is used again."""

    pid: int
    started: str
    """Clock ticks since boot."""
    group: int
    state: str


def clean(work_path: Path) -> list[str]:
    """Kill the processes that a killed endpoint left behind and remove their folders; the caller owns the work path.

    Returns:
        The names of the jobs whose folders were found.
    """
    if not work_path.is_dir():
        return []
    folders = [path for path in sorted(work_path.iterdir()) if path.is_dir()]
    names = [_job_name(folder) for folder in folders]
    for folder in folders:
        kill(folder)
        remove(folder)
    return names


def remove(folder: Path) -> None:
    """Remove a job's folder, also parts that the job made unreadable or is still writing to while it dies."""
    for attempt in range(_REMOVE_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        _make_accessible(folder)
        time.sleep(0.01 * 2**attempt)


def record(folder: Path, pid: int) -> None:
    """Append a process group's leader to the folder's list."""
    process = _look_up(pid)
    if process is not None:
        with (folder / _RECORDS).open("a", encoding="ascii") as file:
            file.write(f"{pid} {process.started} {_boot_id()}\n")


def kill(folder: Path) -> list[int]:
    """Kill what the folder's job left running and wait until it is gone; return the pids."""
    targets = _find(folder)
    for process in targets:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + _DEATH_SECONDS
    while any(_is_alive(process) for process in targets) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [process.pid for process in targets]


def _find(folder: Path) -> list[_Process]:
    """The processes with the job's marker, and those in a recorded group whose leader is still the recorded one."""
    if not _PROC.is_dir():
        return []
    leaders = _recorded(folder)
    marker = f"{PROCESS_MARK}={folder}".encode()
    everything = [
        process for entry in _PROC.iterdir() if entry.name.isdigit() and (process := _look_up(int(entry.name)))
    ]
    groups = {process.pid for process in everything if (process.pid, process.started) in leaders}
    own = os.getpid()
    return [p for p in everything if p.pid != own and (p.group in groups or _has_marker(p.pid, marker))]


def _recorded(folder: Path) -> set[tuple[int, str]]:
    """(pid, start time) of the leaders that were started since this machine booted."""
    boot = _boot_id()
    found = set()
    with suppress(FileNotFoundError):
        for line in (folder / _RECORDS).read_text(encoding="ascii").splitlines():
            pid, started, line_boot = line.split()
            if line_boot == boot:
                found.add((int(pid), started))
    return found


def _look_up(pid: int) -> _Process | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name stands in parentheses and may hold spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return _Process(pid=pid, state=fields[0], group=int(fields[2]), started=fields[19])


def _is_alive(process: _Process) -> bool:
    now = _look_up(process.pid)
    return now is not None and now.started == process.started and now.state not in {"Z", "X"}


def _has_marker(pid: int, marker: bytes) -> bool:
    try:
        return marker in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _boot_id() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "-"


def _job_name(folder: Path) -> str:
    """Whose folder it is; the folder's own name if the endpoint was killed before it wrote that down."""
    note = folder / JOB_NAME
    return note.read_text(encoding="utf-8") if note.is_file() else folder.name


def _make_accessible(folder: Path) -> None:
    """Give back the permissions that a job took from its folders, from the top down."""
    with suppress(OSError):
        folder.chmod(stat.S_IRWXU)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                _make_accessible(Path(entry.path))

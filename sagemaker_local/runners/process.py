"""Runs one command of a job in a process group of its own, to its end, its time limit or its stop."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sagemaker_local.runners import isolation
from sagemaker_local.runners.lines import LineSplitter
from sagemaker_local.runners.log import JobLog
from sagemaker_local.runners.workspace import Workspace

_POLL_SECONDS = 0.1
_CHUNK_BYTES = 256 * 1024
_DRAIN_SECONDS = 1.0
"""How long to wait for output of processes that left the group and still hold it."""


class EndCause(StrEnum):
    """Why a process ended."""

    EXITED = "Exited"
    TIMED_OUT = "TimedOut"
    STOPPED = "Stopped"


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """How a process ended."""

    exit_code: int
    """As Docker counts: 128 + n when signal n ended it, 127 when the command was not found."""
    cause: EndCause
    seconds: float
    start_error: str | None = None
    """Why the command could not be started at all."""

    @property
    def succeeded(self) -> bool:
        """The command ended by itself, with exit code 0."""
        return self.cause is EndCause.EXITED and self.exit_code == 0


def run(
    command: Sequence[str],
    workspace: Workspace,
    environment: Mapping[str, str],
    log: JobLog,
    stop_requested: threading.Event,
    timeout_seconds: float | None,
    *,
    working_folder: str | None = None,
    grace_seconds: float = 120.0,
    kill_requested: threading.Event | None = None,
    pass_fds: Sequence[int] = (),
) -> ProcessEnd:
    """Run a command to its end; nothing of its process group is left when this returns.

    The process dies with the calling thread, which therefore must be the one that waits for it.

    Args:
        command: program and arguments, with paths as the container has them (/opt/ml/...).
        workspace: its `ml` folder appears at /opt/ml; where it is not isolated, paths are rewritten instead.
        environment: the whole environment, as RunnerEnvironment.variables builds it.
        log: gets stdout and stderr, line by line, as they come.
        stop_requested: ends the process when set: SIGTERM to the group, after `grace_seconds` SIGKILL.
        timeout_seconds: ends it the same way.
        working_folder: a path of the container; the job's HOME if None.
        grace_seconds: time between SIGTERM and SIGKILL.
        kill_requested: cuts that time short when set.
        pass_fds: file descriptors that the process inherits under the same numbers.
    """
    started = time.monotonic()
    if stop_requested.is_set():
        return ProcessEnd(128 + signal.SIGTERM, EndCause.STOPPED, 0.0)
    with ExitStack() as stack:
        status_read, status_write = os.pipe()
        stack.callback(os.close, status_read)
        try:
            process = _start(command, workspace, environment, working_folder, status_write, pass_fds)
        finally:
            os.close(status_write)
        stack.callback(_make_sure_it_ended, process)
        workspace.record(process.pid)
        watch = stack.enter_context(_Watch(process, log))
        deadline = None if timeout_seconds is None else started + timeout_seconds
        cause = watch.wait(stop_requested, deadline, grace_seconds, kill_requested or threading.Event())
        exit_code = watch.finish()
        # Empty unless the launcher failed: the pipe closes when the job's own program starts.
        start_error = os.read(status_read, 4096).decode(errors="replace") or None
    if start_error is not None:
        log.write(f"cannot start {command[0]!r}: {start_error}")
    return ProcessEnd(exit_code, cause, time.monotonic() - started, start_error)


def _start(
    command: Sequence[str],
    workspace: Workspace,
    environment: Mapping[str, str],
    working_folder: str | None,
    status_fd: int,
    pass_fds: Sequence[int],
) -> subprocess.Popen[bytes]:
    arguments, variables = list(command), dict(environment)
    if not workspace.isolated:
        arguments = [isolation.rewrite(argument, workspace.ml) for argument in arguments]
        variables = {name: isolation.rewrite(value, workspace.ml) for name, value in variables.items()}
    launch = isolation.launch_command(
        arguments,
        ml_folder=workspace.ml if workspace.isolated else None,
        working_folder=str(workspace.home) if working_folder is None else workspace.shown(working_folder),
        status_fd=status_fd,
    )
    return subprocess.Popen(
        launch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=variables,
        cwd="/",
        start_new_session=True,
        pass_fds=(status_fd, *pass_fds),
    )


def _make_sure_it_ended(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing running after an error of our own: a full disk, a log that refuses a line."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class _Watch:
    """Follows one process: its output, its end, and what makes it end."""

    def __init__(self, process: subprocess.Popen[bytes], log: JobLog) -> None:
        assert process.stdout is not None  # noqa: S101 - it was started with a pipe
        self._process = process
        self._output = process.stdout
        self._log = log
        self._splitter = LineSplitter()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._pidfd: int | None = None
        with suppress(AttributeError, OSError):  # an older kernel, or none of Linux: then we look now and then
            self._pidfd = os.pidfd_open(process.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ)
        self.has_output = True
        """Somebody still holds the other end of the pipe."""
        self._has_exited = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no descriptor behind."""
        self._selector.close()
        self._output.close()
        if self._pidfd is not None:
            os.close(self._pidfd)

    def wait(
        self,
        stop_requested: threading.Event,
        deadline: float | None,
        grace_seconds: float,
        kill_requested: threading.Event,
    ) -> EndCause:
        """Forward output until the process has ended by itself or by our will."""
        cause = EndCause.EXITED
        kill_at: float | None = None
        while True:
            self._turn(_POLL_SECONDS)
            now = time.monotonic()
            # After SIGTERM the group's other members may still be saving their work: their output pipe tells.
            if self._has_exited and (kill_at is None or not self.has_output):
                return cause
            if kill_at is not None:
                if now >= kill_at or kill_requested.is_set():
                    return cause
                continue
            if stop_requested.is_set():
                cause = EndCause.STOPPED
            elif deadline is not None and now >= deadline:
                cause = EndCause.TIMED_OUT
            if cause is not EndCause.EXITED:
                self._signal(signal.SIGTERM)
                kill_at = now + grace_seconds

    def finish(self) -> int:
        """Kill what is left of the group, take the last output, and reap the process."""
        # Before reaping: as long as the leader is a zombie, nobody else can have its group's number.
        self._signal(signal.SIGKILL)
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self.has_output and time.monotonic() < deadline:
            self._turn(_DRAIN_SECONDS / 10)
        self._log.write(*self._splitter.finish())
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def _turn(self, timeout: float) -> None:
        """Wait for output, for the end, or for time to pass."""
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._output:
                self._read()
            else:
                self._has_exited = True
                self._selector.unregister(key.fileobj)
        if self._pidfd is None and self._process.poll() is not None:
            self._has_exited = True
        self._log.tick()

    def _read(self) -> None:
        chunk = os.read(self._output.fileno(), _CHUNK_BYTES)
        if chunk:
            self._log.write(*self._splitter.feed(chunk))
        else:
            self.has_output = False
            self._selector.unregister(self._output)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

"""MiniStack as this endpoint uses it: patched, kept on disk, and callable from the endpoint's own code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sagemaker_local.ministack import boot
from sagemaker_local.ministack.credentials import LocalCredentials
from sagemaker_local.ministack.functions import LocalFunctions
from sagemaker_local.ministack.lambda_worker import LambdaWorkers
from sagemaker_local.ministack.log_journal import LogJournal
from sagemaker_local.ministack.log_writer import LocalLogs
from sagemaker_local.ministack.loop import Loop
from sagemaker_local.ministack.objects import LocalObjects
from sagemaker_local.ministack.outbox import Outbox
from sagemaker_local.ministack.s3_events import VersionedEvents
from sagemaker_local.ministack.s3_reads import LazyReads
from sagemaker_local.ministack.s3_writes import SafeWrites
from sagemaker_local.ministack.state_saver import StateSaver
from sagemaker_local.settings import Settings

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class LocalAws:
    """Every AWS service that this endpoint does not answer itself."""

    def __init__(self, ministack: boot.Ministack, settings: Settings) -> None:
        loop = Loop(lambda: ministack.app._MAIN_LOOP)  # noqa: SLF001 - set by MiniStack when its lifespan starts
        self._saver = StateSaver(ministack, settings.ministack_path, loop)
        self.journal = LogJournal(ministack, settings.ministack_path, lambda: self._saver.mark(["cloudwatch_logs"]))
        self.outbox = Outbox(ministack, settings.ministack_path)
        for patch in (
            LazyReads(ministack),
            SafeWrites(ministack),
            VersionedEvents(ministack),
            LambdaWorkers(ministack),
            self.journal,
            self.outbox,
            self._saver,
        ):
            patch.install()
        _load_state(ministack)
        self.app: AsgiApp = ministack.app.app
        """The ASGI application; it answers while its lifespan runs."""
        self.objects = LocalObjects(ministack, settings, loop)
        self.logs = LocalLogs(ministack, settings, loop, self._saver.save)
        self.functions = LocalFunctions(ministack, loop)
        self.credentials = LocalCredentials(ministack, settings)

    @classmethod
    def start(cls, settings: Settings) -> LocalAws:
        """Load MiniStack with these settings and patch it; once per process.

        Raises:
            EndpointError: MiniStack is missing or is not the version that the patches are made for.
        """
        return cls(boot.load(settings), settings)

    def close(self) -> None:
        """Save what changed since it was saved last; after the lifespan ended."""
        self._saver.close()


def _load_state(ministack: boot.Ministack) -> None:
    """Load what was saved now: a job's log line that comes before the lifespan would else replace all logs."""
    ministack.app._load_persisted_state()  # noqa: SLF001 - MiniStack has no public way to load
    # Its own call at the start of the lifespan must not load a second time.
    ministack.app._load_persisted_state = _nothing  # noqa: SLF001 - as above


def _nothing() -> None:
    """Stand for a load that happened already."""

"""The endpoint in this process: its lock, its port, and then its composition."""

from __future__ import annotations

from collections.abc import Callable

from sagemaker_local.app.listener import listen
from sagemaker_local.cli.process import ADDRESS_FILE, write_address
from sagemaker_local.cli.state_lock import locked
from sagemaker_local.settings import Settings


def run_here(settings: Settings, serve: Callable[[Settings], None] | None = None) -> None:
    """Serve until a signal or a request to stop.

    Raises:
        PortInUse, StateLocked: before anything is loaded or changed.
    """
    with locked(settings.root):
        # The earliest answer to a taken port; the real listener opens when everything is ready to answer.
        listen(settings.port).close()
        write_address(settings)
        try:
            (serve or _composition())(settings)
        finally:
            (settings.root / ADDRESS_FILE).unlink(missing_ok=True)


def _composition() -> Callable[[Settings], None]:
    # Loads every service: only once the lock and the port are known to be free.
    from sagemaker_local.app.compose import serve

    return serve

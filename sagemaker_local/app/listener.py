"""The endpoint's one open socket."""

from __future__ import annotations

import errno
import socket

from sagemaker_local.errors import PortInUse
from sagemaker_local.settings import HOST


def listen(port: int) -> socket.socket:
    """Open the endpoint's only listener.

    Raises:
        PortInUse: another program listens on the port, or the user may not open it.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port that this endpoint just left waits for late packets; without this a restart would have to wait, too.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # Listening decides: two sockets may share a port until one of them listens.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = "another program listens there" if error.errno == errno.EADDRINUSE else "the system does not allow it"
        raise PortInUse(
            f"The port {port} on {HOST} cannot be used: {why}. "
            "Choose another one with `--port` or SAGEMAKER_LOCAL_PORT, or stop that program."
        ) from error
    return listener

"""The listening socket of the gateways: bound once by the stack and inherited by each of them.

It stays open while a gateway is started again, so callers wait a moment instead of being refused,
and all gateways of a stack share one port.
"""

import contextlib
import errno
import socket
import time
from collections.abc import Iterator
from typing import Final

BACKLOG: Final = 4096
BIND_TIMEOUT_S: Final = 2.0
"""The last gateway of a stack that was just stopped may still be closing its port."""
POLL_S: Final = 0.05


class PortTaken(Exception):
    """Another program listens there."""


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that accepts from now on; port 0 takes any free one.

    Raises:
        PortTaken: for `BIND_TIMEOUT_S`.
        OSError: the address is not one of this machine, or may not be used.
    """
    give_up_at = time.monotonic() + BIND_TIMEOUT_S
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            try:
                made.bind((host, port))
                break
            except OSError as refused:
                if refused.errno != errno.EADDRINUSE:
                    raise
                if time.monotonic() > give_up_at:
                    raise PortTaken(f"port {port} of {host} is in use") from None
                time.sleep(POLL_S)
        made.listen(BACKLOG)
        yield made


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""One socket for all gateways of a stack."""

import socket

import pytest

from flashsale.stack import sockets
from flashsale.stack.sockets import PortTaken, listening


def test_it_accepts_before_any_gateway_runs() -> None:
    with listening("127.0.0.1", 0) as listener:
        socket.create_connection(listener.getsockname(), timeout=5).close()


def test_a_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "BIND_TIMEOUT_S", 0.1)
    with (
        listening("127.0.0.1", 0) as listener,
        pytest.raises(PortTaken, match="is in use"),
        listening("127.0.0.1", listener.getsockname()[1]),
    ):
        pass


def test_it_is_free_again_at_the_end() -> None:
    with listening("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        with socket.create_connection((host, port), timeout=5):
            pass
    with listening(host, port):
        pass

"""Asks a server of the stack whether it is ready, with what the standard library has."""

import contextlib
import http.client
from typing import Final

TIMEOUT_S: Final = 2.0


def answers_200(host: str, port: int, path: str) -> bool:
    """Whether GET `path` answers 200 within `TIMEOUT_S`."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

"""Request ids: the caller's own when it sent a fit one, else a new one."""

import itertools
import os
import re
import time
from typing import Final

_FIT: Final = re.compile(rb"[!-~]{1,128}").fullmatch
_PREFIX: Final = f"{int(time.time()):08x}{os.urandom(6).hex()}".encode()
"""Of this process: the second it started, and luck."""
_numbers = itertools.count(1)


def new_request_id() -> bytes:
    """An id that no other request of any process has."""
    return b"%s%010x" % (_PREFIX, next(_numbers))


def read_request_id(value: bytes) -> bytes | None:
    """The caller's id, or None when it is not 1..128 printable ASCII characters."""
    return value if _FIT(value) else None

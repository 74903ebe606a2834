"""Where an HTTP answer ends, and its status. The body is not looked at."""

from typing import Final

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"\r\ncontent-length:"
WITHOUT_BODY: Final = frozenset({204, 304})


class Unreadable(Exception):
    """Not an HTTP/1.1 answer with a Content-Length; the engine and its peers always send one."""


def find_end(data: bytes) -> tuple[int, int] | None:
    """(status, length of the whole answer in bytes); None while its head is not complete.

    Raises:
        Unreadable: it is not HTTP/1.1, or nobody says where it ends.
    """
    head_end = data.find(HEAD_END)
    if head_end < 0:
        return None
    try:
        if not data.startswith(b"HTTP/1.1 "):
            raise Unreadable(repr(data[:80]))
        status = int(data[9:12])
        at = data.find(LENGTH, 0, head_end)
        if at < 0:
            at = data[:head_end].lower().find(LENGTH)
        if at < 0:
            if status in WITHOUT_BODY:
                return status, head_end + len(HEAD_END)
            raise Unreadable(f"no Content-Length in {data[:head_end]!r}")
        start = at + len(LENGTH)
        line_end = data.find(b"\r\n", start)
        return status, head_end + len(HEAD_END) + int(data[start:line_end])
    except ValueError:
        raise Unreadable(repr(data[:80])) from None

"""Where an answer ends is found however its bytes arrive."""

import asyncio
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.generator.connection import Connection
from loadtests.generator.parse import Unreadable, find_end

bodies = st.binary(max_size=60)
names = st.sampled_from(["content-length", "Content-Length", "CONTENT-LENGTH"])


def _answer(status: int, name: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} Any\r\ndate: x\r\n{name}: {len(body)}\r\nx-last: y\r\n\r\n"
    return head.encode() + body


@given(st.integers(200, 599), names, bodies)
def test_status_and_length_are_found(status: int, name: str, body: bytes) -> None:
    whole = _answer(status, name, body)
    assert find_end(whole) == (status, len(whole))


@given(names, bodies, st.data())
def test_an_answer_in_pieces_is_booked_once(name: str, body: bytes, data: st.DataObject) -> None:
    whole = _answer(201, name, body)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=4)))
    book = _Book()
    connection = Connection(book, cast(asyncio.AbstractEventLoop, None))
    connection.connection_made(_Transport())
    connection.start()
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        assert book.statuses == []
        connection.data_received(whole[start:end])
    assert book.statuses == [201]
    assert book.troubles == [None]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 two OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
    ],
)
def test_what_cannot_be_read_is_not_guessed(data: bytes) -> None:
    with pytest.raises(Unreadable):
        find_end(data)


def test_an_answer_without_a_body_needs_no_length() -> None:
    assert find_end(b"HTTP/1.1 204 No Content\r\nx: y\r\n\r\n") == (204, 33)


def test_more_than_one_answer_to_one_request_is_trouble() -> None:
    book = _Book()
    connection = Connection(book, cast(asyncio.AbstractEventLoop, None))
    connection.connection_made(_Transport())
    connection.start()
    connection.data_received(_answer(201, "content-length", b"a") * 2)
    assert book.statuses == []
    assert book.troubles != [None]


class _Transport(asyncio.WriteTransport):
    def write(self, data: object) -> None:
        """Into the void."""

    def close(self) -> None:
        """Nothing to close."""


class _Book:
    """One request, then no more."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.troubles: list[str | None] = []
        self._left = [b"request"]

    def take(self) -> tuple[bytes, float] | None:
        return (self._left.pop(), 0.0) if self._left else None

    def answered(self, status: int, latency_s: float, answer: bytes) -> None:
        self.statuses.append(status)

    def left(self, connection: Connection, trouble: str | None) -> None:
        self.troubles.append(trouble)

"""The buyers' HTTP: kept connections, lost answers, hanging up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from flashsale.demo.wire import Lost, Wire

PROBLEM = (
    b"HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nRetry-After: 3\r\n"
    b'Content-Length: 19\r\n\r\n{"code":"sold_out"}'
)


class Server:
    """Answers every request with the same bytes; ``requests`` is what came, a text each."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                if not self.answer:
                    break
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[tuple[Server, Wire]]:
    server = Server(answer)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    wire = Wire(host, port, 4)
    try:
        yield server, wire
    finally:
        wire.close()
        listener.close()
        await listener.wait_closed()


async def test_connections_are_kept_and_answers_are_read() -> None:
    async with serving(PROBLEM) as (server, wire):
        for _ in range(3):
            answer = await wire.call("POST", "/orders", token="t", key="k", body={"a": 1})
            assert (answer.status, answer.code, answer.retry_after_s) == (409, "sold_out", 3.0)
        assert server.connections == 1
        assert b"Authorization: Bearer t\r\n" in server.requests[0]
        assert b"Idempotency-Key: k\r\n" in server.requests[0]
        assert server.requests[0].endswith(b'\r\n\r\n{"a":1}')


async def test_many_callers_share_few_connections() -> None:
    async with serving(PROBLEM) as (server, wire):
        await asyncio.gather(*(wire.call("GET", "/") for _ in range(50)))
        assert len(server.requests) == 50
        assert server.connections <= 4


async def test_an_answer_that_never_comes_is_lost() -> None:
    async with serving(b"") as (server, wire):
        with pytest.raises(Lost):
            await wire.call("GET", "/")
        with pytest.raises(Lost):
            await wire.call("GET", "/")
        assert len(server.requests) == 2


async def test_nobody_there_is_lost_too() -> None:
    async with serving(PROBLEM) as (_, wire):
        port = wire.port
    with pytest.raises(Lost):
        await Wire("127.0.0.1", port, 1).call("GET", "/")


async def test_hanging_up_sends_the_request_and_leaves_the_connection() -> None:
    async with serving(PROBLEM) as (server, wire):
        await wire.hang_up_after(0.05, "POST", "/orders", token="t", key="k", body={})
        assert len(server.requests) == 1
        await wire.call("GET", "/")
        assert server.connections == 2

"""A proxy in front of the store that loses answers on request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class LossyProxy:
    """Passes bytes on; while ``losing`` is above 0, the next answers are dropped with their
    connection, after the server has carried the commands out."""

    def __init__(self, url: str, server: Path, path: Path) -> None:
        self._server = server
        self._path = path
        self.url = url.replace(str(server), str(path))
        self.losing = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["LossyProxy"]:
        """Listen while inside."""
        server = await asyncio.start_unix_server(self._serve, self._path)
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up_reader, up_writer = await asyncio.open_unix_connection(self._server)
        there = asyncio.create_task(self._pass(reader, up_writer, answers=False))
        back = asyncio.create_task(self._pass(up_reader, writer, answers=True))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (there, back):
                one.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            for end in (writer, up_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()
            self._tasks.discard(task)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while data := await reader.read(65_536):
            if answers and self.losing > 0 and b"held" in data:
                self.losing -= 1
                return
            writer.write(data)
            await writer.drain()

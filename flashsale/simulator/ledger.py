"""Keeps records in a SQLite file. What is staged in one turn of the loop shares a commit.

Memory is the working copy; the file is read once, at the start. An answer leaves only after the
commit that holds its changes, so a killed simulator forgets nothing that it said.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

Kind = Literal["payment", "refund", "dispute", "key", "event", "faults"]


class Ledger:
    """A file of records. Belongs to one event loop; `close` it at the end."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, body BLOB,"
            " PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._staged: dict[tuple[Kind, str], bytes | None] = {}
        self._committing: asyncio.Task[None] | None = None

    def read(self, kind: Kind) -> Iterator[bytes]:
        """Yield the bodies of every record of a kind. For the start only."""
        rows = self._database.execute("SELECT body FROM records WHERE kind = ?", (kind,))
        for (body,) in rows:
            yield body

    def put(self, kind: Kind, name: str, record: Struct | tuple[str, Struct]) -> None:
        """Stage a record as it is now; the next `commit` keeps it."""
        self._staged[kind, name] = msgspec.json.encode(record)

    def drop(self, kind: Kind, name: str) -> None:
        """Stage the end of a record."""
        self._staged[kind, name] = None

    async def commit(self) -> None:
        """Return when everything staged up to now is in the file."""
        while self._staged or self._committing is not None:
            running = self._committing
            if running is None:
                running = self._committing = asyncio.create_task(self._flush())
                await asyncio.shield(running)
                return
            mine_is_later = bool(self._staged)
            await asyncio.shield(running)
            if not mine_is_later:
                return

    async def _flush(self) -> None:
        await asyncio.sleep(0)  # let the others of this turn stage their changes too
        staged, self._staged = self._staged, {}
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._writer, self._write, staged)
        finally:
            self._committing = None

    def _write(self, staged: dict[tuple[Kind, str], bytes | None]) -> None:
        puts = [(kind, name, body) for (kind, name), body in staged.items() if body is not None]
        drops = [key for key, body in staged.items() if body is None]
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", puts)
        self._database.executemany("DELETE FROM records WHERE kind = ? AND id = ?", drops)
        self._database.execute("COMMIT")

    async def close(self) -> None:
        """Commit what is staged and close the file."""
        await self.commit()
        self._writer.shutdown()
        self._database.close()

"""Postgres, asked from code that is not asynchronous."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg


class Database:
    """One connection of its own. Main thread only; `close` it."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection: Any = self._runner.run(asyncpg.connect(url))

    def value(self, query: str, *arguments: object) -> Any:
        """The first column of the first row; None without one. Raises asyncpg.PostgresError."""
        return self._runner.run(self._connection.fetchval(query, *arguments))

    def rows(self, query: str, *arguments: object) -> Sequence[Any]:
        """All rows. Raises asyncpg.PostgresError."""
        found: Sequence[Any] = self._runner.run(self._connection.fetch(query, *arguments))
        return found

    def execute(self, query: str, *arguments: object) -> None:
        """One statement. Raises asyncpg.PostgresError."""
        self._runner.run(self._connection.execute(query, *arguments))

    def close(self) -> None:
        """End the connection and its loop."""
        self._runner.run(self._connection.close())
        self._runner.close()

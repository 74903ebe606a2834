"""Tests mirror the source; beside them end-to-end, browser and fault tests.

conftest.py   the fixtures everybody uses: real Valkey, real Postgres, asyncio by anyio
engines.py    how these engines are started and how one test is kept apart from the next
"""

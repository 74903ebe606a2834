"""Live numbers of a sale as server-sent events."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from gateway.app import Application
from gateway.problems import Refused
from gateway.sales import store_numbers
from gateway.sales import watch as watching
from gateway.sales.watch import SaleWatch
from tests.gateway.desk import Desk


@pytest.fixture
async def watch(app: Application) -> AsyncIterator[SaleWatch]:
    """A poller of its own."""
    made = SaleWatch(app.process)
    async with made.polling():
        yield made


async def next_event(stream: AsyncIterator[bytes]) -> tuple[str, dict[str, Any]]:
    """The id and data of the next event; comments are passed over."""
    async with asyncio.timeout(4):
        async for chunk in stream:
            fields = dict(
                line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line
            )
            if fields.get("event") == "stock":
                return fields["id"], msgspec.json.decode(fields["data"])
    raise AssertionError("the stream has ended")


async def open_stream(watch: SaleWatch, sale_id: int) -> AsyncIterator[bytes]:
    stream = await watch.watch(sale_id)
    assert stream is not None
    return stream


async def test_the_first_event_comes_at_once_and_the_next_when_something_changes(  # B7
    desk: Desk, watch: SaleWatch
) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"], 10)
    stream = await open_stream(watch, sale_id)
    event_id, first = await next_event(stream)
    assert event_id == first["position"] == "1-1"
    assert (first["id"], first["state"]) == (sale_id, "live")
    assert first["items"] == [
        {"product_id": made["id"], "units": 10, "available": 10, "held": 0, "sold": 0}
    ]
    for _ in range(3):
        await desk.buy(made["id"])
    event_id, second = await next_event(stream)
    assert event_id == "1-4"
    assert second["items"][0]["available"] == 7


async def test_a_reader_gets_at_most_one_event_a_second_and_the_latest(  # B7
    desk: Desk, watch: SaleWatch
) -> None:
    made = await desk.product()
    stream = await open_stream(watch, await desk.open_sale(made["id"], 50))
    times: list[float] = []
    left = 50
    while len(times) < 3:
        await next_event(stream)
        times.append(time.monotonic())
        for _ in range(5):
            await desk.buy(made["id"])
            left -= 1
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.99
    assert (await next_event(stream))[1]["items"][0]["available"] == left


async def test_many_readers_cost_one_read_of_the_store_a_turn(
    desk: Desk, watch: SaleWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"], 10)
    streams = [await open_stream(watch, sale_id) for _ in range(50)]
    for stream in streams:
        await next_event(stream)
    reads = []

    async def counted(*args: Any) -> Any:
        reads.append(args)
        return await store_numbers.read_numbers(*args)

    monkeypatch.setattr(watching, "read_numbers", counted)
    assert await watch.poll_once() == 1
    assert len(reads) == 1


async def test_a_pause_and_the_end_are_told(desk: Desk, watch: SaleWatch) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"], 10)
    stream = await open_stream(watch, sale_id)
    states = [(await next_event(stream))[1]["state"]]
    for step in ("pause", "close"):
        await desk.ask("POST", f"/sales/{sale_id}/{step}")
        states.append((await next_event(stream))[1]["state"])
    assert states == ["live", "paused", "closed"]


async def test_a_quiet_stream_is_kept_open_by_comments(
    desk: Desk, watch: SaleWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PING_S", 0.0)
    made = await desk.product()
    stream = await open_stream(watch, await desk.open_sale(made["id"], 10))
    chunks = [await anext(stream) for _ in range(3)]
    assert chunks[0].startswith(b"retry:")
    assert chunks[2] == b": ping\n\n"


async def test_streams_end_when_the_process_drains(
    desk: Desk, app: Application, watch: SaleWatch
) -> None:
    made = await desk.product()
    stream = await open_stream(watch, await desk.open_sale(made["id"], 10))
    await next_event(stream)
    app.process.draining.set()
    with pytest.raises(AssertionError, match="ended"):
        await next_event(stream)


async def test_readers_are_limited(
    desk: Desk, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = msgspec.structs.replace(app.process.settings, stream_readers_max=1)
    watch = SaleWatch(msgspec.structs.replace(app.process, settings=settings))
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"], 10)
    first = await open_stream(watch, sale_id)
    await next_event(first)
    with pytest.raises(Refused, match="overloaded"):
        await watch.watch(sale_id)
    await first.aclose()  # type: ignore[attr-defined]
    assert await watch.watch(sale_id) is not None


async def test_there_is_no_stream_of_no_sale(watch: SaleWatch) -> None:
    assert await watch.watch(999_999) is None

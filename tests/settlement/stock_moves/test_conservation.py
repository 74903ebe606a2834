"""Whatever is done in whatever order, with calls lost anywhere: the units stay the same."""

import asyncio
import random

import pytest
import redis.asyncio

from lua import keys, reserve
from lua.order_ids import new_order_id
from lua.release import release
from settlement.stock_moves.end_sale import pause_sale
from tests.settlement.stock_moves.yard import UNITS, Loss, Yard, open_yard

STEPS = 60
LOSSES: list[Loss] = [
    ("open", "before"), ("open", "after"), ("adjust", "before"), ("adjust", "after"),
    ("pause", "after"),
]  # fmt: skip


async def step(yard: Yard, dice: random.Random, orders: list[str]) -> None:
    """One thing that may happen to a sale; any of it may be refused."""
    base = keys.lane_base(yard.sale, 0)
    match dice.randrange(7):
        case 0:
            await yard.open()
        case 1 | 2:
            await yard.move(dice.choice([1, 5, 40, -1, -5, -40]), dice.choice([None, "a", "b"]))
        case 3:
            order = new_order_id(yard.sale, 0)
            lines = [(yard.product, dice.randint(1, 9))]
            held = await reserve.reserve(yard.store, base, order, 1, order, lines)
            if isinstance(held, reserve.Held):
                orders.append(order)
        case 4 if orders:
            await release(yard.store, base, orders.pop(), "CANCELLED", "user")
        case 5:
            await pause_sale(yard.store, yard.engine, yard.sale, dice.choice(["paused", "open"]))
        case _:
            await yard.finish()


@pytest.mark.parametrize("seed", range(4))
async def test_no_unit_is_lost_or_made(
    valkey: "redis.asyncio.Redis", database_url: str, seed: int
) -> None:
    dice = random.Random(seed)
    async with open_yard(valkey, database_url) as yard:
        await yard.sql("INSERT INTO users (email, password_hash) VALUES ('a@b.example', '!')")
        orders: list[str] = []
        for _ in range(STEPS):
            yard.store.lost = dice.choice([None, *LOSSES])
            await step(yard, dice, orders)
        yard.store.lost = None
        await yard.finish()
        assert await yard.stock() + await yard.settled() == UNITS
        assert await yard.in_store() == await yard.settled()
        assert "intended" not in {state for _, state in await yard.moves()}


async def test_moves_at_once_neither_deadlock_nor_lose_a_unit(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_yard(valkey, database_url) as yard:
        await yard.open()
        await asyncio.gather(
            *(yard.move(delta) for delta in [7, -3, 20, -10, 9, -25, 40, 40] * 2),
            *(yard.move(5, "same") for _ in range(5)),
            yard.drainer.drain(),
        )
        await yard.finish()
        assert await yard.stock() + await yard.settled() == UNITS
        assert await yard.in_store() == await yard.settled()
        keyed = await yard.sql("SELECT count(*) FROM stock_moves WHERE idempotency_key = 'same'")
        assert keyed == [(1,)]

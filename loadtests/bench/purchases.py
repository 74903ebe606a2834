"""Purchases: the requests, and a round of them."""

import uuid
from collections.abc import Callable, Sequence

from loadtests.bench.measurement import Run
from loadtests.bench.shoot import shoot
from loadtests.generator.encode import encode_json_post
from loadtests.stage.sales import OnSale
from loadtests.stage.servers import Server
from loadtests.stage.stage import Stage

CREATED = 201


def purchase_requests(
    stage: Stage, product_id: int, count: int, *, signed_in: bool = True
) -> list[bytes]:
    """`count` purchases of one unit, each with a buyer, a token and a key of its own."""
    body = b'{"product_id":%d,"quantity":1}' % product_id
    found = []
    for token in stage.buyers.tokens(stage.buyers.take(count)):
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if signed_in:
            headers["Authorization"] = f"Bearer {token}"
        found.append(encode_json_post("/orders", body, headers))
    return found


def buying(stage: Stage, on_sale: OnSale, *, also: Sequence[int] = ()) -> Callable[[int], Run]:
    """A side that buys at our gateway; every answer is a durable hold."""
    return at(stage, stage.gateway, on_sale.product_id, also=also)


def at(
    stage: Stage,
    server: Server,
    product_id: int = 1,
    *,
    signed_in: bool = True,
    expect: int = CREATED,
    also: Sequence[int] = (),
) -> Callable[[int], Run]:
    """A side that sends purchases to a server, all of which must be answered with `expect`."""

    def side(count: int) -> Run:
        requests = purchase_requests(stage, product_id, count, signed_in=signed_in)
        return shoot(stage, server, requests, expect=expect, also=also)

    return side


def enough_units(stage: Stage) -> int:
    """Units that outlast all rounds and the warm-up of one measurement."""
    return stage.size.requests * (stage.size.rounds + 2)

"""Tells the gateways which sale sells a product: a map in the store, copied from Postgres."""

from collections.abc import Iterable

from redis.exceptions import WatchError

from lua import keys
from lua.store import UNREACHABLE, Store, StoreUnreachable
from settlement.drain.lanes import Connection


async def announce(store: Store, sale_id: int, products: Iterable[int]) -> None:
    """Write that ``sale_id`` sells these products now. Raises StoreUnreachable."""
    selling = {str(product): str(sale_id) for product in products}
    try:
        await store.client.hset(keys.PRODUCTS, mapping=selling)  # type: ignore[misc]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost


async def tell(store: Store, sale_id: int) -> None:
    """Tell the gateways that something of the sale has changed. Raises StoreUnreachable."""
    try:
        await store.client.publish(keys.SALES_CHANNEL, str(sale_id))
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost


async def withdraw(store: Store, sale_id: int, products: Iterable[int]) -> None:
    """Write that ``sale_id`` sells these products no more, and tell. Raises StoreUnreachable."""
    if await _forget(store, {str(product): str(sale_id) for product in products}):
        await tell(store, sale_id)


async def reconcile(store: Store, connection: Connection) -> int:
    """Make the map what Postgres says, where a crash left it otherwise; returns how many differed.

    Raises StoreUnreachable.
    """
    try:
        found = await store.client.hgetall(keys.PRODUCTS)  # type: ignore[misc]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    written = {product.decode(): sale.decode() for product, sale in found.items()}
    rows = await connection.fetch(
        "SELECT i.product_id::text, i.sale_id::text FROM sale_items AS i"
        " JOIN sales AS s ON s.id = i.sale_id WHERE i.open AND s.state = 'open'"
    )
    true = {row[0]: row[1] for row in rows}
    stale = {product: sale for product, sale in written.items() if true.get(product) != sale}
    absent = {product: sale for product, sale in true.items() if written.get(product) != sale}
    if stale:
        await _forget(store, await _ended(connection, stale))
    try:
        for product, sale in absent.items():
            await store.client.hsetnx(keys.PRODUCTS, product, sale)  # type: ignore[misc]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    for sale in {*stale.values(), *absent.values()}:
        await tell(store, int(sale))
    return len(stale) + len(absent)


async def _ended(connection: Connection, stale: dict[str, str]) -> dict[str, str]:
    """Those of the pairs whose sale takes no more orders: one just opened is not stale."""
    rows = await connection.fetch(
        "SELECT id::text FROM sales WHERE id = ANY($1::text[]::bigint[]) AND state <> 'open'",
        [*stale.values()],
    )
    ended = {row[0] for row in rows}
    return {product: sale for product, sale in stale.items() if sale in ended}


async def _forget(store: Store, pairs: dict[str, str]) -> bool:
    """Remove these pairs, but none that says another sale by now; False: there was none.

    Raises StoreUnreachable.
    """
    if not pairs:
        return False
    try:
        async with store.client.pipeline(transaction=True) as pipeline:
            while True:
                try:
                    await pipeline.watch(keys.PRODUCTS)
                    sellers = await pipeline.hmget(keys.PRODUCTS, [*pairs])  # type: ignore[misc]
                    gone = [
                        product
                        for (product, sale), seller in zip(pairs.items(), sellers, strict=True)
                        if seller == sale.encode()
                    ]
                    pipeline.multi()  # type: ignore[no-untyped-call]
                    if gone:
                        pipeline.hdel(keys.PRODUCTS, *gone)
                    await pipeline.execute()
                except WatchError:
                    continue
                return bool(gone)
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost

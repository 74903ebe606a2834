"""Tells the gateways which sale sells a product: a copy in the store, which recovery rebuilds."""

from collections.abc import Iterable

from lua import keys
from lua.store import UNREACHABLE, Store, StoreUnreachable


async def announce(store: Store, sale_id: int, products: Iterable[int]) -> None:
    """Say that ``sale_id`` sells these products now. Raises StoreUnreachable."""
    selling = {str(product): str(sale_id) for product in products}
    try:
        await store.client.hset(keys.PRODUCTS, mapping=selling)  # type: ignore[misc]
        await store.client.publish(keys.SALES_CHANNEL, str(sale_id))
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost


async def withdraw(store: Store, sale_id: int, products: Iterable[int]) -> None:
    """Say that ``sale_id`` sells these products no more. Raises StoreUnreachable."""
    names = [str(product) for product in products]
    try:
        sellers = await store.client.hmget(keys.PRODUCTS, names)  # type: ignore[misc]
        mine = [
            name for name, seller in zip(names, sellers, strict=True) if seller == b"%d" % sale_id
        ]
        if mine:
            await store.client.hdel(keys.PRODUCTS, *mine)  # type: ignore[misc]
        await store.client.publish(keys.SALES_CHANNEL, str(sale_id))
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost

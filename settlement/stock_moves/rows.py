"""The SQL of stock moves. Products are locked in id order, so that two moves cannot deadlock."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from lua import open as lua_open
from settlement.drain.lanes import Connection

Kind = Literal["open", "add", "take_back"]


class Sale(Struct, frozen=True):
    """A sale as far as moves care. Times in milliseconds, 0: none."""

    id: int
    state: str
    starts_ms: int
    ends_ms: int
    hold_ttl_ms: int
    currency: str
    lanes: int
    over: bool


class Item(Struct, frozen=True):
    """An item, and its product as it is now."""

    product: int
    units: int
    price_minor: int
    limit: int
    stock: int
    sellable: bool


class Move(Struct, frozen=True):
    """An intent."""

    id: str
    sale_id: int
    lane: int
    product: int
    kind: Kind
    units: int
    state: str


async def read_sale(connection: Connection, sale_id: int, *, lock: bool = False) -> Sale | None:
    """Return a sale, locked for the rest of the transaction if asked."""
    row = await connection.fetchrow(
        "SELECT id, state, CASE WHEN starts_at > coalesce(opened_at, now())"
        " THEN (extract(epoch FROM starts_at) * 1000)::bigint ELSE 0 END,"
        " coalesce((extract(epoch FROM ends_at) * 1000)::bigint, 0), hold_ttl_s * 1000, currency,"
        " lanes, coalesce(ends_at <= now(), false) FROM sales WHERE id = $1"
        + (" FOR UPDATE" if lock else ""),
        sale_id,
    )
    return None if row is None else Sale(*row.values())


async def read_items(connection: Connection, sale_id: int, *, lock: bool = False) -> list[Item]:
    """Return a sale's items, products ascending; their products locked if asked."""
    rows = await connection.fetch(
        "SELECT i.product_id, i.units, i.price_minor, coalesce(i.max_per_user, 0), p.stock,"
        " p.is_active AND p.deleted_at IS NULL"
        " FROM sale_items AS i JOIN products AS p ON p.id = i.product_id"
        " WHERE i.sale_id = $1 ORDER BY p.id" + (" FOR UPDATE OF p" if lock else ""),
        sale_id,
    )
    return [Item(*row.values()) for row in rows]


async def take_stock(connection: Connection, product: int, units: int) -> int | None:
    """Take units from a product; returns its stock when there are fewer, None when done."""
    stock = await connection.fetchval(
        "SELECT stock FROM products WHERE id = $1 FOR UPDATE", product
    )
    if stock is None or stock < units:
        return int(stock or 0)
    await connection.execute(
        "UPDATE products SET stock = stock - $2, version = version + 1, updated_at = now()"
        " WHERE id = $1",
        product,
        units,
    )
    return None


async def give_stock(connection: Connection, product: int, units: int) -> None:
    """Give units back to a product."""
    await connection.execute(
        "UPDATE products SET stock = stock + $2, version = version + 1, updated_at = now()"
        " WHERE id = $1",
        product,
        units,
    )


async def insert_move(
    connection: Connection, move: Move, key: str | None, created_by: int | None
) -> None:
    """Write an intent."""
    await connection.execute(
        "INSERT INTO stock_moves (id, sale_id, product_id, lane, kind, units, idempotency_key,"
        " created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        move.id,
        move.sale_id,
        move.product,
        move.lane,
        move.kind,
        move.units,
        key,
        created_by,
    )


async def undo_move(connection: Connection, move: Move) -> None:
    """Give up an intent that the store refused; an added unit goes back to its product."""
    undone = await connection.fetchval(
        "UPDATE stock_moves SET state = 'undone', finished_at = now()"
        " WHERE id = $1 AND state = 'intended' RETURNING id",
        move.id,
    )
    if undone and move.kind == "add":
        await give_stock(connection, move.product, move.units)


async def find_move(connection: Connection, sale_id: int, key: str) -> Move | None:
    """Return the move that an idempotency key of a sale stands for."""
    row = await connection.fetchrow(
        "SELECT id::text, sale_id, lane, product_id, kind, units, state FROM stock_moves"
        " WHERE sale_id = $1 AND idempotency_key = $2",
        sale_id,
        key,
    )
    return None if row is None else Move(*row.values())


async def intended(connection: Connection, older_than_s: float) -> Sequence[Move]:
    """Return the intents that nobody has finished for so long, oldest first."""
    rows = await connection.fetch(
        "SELECT id::text, sale_id, lane, product_id, kind, units, state FROM stock_moves"
        " WHERE state = 'intended' AND kind IN ('open', 'add', 'take_back')"
        " AND created_at < now() - make_interval(secs => $1) ORDER BY created_at LIMIT 500",
        older_than_s,
    )
    return [Move(*row.values()) for row in rows]


async def open_rows(connection: Connection, sale: Sale, lanes: Sequence[int]) -> None:
    """Mark a sale open, its items too, and give each lane its cursor.

    Raises UniqueViolationError of ``uq_sale_items_open_product``: a product is on sale elsewhere.
    """
    await connection.execute("UPDATE sale_items SET open = true WHERE sale_id = $1", sale.id)
    await connection.execute(
        "UPDATE sales SET state = 'open', opened_at = now(), updated_at = now() WHERE id = $1",
        sale.id,
    )
    await connection.execute(
        "INSERT INTO journal_cursors (sale_id, lane, generation, seq)"
        " SELECT $1, lane, generation, 0 FROM store_generation, unnest($2::int[]) AS lane",
        sale.id,
        list(lanes),
    )


def terms(sale: Sale, journal_max: int) -> lua_open.Terms:
    """What a lane of the sale is opened with."""
    return lua_open.Terms(
        sale.starts_ms, sale.ends_ms, sale.hold_ttl_ms, sale.currency, journal_max
    )

"""What buyers, the sale's page and the provider say of each promise: one function a promise."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from flashsale.demo.books import Books
from flashsale.demo.plan import CURRENCY
from flashsale.demo.seen import Seen
from flashsale.demo.watching import Watched
from settlement.laws.law import counted
from settlement.laws.money import say_money


class Rows(Struct, frozen=True):
    """What only rows tell: orders, units in paid ones, unsold units back at their products."""

    orders: Mapping[str, int]
    order_ids: frozenset[str]
    units_paid: int
    units_home: int


class Play(Struct, frozen=True):
    """Everything that was seen from outside, when the sale is over."""

    units: int
    seen: Seen
    watched: Watched
    books: Books
    rows: Rows


class Witness(Struct, frozen=True):
    """What is said, and what is wrong with it."""

    told: str
    wrong: tuple[str, ...] = ()


async def read_rows(database_url: str, products: Sequence[int]) -> Rows:
    """Read what the witnesses need of Postgres."""
    connection = await asyncpg.connect(database_url)
    try:
        orders = await connection.fetch("SELECT id::text, status FROM orders")
        paid = await connection.fetchval(
            "SELECT coalesce(sum(quantity), 0)::bigint FROM order_lines AS l"
            " JOIN orders AS o ON o.id = l.order_id WHERE o.status = 'PAID'"
        )
        home = await connection.fetchval(
            "SELECT coalesce(sum(stock), 0)::bigint FROM products WHERE id = ANY($1::bigint[])",
            list(products),
        )
    finally:
        await connection.close()
    statuses = [row["status"] for row in orders]
    return Rows(
        orders={status: statuses.count(status) for status in sorted(set(statuses))},
        order_ids=frozenset(row["id"] for row in orders),
        units_paid=paid,
        units_home=home,
    )


def never_oversold(play: Play) -> Witness:
    """Paid units are not more than there were, and the sale's page always added up."""
    paid, looks = play.rows.units_paid, counted(play.watched.looks, "look")
    told = f"{paid:,} of {play.units:,} units in paid orders; {looks} at the page added up"
    wrong = [f"{paid:,} units were sold of {play.units:,}"] if paid > play.units else []
    wrong += [play.watched.broken["stock"]] if "stock" in play.watched.broken else []
    return Witness(told, tuple(wrong))


def stores_agree(play: Play) -> Witness:
    """Nothing was ever broken while the sale went on."""
    broken = play.watched.broken.items()
    told = f"the laws were checked {play.watched.law_checks} times during the sale"
    return Witness(told, tuple(f"{name}: {said}" for name, said in broken if name != "stock"))


def settled_once(play: Play) -> Witness:
    """Every order a buyer was given is there; others only where the answer was lost."""
    acknowledged = {order.id for order in play.seen.placed.values()}
    missing, unheard = acknowledged - play.rows.order_ids, play.rows.order_ids - acknowledged
    told = f"{len(acknowledged):,} orders given to buyers are there"
    if unheard:
        told += f", and {len(unheard):,} whose answer was lost"
    wrong = [f"{len(missing):,} orders given to buyers are missing"] if missing else []
    if len(unheard) > play.seen.lost + play.seen.hung_up:
        wrong.append(f"{len(unheard):,} orders were never given to a buyer")
    return Witness(told, (*wrong, *play.seen.broken[:3]))


def ends_once(play: Play) -> Witness:
    """No order is left open."""
    orders = play.rows.orders
    told = ", ".join(f"{count:,} {status.lower()}" for status, count in orders.items())
    return Witness(told, ("orders are still pending",) if orders.get("PENDING") else ())


def money_settles(play: Play) -> Witness:
    """The provider's books agree with ours, payment by payment."""
    books = play.books
    taken, given = (
        say_money(amount, CURRENCY) for amount in (books.captured_minor, books.refunded_minor)
    )
    payments = counted(books.captured, "payment")
    return Witness(f"provider: {taken} taken in {payments}, {given} given back", books.wrong[:3])


def retries_are_safe(play: Play) -> Witness:
    """The same key always meant the same order."""
    seen = play.seen
    told = f"{counted(seen.retries, 'retry', 'retries')} answered with the same order"
    wrong = () if seen.retries == seen.retries_same else ("a retry was given another order",)
    return Witness(told, wrong)


def limits_kept(play: Play) -> Witness:
    """Those who wanted more were told."""
    limit, fast = play.seen.outcomes["limit_reached"], play.seen.outcomes["rate_limited"]
    return Witness(f"{limit:,} attempts met the limit, {fast:,} were too fast")


def units_come_home(play: Play) -> Witness:
    """What was not sold is at its product again."""
    home, paid = play.rows.units_home, play.rows.units_paid
    wrong = f"{home:,} units home + {paid:,} paid of {play.units:,}"
    told = f"{home:,} unsold units are back at their products"
    return Witness(told, () if home + paid == play.units else (wrong,))


WITNESSES: Final[Mapping[str, Callable[[Play], Witness]]] = {
    "Never oversold": never_oversold,
    "The stores agree": stores_agree,
    "Acknowledged means settled, once": settled_once,
    "A hold ends once": ends_once,
    "Money is never stuck": money_settles,
    "Retries are safe": retries_are_safe,
    "Limits are kept": limits_kept,
    "Units come home": units_come_home,
}
"""Promise -> its witness."""

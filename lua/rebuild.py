"""Binding of ``rebuild.lua``: recovery writes a lane anew from Postgres, behind a closed gate."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Argument, ScriptFailed, Store, read_answer

PAIRS_MAX = 1_000
"""Pairs in one call: far below Lua's limit of 8,000 values on its stack, a millisecond of work."""

HashSuffix = Literal["HOLDS", "USERS", "VERDICTS", "MOVES"]
QueueSuffix = Literal["DUE", "PAYING", "EXPIRING"]


class Done(Struct, frozen=True):
    """The step is written; ``seq`` is the lane's last journal entry."""

    seq: int


class ItemTotals(Struct, frozen=True):
    """One item as Postgres has it; ``units = available + held + sold``."""

    product: int
    price_minor: int
    limit: int
    units: int
    available: int
    held: int
    sold: int


Outcome = Done | Closed
ANSWERS: dict[str, type[Outcome]] = {"done": Done}


async def begin(
    store: Store,
    base: str,
    seq: int,
    conf: str,
    day: int,
    ceiling: int,
    items: Iterable[ItemTotals],
) -> Outcome:
    """Drop the lane and write its totals; its journal goes on at ``seq + 1``. Gate stays closed.

    A lane that is there and whose gate is not closed at this generation is left as it is: Closed.
    """
    arguments: list[str | int] = ["begin", seq, conf, day, ceiling]
    for item in items:
        terms = f"{item.price_minor} {item.limit}"
        arguments += [item.product, terms, item.units, item.available, item.held, item.sold]
    return read_answer("rebuild", await store.run("rebuild", base, *arguments), ANSWERS)


async def put(
    store: Store, base: str, suffix: HashSuffix, part: int | str, pairs: Sequence[tuple[str, str]]
) -> None:
    """Write (field, value) pairs into a hash of the lane, in slices.

    Raises StoreUnreachable, ScriptFailed: also when the gate is not closed any more.
    """
    for at in range(0, len(pairs), PAIRS_MAX):
        flat = [text for pair in pairs[at : at + PAIRS_MAX] for text in pair]
        await _write(store, base, "put", suffix, part, flat)


async def queue(
    store: Store, base: str, suffix: QueueSuffix, part: int | str, pairs: Sequence[tuple[int, str]]
) -> None:
    """Write (score, member) pairs into a sorted set of the lane, in slices.

    Raises StoreUnreachable, ScriptFailed: also when the gate is not closed any more.
    """
    for at in range(0, len(pairs), PAIRS_MAX):
        flat = [value for pair in pairs[at : at + PAIRS_MAX] for value in pair]
        await _write(store, base, "queue", suffix, part, flat)


async def _write(
    store: Store, base: str, step: str, suffix: str, part: int | str, flat: Sequence[Argument]
) -> None:
    reply = await store.run("rebuild", base, step, suffix, part, *flat)
    outcome = read_answer("rebuild", reply, ANSWERS)
    if not isinstance(outcome, Done):
        raise ScriptFailed(f"rebuild {step} on {base}: {outcome}")

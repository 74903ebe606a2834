"""Binding of ``gate.lua``: recovery closes and opens lanes."""

from typing import Literal

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer


class Gate(Struct, frozen=True):
    """The gate is as asked; ``seq`` is the lane's last journal entry."""

    seq: int


class Absent(Struct, frozen=True):
    """The store has no such lane."""


Outcome = Gate | Absent | Closed
ANSWERS: dict[str, type[Outcome]] = {"gate": Gate, "absent": Absent}


async def set_gate(store: Store, base: str, word: Literal["open", "closed"]) -> Outcome:
    """Open or close the gate of a lane at the store's generation.

    Atomic. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("gate", await store.run("gate", base, word), ANSWERS)

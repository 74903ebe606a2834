"""A lane's scripts called in bulk, without the gateway: holds by the hundred thousand."""

from collections.abc import Iterable, Iterator
from typing import Final

import uuid_utils.compat as uuids

from loadtests.stage.pipe import Pipe, pack
from lua import keys, scripts
from lua.reserve import arguments

DEPTH: Final = 512
"""Commands in one pipeline, so that 512 holds share an fsync; answers stay far below a buffer."""


class Refused(Exception):
    """A script answered something else than the measurement needs."""


class Lane:
    """One lane of a server whose scripts are loaded at the generation it says it serves."""

    def __init__(self, pipe: Pipe, base: str) -> None:
        self.base = base
        self._pipe = pipe
        self._generation = int(pipe.call("GET", keys.GENERATION) or 0)

    def run(self, name: str, *words: str | int | bytes) -> list[object]:
        """One script, one raw answer: a word and its slots. Raises hiredis.ReplyError."""
        return list(self._pipe.call("EVALSHA", self._sha(name), 1, self.base, *words))

    def reserve_commands(self, buyers: Iterable[int], product_id: int) -> Iterator[bytes]:
        """One packed `reserve` of one unit for each buyer, with an order id and key of its own."""
        sha = self._sha("reserve")
        for buyer in buyers:
            order = str(uuids.uuid7())
            words = arguments(order, buyer, order, [(product_id, 1)], 0, 60_000)
            yield pack("EVALSHA", sha, 1, self.base, *words)

    def fill(self, buyers: Iterable[int], product_id: int) -> int:
        """Make one hold of one unit for each buyer; give how many.

        Raises:
            Refused: one of them was not held.
        """
        commands = self.reserve_commands(buyers, product_id)
        held = 0
        for answer in self._pipe.pour(commands, depth=DEPTH, ahead=2):
            if answer[0] != b"held":
                raise Refused(f"reserve on {self.base} answered {answer!r} after {held} holds")
            held += 1
        return held

    def add_units(self, product_id: int, units: int) -> None:
        """Put more units on sale than a product may have in Postgres.

        Raises:
            Refused: the store did not.
        """
        answer = self.run("adjust", str(uuids.uuid7()), product_id, units)
        if answer[0] != b"adjusted":
            raise Refused(f"adjust on {self.base} answered {answer!r}")

    def begin_payments(self, payments: Iterable[tuple[str, str]]) -> int:
        """Open a payment for each (order, payment): the hold is PAYING; give how many.

        Raises:
            Refused: one of them was not.
        """
        sha = self._sha("begin_payment")
        commands = (
            pack("EVALSHA", sha, 1, self.base, order, payment, 0) for order, payment in payments
        )
        begun = 0
        for answer in self._pipe.pour(commands, depth=DEPTH, ahead=2):
            if answer[0] != b"paying":
                raise Refused(f"begin_payment on {self.base} answered {answer!r}")
            begun += 1
        return begun

    def seq(self) -> int:
        """The journal's last entry."""
        return self._field("seq")

    def held(self, product_id: int) -> int:
        """Units held now."""
        return self._field(f"held:{product_id}")

    def sold(self, product_id: int) -> int:
        """Units sold so far."""
        return self._field(f"sold:{product_id}")

    def trim(self) -> None:
        """Drop all but the last entry of the journal."""
        seq = self.seq()
        self.run("trim", f"{self._generation}-{seq}", seq + 10_000_000)

    def _field(self, name: str) -> int:
        return int(self._pipe.call("HGET", keys.key(self.base, "LANE"), name))

    def _sha(self, name: str) -> str:
        return scripts.sha(name, self._generation)

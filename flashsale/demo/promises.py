"""The ledger: every promise, in Valkey, in Postgres, and as buyers and the provider saw it."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from flashsale.demo.witnesses import WITNESSES, Play
from settlement.laws.law import Law


class Promise(Struct, frozen=True):
    """One line of the ledger: three witnesses, and what is wrong, if anything."""

    name: str
    in_valkey: str
    in_postgres: str
    outside: str
    wrong: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether all witnesses say yes."""
        return not self.wrong


class Told(Struct, frozen=True):
    """The laws of a promise: those whose numbers are shown for each store, and the others."""

    in_valkey: str
    in_postgres: str
    others: tuple[str, ...] = ()


LAWS: Final[Mapping[str, Told]] = {
    "Never oversold": Told("conservation_in_valkey", "conservation_in_postgres"),
    "The stores agree": Told(
        "holds_add_up", "orders_add_up", ("stores_agree", "generation_agrees")
    ),
    "Acknowledged means settled, once": Told(
        "settlement_follows", "each_order_once", ("journal_gapless", "no_dead_letters")
    ),
    "A hold ends once": Told("no_overdue_holds", "ends_once"),
    "Money is never stuck": Told("verdicts_final", "money_settles", ("one_paying_payment",)),
    "Retries are safe": Told("", "one_order_per_key"),
    "Limits are kept": Told("limits_kept", "limits_kept"),
    "Units come home": Told("conservation_in_valkey", "product_stock_ledger"),
}


def draw_up(laws: Sequence[Law], play: Play) -> list[Promise]:
    """Return the whole ledger; a law that nobody names is one more line."""
    by_name = {law.name: law for law in laws}
    ledger = [_line(name, told, by_name, play) for name, told in LAWS.items()]
    named = {one for told in LAWS.values() for one in _laws_of(told)}
    return ledger + [
        Promise(law.name, "", law.detail, "", () if law.ok else (law.detail,))
        for law in laws
        if law.name not in named
    ]


def _line(name: str, told: Told, by_name: Mapping[str, Law], play: Play) -> Promise:
    witness = WITNESSES[name](play)
    broken = [by_name[one] for one in _laws_of(told) if not by_name[one].ok]
    return Promise(
        name=name,
        in_valkey=by_name[told.in_valkey].detail if told.in_valkey else "decided by one script",
        in_postgres=by_name[told.in_postgres].detail,
        outside=witness.told,
        wrong=(*witness.wrong, *(f"{law.name}: {law.detail}" for law in broken)),
    )


def _laws_of(told: Told) -> list[str]:
    return [one for one in (told.in_valkey, told.in_postgres, *told.others) if one]

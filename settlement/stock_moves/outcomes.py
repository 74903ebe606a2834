"""What can come of moving units."""

from msgspec import Struct


class Done(Struct, frozen=True):
    """It is so now, or was so before."""


class NoSuchSale(Struct, frozen=True):
    """There is no such sale."""


class NoSuchItem(Struct, frozen=True):
    """The sale has no such item."""

    product: int


class WrongState(Struct, frozen=True):
    """The sale's state does not allow it."""

    state: str


class NotEnough(Struct, frozen=True):
    """The product has only ``stock`` units on hand."""

    product: int
    stock: int


class NotSellable(Struct, frozen=True):
    """The product is inactive or deleted."""

    product: int


class OnSaleElsewhere(Struct, frozen=True):
    """The product is in another open sale."""

    product: int


class InUse(Struct, frozen=True):
    """Only ``available`` units can be taken back."""

    available: int


class KeyReused(Struct, frozen=True):
    """This idempotency key stands for another move of the sale."""


class Pending(Struct, frozen=True):
    """The intent is kept and the store is closed: the worker finishes it. Ask again."""


OpenOutcome = Done | NoSuchSale | WrongState | NotEnough | NotSellable | OnSaleElsewhere | Pending
MoveOutcome = Done | NoSuchSale | NoSuchItem | WrongState | NotEnough | InUse | KeyReused | Pending
EndOutcome = Done | NoSuchSale | WrongState | Pending

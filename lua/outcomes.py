"""Outcomes that several scripts share. Each script's own stand in its binding."""

from msgspec import Struct


class Closed(Struct, frozen=True):
    """Nothing was done: the gate is closed, missing, or of another generation (``gate``)."""

    gate: str


class Unknown(Struct, frozen=True):
    """The store has no record of this order, or it is another buyer's."""


class Already(Struct, frozen=True):
    """This was done before; nothing was changed now."""


class NotInSale(Struct, frozen=True):
    """The lane has no such item."""

    product: int


class Confirmed(Struct, frozen=True):
    """The first verdict on this payment: it paid its order."""


class Retaken(Struct, frozen=True):
    """The first verdict on this payment: it came late, and units were taken again."""


class Refund(Struct, frozen=True):
    """The first verdict on this payment: the money goes back. ``reason``: duplicate, cancelled,
    late or mismatch."""

    reason: str

"""What each buyer asked for and was told, and what Postgres must have for it.

One receipt is one idempotency key. Its truth does not depend on how often it was asked.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal, get_args

from msgspec import Struct

Told = Literal["acknowledged", "refused", "unknown"]
TOLD: Final[tuple[Told, ...]] = get_args(Told)


class Receipt(Struct):
    """`order` and `total_minor` are those of the first 201; `refusal` is a final code."""

    sale_id: int
    user: int
    key: str
    quantity: int
    order: str = ""
    total_minor: int = 0
    refusal: str = ""

    @property
    def told(self) -> Told:
        """What the buyer may rely on."""
        if self.order:
            return "acknowledged"
        return "refused" if self.refusal else "unknown"


class OrderRow(Struct, frozen=True):
    """An order as Postgres has it, its lines added up."""

    id: str
    sale_id: int
    user: int
    key: str
    quantity: int
    total_minor: int


def breaches(receipts: Sequence[Receipt], rows: Iterable[OrderRow]) -> list[str]:
    """Return every way in which Postgres differs from what buyers were told.

    Acknowledged: exactly that order. Refused: none. Unknown: at most one. Nobody's: none.
    """
    of_key: dict[tuple[int, int, str], list[OrderRow]] = {}
    for row in rows:
        of_key.setdefault((row.sale_id, row.user, row.key), []).append(row)
    found = []
    for receipt in receipts:
        made = of_key.pop((receipt.sale_id, receipt.user, receipt.key), [])
        wrong = _wrong(receipt, made)
        if wrong:
            found.append(f"key {receipt.key} of user {receipt.user} ({receipt.told}): {wrong}")
    found += [f"order {row.id} was asked for by nobody" for rows in of_key.values() for row in rows]
    return found


def count(receipts: Iterable[Receipt]) -> Counter[Told]:
    """How many receipts say what."""
    return Counter(receipt.told for receipt in receipts)


def _wrong(receipt: Receipt, made: list[OrderRow]) -> str:
    if len(made) > 1:
        return f"{len(made)} orders"
    if receipt.told == "refused":
        return f"order {made[0].id} all the same" if made else ""
    if receipt.told == "acknowledged":
        if not made:
            return f"order {receipt.order} is not there"
        if (made[0].id, made[0].total_minor) != (receipt.order, receipt.total_minor):
            return f"was told {receipt.order}, Postgres has {made[0].id}"
    return "" if not made or made[0].quantity == receipt.quantity else "another quantity"

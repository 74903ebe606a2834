"""Who does what, drawn from the seed: the same seed casts the same play."""

import random
from collections.abc import Sequence
from typing import Final, Literal, TypeVar

from msgspec import Struct

from flashsale.demo.plan import Plan, units_of

Ending = Literal[
    "pays",  # at once; half of these webhooks come twice
    "pays_reordered",  # the news that it is processing comes after the outcome, each three times
    "webhook_late",  # the webhook comes after the deadline: the engine asks the provider first
    "webhook_lost",  # it never comes
    "pays_after_decline",  # the first card is declined, the second is taken
    "bank_slow",  # the money arrives when the hold is long over
    "declined_then_late",  # declined, gives up, and pays when the hold is over after all
    "pays_twice",  # the buyer goes back to the shop, and pays the other page as well
    "lets_it_expire",
    "cancels",
]
ENDINGS: Final[Sequence[tuple[Ending, float]]] = (
    ("pays", 0.52),
    ("pays_reordered", 0.10),
    ("webhook_late", 0.05),
    ("webhook_lost", 0.03),
    ("pays_after_decline", 0.05),
    ("bank_slow", 0.06),
    ("declined_then_late", 0.03),
    ("pays_twice", 0.02),
    ("lets_it_expire", 0.11),
    ("cancels", 0.03),
)
"""What a buyer does with an order, and the share of buyers who do."""

Habit = Literal["once", "double_click", "hangs_up", "bot"]
HABITS: Final[Sequence[tuple[Habit, float]]] = (
    ("once", 0.82),
    ("double_click", 0.10),
    ("hangs_up", 0.05),
    ("bot", 0.03),
)
"""How a buyer sends an order: twice at once with one key; without waiting for the answer, then
again with the same key; or as fast as a program can, with a new key each time."""

Drawn = TypeVar("Drawn", bound=str)

SEVERAL: Final = 0.15
"""Share of the buyers who want two products in one order, all or nothing."""

TWO_OF_IT: Final = 0.25
"""Share of the buyers who want two units of a product."""


PATIENT: Final = 0.5
"""Share of the buyers who wait for units to come back when everything is on hold."""


class Role(Struct, frozen=True, kw_only=True):
    """One buyer. ``lines`` are (place of the product, quantity); times in seconds.

    ``retries_s``: how long between two looks when it was sold out; None: does not come back.
    """

    number: int
    arrives_s: float
    lines: tuple[tuple[int, int], ...]
    habit: Habit
    ending: Ending
    thinks_s: float
    retries_s: float | None


def cast(plan: Plan) -> list[Role]:
    """Return every buyer, the first to arrive first."""
    dice = random.Random(plan.seed)  # noqa: S311 - a play, not a secret
    weights = units_of(plan.units)
    roles = [_role(dice, number, plan, weights) for number in range(plan.buyers)]
    return sorted(roles, key=lambda role: role.arrives_s)


def _role(dice: random.Random, number: int, plan: Plan, weights: Sequence[int]) -> Role:
    first = dice.choices(range(len(weights)), weights)[0]
    wanted = [first]
    if dice.random() < SEVERAL:
        wanted.append(dice.choice([one for one in range(len(weights)) if one != first]))
    return Role(
        number=number,
        arrives_s=min(dice.expovariate(3 / plan.rush_s), plan.rush_s),
        lines=tuple((one, 2 if dice.random() < TWO_OF_IT else 1) for one in wanted),
        habit=_draw(dice, HABITS),
        ending=_draw(dice, ENDINGS),
        thinks_s=dice.uniform(0.1, plan.hold_ttl_s * 0.65),
        retries_s=dice.uniform(1.5, 3.0) if dice.random() < PATIENT else None,
    )


def _draw(dice: random.Random, shares: Sequence[tuple[Drawn, float]]) -> Drawn:
    return dice.choices([one for one, _ in shares], [share for _, share in shares])[0]

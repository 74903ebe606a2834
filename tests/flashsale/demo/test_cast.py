"""The same seed casts the same play, and every part is in it."""

from collections import Counter
from typing import get_args

from flashsale.demo.cast import ENDINGS, HABITS, Ending, Habit, cast
from flashsale.demo.plan import LIMIT, SHARES, Plan, units_of


def test_a_seed_casts_the_same_play_again() -> None:
    assert cast(Plan(seed=7)) == cast(Plan(seed=7))
    assert cast(Plan(seed=7)) != cast(Plan(seed=8))


def test_every_part_is_played() -> None:
    roles = cast(Plan())
    assert {role.ending for role in roles} == {*get_args(Ending)} == {name for name, _ in ENDINGS}
    assert {role.habit for role in roles} == {*get_args(Habit)} == {name for name, _ in HABITS}
    assert sorted(role.number for role in roles) == [*range(5_000)]
    assert roles == sorted(roles, key=lambda role: role.arrives_s)


def test_nobody_asks_for_the_impossible() -> None:
    for role in cast(Plan(buyers=2_000)):
        products = [place for place, _ in role.lines]
        assert len(products) == len({*products})
        assert all(0 <= place < len(SHARES) for place in products)
        assert all(1 <= quantity <= LIMIT for _, quantity in role.lines)
        assert 0 <= role.arrives_s <= Plan().rush_s


def test_all_units_are_given_to_products() -> None:
    for units in (3, 10, 999, 1_000, 12_345):
        shares = units_of(units)
        assert sum(shares) == units
        assert min(shares) >= 1


def test_shares_add_up() -> None:
    for shares in (ENDINGS, HABITS):
        assert Counter(name for name, _ in shares).most_common(1)[0][1] == 1
        assert abs(sum(share for _, share in shares) - 1) < 1e-9

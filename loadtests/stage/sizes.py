"""How much is measured: enough for numbers to stand still, or just enough to see that it runs."""

from typing import Final

from msgspec import Struct


class Size(Struct, frozen=True, kw_only=True):
    """`rounds` of each side; every other number is of one round.

    A round of a fast server lasts a second or two; all of `full` takes about six minutes.
    `expiring_ttl_s` must leave time to make `expiring` holds, settle them, and buy for `paced_s`.
    """

    rounds: int
    buyers: int
    requests: int
    row_lock_requests: int
    settled: int
    few_holds: int
    many_holds: int
    expiring: int
    expiring_ttl_s: int
    paced_per_s: int
    paced_s: float
    script_calls: int
    stored_holds: int
    connections: int = 64


SIZES: Final = {
    "small": Size(
        rounds=2,
        buyers=20_000,
        requests=2_000,
        row_lock_requests=200,
        settled=10_000,
        few_holds=100,
        many_holds=10_000,
        expiring=5_000,
        expiring_ttl_s=8,
        paced_per_s=500,
        paced_s=2.0,
        script_calls=8_000,
        stored_holds=20_000,
    ),
    "full": Size(
        rounds=3,
        buyers=200_000,
        requests=20_000,
        row_lock_requests=1_000,
        settled=60_000,
        few_holds=1_000,
        many_holds=1_000_000,
        expiring=100_000,
        expiring_ttl_s=40,
        paced_per_s=2_000,
        paced_s=4.0,
        script_calls=48_000,
        stored_holds=150_000,
    ),
}

"""The demo itself, small and quick: the whole stack, a rush, late money, the ledger."""

import io

import pytest
from rich.console import Console

from flashsale.demo.plan import Plan
from flashsale.demo.run import run_demo

QUICK = Plan(
    buyers=80,
    units=12,
    rush_s=0.5,
    hold_ttl_s=2,
    extension_s=1,
    grace_s=1,
    patience_s=3,
    connections=16,
)


@pytest.mark.timeout(120)
def test_a_small_demo_keeps_every_promise() -> None:
    out = io.StringIO()
    kept = run_demo(QUICK, Console(file=out, width=150))
    told = out.getvalue()
    assert kept, told
    assert "80 buyers wanted 12 units (seed 1)" in told
    assert "8 of 8 promises held" in told
    assert "rush:" in told
    assert "BROKEN" not in told

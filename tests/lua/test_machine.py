"""Scripts in any order answer and change what a model in plain Python does, and keep the laws.

The laws are in `lane_laws`, the model in `model`. HYPOTHESIS_PROFILE=explore tries new sequences.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis.asyncio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from lua import scripts
from lua.store import Store
from tests.lua import clock
from tests.lua.clock import ClockedStore
from tests.lua.killable import KillableValkey, running
from tests.lua.lanes import GENERATION
from tests.lua.machine import Server
from tests.lua.machine_rules import SaleMachine


def run_machine(valkey: KillableValkey, store: Store, examples: int) -> None:
    server = Server(valkey, store)

    class Machine(SaleMachine):
        def __init__(self) -> None:
            super().__init__(server)

    profile = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                profile,
                max_examples=examples,
                stateful_step_count=40,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        server.runner.run(store.client.aclose())
        server.runner.close()


@pytest.fixture
def valkey_alone(short_dir: Path) -> Iterator[KillableValkey]:
    with running(short_dir) as valkey:
        yield valkey


@pytest.mark.timeout(300)
def test_scripts_in_any_order_do_what_the_model_does_and_keep_the_laws(
    valkey_alone: KillableValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time moves when the machine says so, to a deadline or just before it."""
    monkeypatch.setattr(scripts, "text", clock.text)
    client = redis.asyncio.Redis.from_url(valkey_alone.url)
    run_machine(valkey_alone, ClockedStore(client, clock.GENERATION), examples=150)


@pytest.mark.timeout(300)
def test_they_do_so_while_the_servers_own_clock_runs(valkey_alone: KillableValkey) -> None:
    client = redis.asyncio.Redis.from_url(valkey_alone.url)
    run_machine(valkey_alone, Store(client, GENERATION), examples=50)

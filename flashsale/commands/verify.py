"""`flashsale verify`: every promise, checked on the running stack."""

import sys
from typing import Final

import rich_click as click

from flashsale.commands.quiet import log_to_stderr

WAIT_S: Final = 30.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--sale", "sale_id", type=int, default=None, help="Only this sale.")
@click.option(
    "--wait", "wait_s", type=float, default=WAIT_S, show_default=True,
    help="Seconds that settlement may take to catch up.",
)  # fmt: skip
def verify(*, as_json: bool, sale_id: int | None, wait_s: float) -> None:
    """Check every promise in Valkey and Postgres; exit 1 if one is broken.

    Needs DATABASE_URL and REDIS_URL only, and changes nothing. Waits first until what has happened
    so far is settled.
    """
    import asyncio

    from flashsale.environment import read_stores
    from flashsale.variables import read_variables
    from lua.settings import ValkeySettings
    from migrations.settings import DatabaseSettings
    from settlement.laws.law import Law

    async def check(database: DatabaseSettings, valkey: ValkeySettings) -> list[Law]:
        from lua.connect import connect
        from lua.store import Store
        from migrations.engine import open_engine
        from settlement.laws.check import check_all, wait_until_settled

        engine, store = open_engine(database), Store(connect(valkey), 0)
        try:
            settled = await wait_until_settled(store, engine, wait_s)
            return [settled, *await check_all(store, engine, sale_id)]
        finally:
            await store.client.aclose()
            await engine.dispose()

    log_to_stderr()
    laws = asyncio.run(check(*read_stores(read_variables())))
    ok = all(law.ok for law in laws)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode({"ok": ok, "laws": laws}).decode())
    else:
        from flashsale.commands.tables import print_laws

        print_laws(laws)
    sys.exit(0 if ok else 1)

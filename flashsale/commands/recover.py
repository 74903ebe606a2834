"""`flashsale recover`: what the worker does by itself after a restart or a loss, by hand."""

import rich_click as click

from flashsale.commands.quiet import log_to_stderr


@click.command()
@click.option("--if-needed", is_flag=True, help="Do nothing when the store may serve.")
@click.option(
    "--from-valkey",
    is_flag=True,
    help="Postgres was restored to a point older than the journal reaches: write what Valkey has.",
)
def recover(*, if_needed: bool, from_valkey: bool) -> None:
    """Prove that Valkey is not behind Postgres, or rebuild it from Postgres, then open the gates.

    Sales stand still meanwhile (503, `recovering`). Raises the generation of the whole store. Safe
    to run at any time, and to run again after a crash.
    """
    import asyncio

    from flashsale.environment import read_stores
    from flashsale.variables import read_variables
    from lua.settings import ValkeySettings
    from migrations.settings import DatabaseSettings
    from settlement.recovery.recover import Report

    async def work(database: DatabaseSettings, valkey: ValkeySettings) -> Report | None:
        from lua.connect import connect
        from lua.store import Store
        from migrations.engine import open_engine
        from settlement.recovery import recover as recovery

        engine, store = open_engine(database), Store(connect(valkey), 0)
        grace_ms = valkey.expiring_grace_s * 1000
        try:
            if if_needed:
                return await recovery.ensure_serving(store, engine, grace_ms)
            return await recovery.recover(
                store, engine, "by hand", grace_ms, from_valkey=from_valkey
            )
        finally:
            await store.client.aclose()
            await engine.dispose()

    log_to_stderr()
    report = asyncio.run(work(*read_stores(read_variables())))
    if report is None:
        click.echo("nothing to do: the store serves")
        return
    click.echo(f"generation {report.generation} is open ({report.reason})")
    for lane in report.lanes:
        settled = f"{lane.drained:,} journal entries settled"
        rebuilt = f", {lane.orders:,} orders written" if lane.orders else ""
        click.echo(f"  lane {lane.base}: {lane.done}, {settled}{rebuilt}")

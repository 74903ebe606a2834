"""`flashsale worker`: one worker process against the servers of the environment."""

import rich_click as click


@click.command()
def worker() -> None:
    """Settle, expire, refund and guard the store until SIGTERM."""
    import asyncio

    from flashsale.environment import read_environment
    from flashsale.variables import read_variables
    from gateway.operations.logs import configure_logs
    from settlement.worker import build, work

    found = read_environment(read_variables())
    configure_logs(found.gateway.log_level)
    parts = build(found.valkey, found.database, found.providers, found.money)
    asyncio.run(work(parts))

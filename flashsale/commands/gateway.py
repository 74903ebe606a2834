"""`flashsale gateway`: one gateway process against the servers of the environment."""

import rich_click as click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--uds", default=None, help="A Unix socket instead.")
@click.option("--fd", default=None, type=int, hidden=True, help="An inherited socket instead.")
@click.option("--proxies", default="", help="Whose X-Forwarded-For is believed, comma-separated.")
def gateway(host: str, port: int, uds: str | None, fd: int | None, proxies: str) -> None:
    """Serve HTTP until SIGTERM, then finish what is in flight."""
    from flashsale.environment import read_environment
    from flashsale.variables import read_variables
    from gateway.serve import Listen, serve

    found = read_environment(read_variables())
    listen = Listen(host=host, port=port, uds=uds, fd=fd, proxies=proxies)
    serve(listen, found.gateway, found.valkey, found.database, found.providers, found.money)

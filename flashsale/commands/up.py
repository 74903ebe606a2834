"""`flashsale up`: the embedded stack in the foreground, for programs that want one."""

from pathlib import Path

import rich_click as click


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the gateways; 0: any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the gateways.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=Path(".data"),
    show_default=True, help="Where data, secrets and logs are kept.",
)  # fmt: skip
@click.option("--gateways", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Gateway processes, on one port.")  # fmt: skip
def up(port: int, host: str, data: Path, gateways: int) -> None:
    """Start Valkey, Postgres, worker, gateways and a simulated payment provider.

    Prints one line of JSON when ready, with the addresses and the admin's password, and runs until
    Ctrl-C or SIGTERM. The same --data again goes on where it stopped, or was killed.
    """
    import msgspec

    from flashsale.stack.signals import stopped_by_signals
    from flashsale.stack.stack import Options, start_stack

    options = Options(host=host, port=port, gateways=gateways, data=data)
    with stopped_by_signals(), start_stack(options, tell) as stack:
        click.echo(msgspec.json.encode(stack.facts()).decode())
        stack.watch()


def tell(message: str) -> None:
    """Tell whoever watches; stdout is for programs."""
    click.echo(message, err=True)

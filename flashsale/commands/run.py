"""`flashsale run`: the embedded stack with a sale that is open, for people who want to look."""

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import rich_click as click

from flashsale.commands.quiet import log_to_stderr

UNITS: Final = 1_000
HOLD_TTL_S: Final = 300


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the gateway.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the gateway.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="Keep the data here; otherwise it is gone at the end.",
)  # fmt: skip
@click.option("--gateways", type=click.IntRange(1, 64), default=1, show_default=True)
def run(port: int, host: str, data: Path | None, gateways: int) -> None:
    """Run the whole engine with an open sale until Ctrl-C."""
    from rich.console import Console

    from flashsale.stack.signals import stopped_by_signals
    from flashsale.stack.stack import Options, start_stack

    log_to_stderr()
    console = Console()
    options = Options(host=host, port=port, gateways=gateways, data=data)
    with stopped_by_signals(), start_stack(options, console.print) as stack:
        opened = stack.data_dir.path / "demo-sale-open"
        if not opened.exists():
            asyncio.run(_open_demo_sale(stack.url, stack.admin_email, stack.admin_password))
            opened.touch()
        for name, value in (
            ("storefront", stack.url + "/"),
            ("console", stack.url + "/ops"),
            ("API docs", stack.url + "/docs"),
            ("admin", f"{stack.admin_email}  {stack.admin_password}"),
            ("logs", str(stack.data_dir.path / "logs")),
        ):
            console.print(f"{name:<11} [bold]{value}[/]", highlight=False, soft_wrap=True)
        console.print("Ctrl-C ends it.", style="dim")
        stack.watch()


async def _open_demo_sale(url: str, email: str, password: str) -> None:
    from flashsale.demo.plan import Plan
    from flashsale.demo.staff import open_sale, sign_in
    from flashsale.demo.wire import Wire

    address = urlsplit(url)
    wire = Wire(str(address.hostname), address.port or 80, 1)
    try:
        staff = await sign_in(wire, email, password)
        await open_sale(staff, Plan(units=UNITS), hold_ttl_s=HOLD_TTL_S)
    finally:
        wire.close()

"""`flashsale sale`: sales from draft to closed, over HTTP or directly."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import rich_click as click

from flashsale.commands.failures import CommandFailed
from flashsale.commands.quiet import log_to_stderr

Command = TypeVar("Command", bound=Callable[..., Any])

ITEM = "PRODUCT:UNITS[:PRICE[:LIMIT]]"

_OPTIONS = (
    click.option("--url", envvar="FLASHSALE_URL", default=None,
                 help="The gateway; without it the servers of the environment are used directly."),
    click.option("--token", envvar="FLASHSALE_TOKEN", default=None, help="An admin's token."),
    click.option("--email", envvar="FLASHSALE_EMAIL", default=None, help="Or an admin's e-mail"),
    click.option("--password", envvar="FLASHSALE_PASSWORD", default=None,
                 help="and password (better in FLASHSALE_PASSWORD than here)."),
    click.option("--json", "as_json", is_flag=True, help="The answer as JSON."),
)  # fmt: skip


@click.group()
def sale() -> None:
    """Sales, from draft to closed.

    With --url over HTTP; otherwise directly, with DATABASE_URL, REDIS_URL and SECRET_KEY.
    """


def _reaching(command: Command) -> Command:
    """Give a command the options that say how the engine is reached."""
    return functools.reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


@sale.command()
@click.argument("name")
@click.option(
    "--item", "items", multiple=True, required=True, metavar=ITEM,
    help="Price in minor units, limit per user; may be given several times.",
)  # fmt: skip
@click.option("--starts-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), default=None)
@click.option("--ends-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), default=None)
@click.option("--hold-ttl", "hold_ttl_s", type=click.IntRange(1, 86400), default=None,
              help="Seconds that an unpaid order holds its units.")  # fmt: skip
@click.option("--open", "open_now", is_flag=True, help="Open it at once.")
@_reaching
def create(
    *,
    name: str,
    items: tuple[str, ...],
    starts_at: datetime | None,
    ends_at: datetime | None,
    hold_ttl_s: int | None,
    open_now: bool,
    **how: Any,
) -> None:
    """Make a draft called NAME. Nothing is taken from the products before it is opened."""
    body: dict[str, Any] = {"name": name, "items": [read_item(item) for item in items]}
    for field, at in (("starts_at", starts_at), ("ends_at", ends_at)):
        if at is not None:
            body[field] = at.isoformat()
    if hold_ttl_s is not None:
        body["hold_ttl_s"] = hold_ttl_s

    async def make(api: Any) -> Any:
        made = await api.post("/sales", body)
        return await api.post(f"/sales/{made['id']}/open") if open_now else made

    _tell(_run(make, how), how)


@sale.command("list")
@_reaching
def list_sales(**how: Any) -> None:
    """Show sales with their numbers of now."""

    async def ask(api: Any) -> Any:
        return await api.get("/sales?limit=100")

    found = _run(ask, how)
    _tell(found["items"] if isinstance(found, dict) else found, how)


def _step(word: str, told: str) -> None:
    async def take(api: Any, sale_id: int) -> Any:
        return await api.post(f"/sales/{sale_id}/{word}")

    def command(*, sale_id: int, **how: Any) -> None:
        _tell(_run(lambda api: take(api, sale_id), how), how)

    command.__doc__ = told
    sale.command(word)(click.argument("sale_id", type=int)(_reaching(command)))


_step("open", "Open a draft: its units leave the products and go on sale.")
_step("pause", "Take no new orders for a while; holds and payments go on.")
_step("resume", "Take orders again.")
_step("close", "Take no more orders; what is not sold goes back to the products.")


def read_item(text: str) -> dict[str, int]:
    """Turn ``PRODUCT:UNITS[:PRICE[:LIMIT]]`` into an item. Raises click.BadParameter."""
    names = ("product_id", "units", "price_minor", "max_per_user")
    parts = text.split(":")
    if not 2 <= len(parts) <= len(names) or not all(part.isdecimal() for part in parts if part):
        raise click.BadParameter(f"{text!r} is not {ITEM}")
    return {name: int(part) for name, part in zip(names, parts, strict=False) if part}


def _run(work: Callable[[Any], Awaitable[Any]], how: dict[str, Any]) -> Any:
    from flashsale.commands.api import open_api

    log_to_stderr()

    async def run() -> Any:
        reached = (how["url"], how["token"], how["email"], how["password"])
        async with open_api(*reached) as api:
            return await work(api)

    return asyncio.run(run())


def _tell(found: Any, how: dict[str, Any]) -> None:
    if how["as_json"]:
        import msgspec

        click.echo(msgspec.json.encode(found).decode())
        return
    sales = found if isinstance(found, list) else [found]
    if not sales:
        raise CommandFailed("there is no sale", "make one: flashsale sale create NAME --item 1:100")
    for one in sales:
        click.echo(f"sale {one['id']}  {one['state']:<9}  {one['name']}")
        for item in one["items"]:
            click.echo(
                f"  product {item['product_id']}: {item['units']:,} units ="
                f" {item['available']:,} available + {item['held']:,} held + {item['sold']:,} sold"
            )

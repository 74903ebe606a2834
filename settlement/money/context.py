"""What the rules of money work with."""

from typing import TypeAlias

import asyncpg
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua.store import Store
from settlement.money.settings import MoneySettings
from settlement.providers.registry import Providers

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Money(Struct, frozen=True, kw_only=True):
    """Passed explicitly to every rule and job. Belongs to one event loop; owns nothing.

    extension_ms: the time to pay that opening a payment may add to a hold. return_url: where a
    hosted pay page sends the buyer, ``{order_id}`` filled in; "": nowhere.
    """

    engine: AsyncEngine
    store: Store
    providers: Providers
    settings: MoneySettings
    extension_ms: int
    return_url: str = ""

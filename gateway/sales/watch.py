"""One poller for every sale that somebody watches.

However many readers a sale has, the store is asked once a second. A reader takes the latest event
when it is ready for one, so a slow one misses the events between and holds nobody up.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from gateway.background import running
from gateway.process import Process
from gateway.sales.read_sale import read_sale
from gateway.sales.sale import Sale, StateWord, state_word
from gateway.sales.sale_rows import SaleRow, sale_row
from gateway.sales.store_numbers import read_numbers
from lua.store import StoreError

log = structlog.get_logger(__name__)

PERIOD_S: Final = 1.0
PING_S: Final = 15.0
"""Below the idle time-out of proxies, so that a quiet stream stays open."""

PING: Final = b": ping\n\n"
RETRY: Final = b"retry: 2000\n\n"


class ItemEvent(Struct, frozen=True):
    """One item's units."""

    product_id: int
    units: int
    available: int
    held: int
    sold: int

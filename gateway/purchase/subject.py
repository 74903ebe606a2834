"""What purchases give the process."""

from gateway.process import Process
from gateway.purchase.counters import Counters
from gateway.purchase.document import OPERATION
from gateway.purchase.lean_token import LeanToken
from gateway.purchase.open_sales import OpenSales
from gateway.purchase.pipe import Pipe
from gateway.purchase.place_order import PlaceOrder
from gateway.purchase.reserving import Reserving
from gateway.purchase.sold_out import SoldOutMemory
from gateway.subject import Subject


def purchase(process: Process) -> Subject:
    """`POST /orders` and what keeps it fed."""
    settings = process.settings
    pipe = Pipe(process.valkey)
    sold_out = SoldOutMemory(process.store)
    sales = OpenSales(process.valkey, process.store, sold_out.units_returned, sold_out.forget)
    handler = PlaceOrder(
        LeanToken(settings.secret_key),
        process.revocations,
        sales,
        sold_out,
        Reserving(
            pipe,
            process.store,
            settings.order_rate_limit if settings.limits_requests else 0,
            settings.order_rate_period_s * 1000,
        ),
        process.store,
        process.database,
        Counters(process.metrics),
    )

    return Subject(
        raw={("POST", "/orders"): handler},
        background=[pipe.kept, sales.feed],
        openapi={"/orders": {"post": OPERATION}},
    )

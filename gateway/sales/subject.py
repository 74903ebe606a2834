"""What sales give the process."""

from gateway.process import Process
from gateway.sales.change_units import change_units
from gateway.sales.create_sale import create_sale_route
from gateway.sales.run_sale import close_route, open_route, pause_route, resume_route
from gateway.sales.show_sales import list_sales, show_sale
from gateway.sales.stream import events_route
from gateway.sales.watch import SaleWatch
from gateway.subject import Subject


def sales(process: Process) -> Subject:
    """Sales, and the poller behind their streams."""
    watch = SaleWatch(process)
    return Subject(
        routes=[
            create_sale_route,
            open_route,
            pause_route,
            resume_route,
            close_route,
            change_units,
            list_sales,
            show_sale,
            events_route(watch),
        ],
        background=[watch.polling],
    )

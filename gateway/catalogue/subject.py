"""What the catalogue gives the process."""

from gateway.catalogue.change_product import (
    activate,
    change_discount,
    change_name,
    change_price,
    change_stock,
    deactivate,
)
from gateway.catalogue.create_product import create_product_route
from gateway.catalogue.delete_product import delete_product
from gateway.catalogue.list_products import list_products_route
from gateway.catalogue.show_product import show_availability_route, show_product_route
from gateway.process import Process
from gateway.subject import Subject


def catalogue(_: Process) -> Subject:
    """Products."""
    return Subject(
        routes=[
            create_product_route,
            list_products_route,
            show_product_route,
            show_availability_route,
            change_price,
            change_discount,
            change_stock,
            change_name,
            activate,
            deactivate,
            delete_product,
        ]
    )

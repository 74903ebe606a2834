"""The subjects of the gateway, in the order in which their background work starts."""

from gateway.accounts.subject import accounts
from gateway.catalogue.subject import catalogue
from gateway.operations.subject import operations
from gateway.orders.subject import orders
from gateway.pages.subject import pages
from gateway.payments.subject import payments
from gateway.process import Process
from gateway.purchase.subject import purchase
from gateway.sales.subject import sales
from gateway.subject import Subject


def all_subjects(process: Process) -> tuple[Subject, ...]:
    """Every subject of this process. A new one is added here and nowhere else."""
    return (
        operations(process),
        accounts(process),
        catalogue(process),
        sales(process),
        purchase(process),
        orders(process),
        payments(process),
        pages(process),
    )

"""What a change of price means. Pure."""

from decimal import ROUND_HALF_UP, Decimal

from gateway.catalogue.product import Product


def repriced(before: Product, price_minor: int) -> dict[str, int | None]:
    """The new price; an original price that is not above it any more is no discount and goes."""
    original = before.original_price_minor
    kept = original if original is not None and original > price_minor else None
    return {"price_minor": price_minor, "original_price_minor": kept}


def discounted(before: Product, percentage: float) -> dict[str, int | None]:
    """``percentage`` off the original price, which is kept; halves are rounded up, 1 is the least.

    The percentage is taken as it is written: 33.3 is exactly 333/1000.
    """
    original = before.original_price_minor or before.price_minor
    exact = original * (100 - Decimal(repr(percentage))) / 100
    price_minor = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return {"price_minor": max(price_minor, 1), "original_price_minor": original}

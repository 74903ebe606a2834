"""The shop of the purchase tests, with a gateway in front."""

from tests.gateway.purchase.conftest import app, front, shop

__all__ = ["app", "front", "shop"]

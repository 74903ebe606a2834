"""Takes card and personal data out of what a provider says, before it is kept.

By name, at any depth: a field with one of these names is left out whole, whatever it holds. What is
left is still enough to read the event again.
"""

from typing import Any, Final

LEFT_OUT: Final = frozenset(
    {
        "account_number", "address", "bank_account", "billing", "billing_address",
        "billing_details", "card", "card_id", "cardholder", "client_secret", "contact", "customer",
        "customer_details", "customer_email", "customer_id", "customer_name", "customer_phone",
        "cvc", "cvv", "email", "fingerprint", "iban", "ip", "ip_address", "last4", "name",
        "next_action", "number", "pan", "payer_email", "payment_method_details", "phone",
        "receipt_email", "receipt_url", "secret", "shipping", "source", "token", "upi",
        "user_agent", "vpa", "wallet",
    }
)  # fmt: skip
"""What providers call the data that we must not keep (PCI DSS 3.3, GDPR 5)."""

DEPTH_MAX: Final = 16
"""Deeper than any event; what is below is left out."""


def scrub(said: dict[str, Any]) -> dict[str, Any]:
    """Return a copy without card and personal data."""
    return {name: _value(value, 1) for name, value in said.items() if name not in LEFT_OUT}


def _value(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        if depth >= DEPTH_MAX:
            return {}
        return {
            name: _value(inner, depth + 1) for name, inner in value.items() if name not in LEFT_OUT
        }
    if isinstance(value, list):
        return [_value(inner, depth + 1) for inner in value] if depth < DEPTH_MAX else []
    return value

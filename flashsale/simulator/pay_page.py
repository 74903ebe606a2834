"""What a buyer sees: one small page, two buttons, no script; it works on a phone and read aloud."""

from html import escape
from typing import Final

from flashsale.simulator.records import Payment

NO_CENTS: Final = frozenset({"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF",
                             "UGX", "VND", "VUV", "XAF", "XOF", "XPF"})  # fmt: skip
THREE_PLACES: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""ISO 4217: currencies that are not divided by a hundred."""

POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    b" frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", POLICY),
]

STYLE: Final = """
:root { color-scheme: light dark; --edge: #767676; --go: #0b6b3a; --stop: #a1260d }
* { box-sizing: border-box }
body { margin: 0; font: 1.0625rem/1.5 system-ui, sans-serif; display: grid; min-height: 100vh;
  place-items: center; padding: 1rem }
main { width: 100%; max-width: 26rem; border: 1px solid var(--edge); border-radius: .75rem;
  padding: 1.5rem }
h1 { font-size: 1.25rem; margin: 0 0 .25rem }
.amount { font: 700 2.25rem/1.2 system-ui, sans-serif; margin: .5rem 0 }
dl { margin: 0 0 1.25rem; overflow-wrap: anywhere } dt { font-weight: 600 } dd { margin: 0 }
button, .back { display: block; width: 100%; min-height: 3rem; margin-top: .75rem; padding: .75rem;
  border-radius: .5rem; border: 2px solid; font: inherit; font-weight: 600; cursor: pointer;
  text-align: center }
.pay { background: var(--go); border-color: var(--go); color: #fff }
.decline { background: #fff; border-color: var(--stop); color: var(--stop) }
button:focus-visible, a:focus-visible { outline: 3px solid #1a73e8; outline-offset: 3px }
.note { font-size: .875rem } [role=status] { font-weight: 600 }
"""

TOLD: Final = {
    "open": "",
    "processing": "Your payment is being processed.",
    "succeeded": "Paid. Thank you.",
    "failed": "The payment was declined. You can try again.",
    "cancelled": "This payment was cancelled. Nothing was taken.",
}


def amount(amount_minor: int, currency: str) -> str:
    """Return an amount as people read it: ``1,299.00 USD``."""
    if currency in NO_CENTS:
        return f"{amount_minor:,} {currency}"
    places = 3 if currency in THREE_PLACES else 2
    whole, rest = divmod(amount_minor, 10**places)
    return f"{whole:,}.{rest:0{places}d} {currency}"


def page(payment: Payment) -> bytes:
    """Return the page of a payment as it stands."""
    status = TOLD[payment.state]
    parts = [
        "<h1>Test payment</h1>",
        f'<p class="amount">{escape(amount(payment.amount_minor, payment.currency))}</p>',
        f"<dl><dt>Order</dt><dd>{escape(payment.metadata.get('order_id', 'none'))}</dd></dl>",
        f'<p role="status">{status}</p>' if status else "",
        _buttons(payment) if payment.state in {"open", "failed"} else "",
        _way_back(payment),
        '<p class="note">A simulated provider: no real money moves.</p>',
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Test payment</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    ).encode()


def _buttons(payment: Payment) -> str:
    return (
        f'<form method="post" action="{escape(payment.id)}/complete">'
        '<button class="pay" name="outcome" value="succeeded">Pay now</button>'
        '<button class="decline" name="outcome" value="failed">Decline</button></form>'
    )


def _way_back(payment: Payment) -> str:
    if not payment.return_url:
        return "" if payment.state == "open" else "<p>You can go back to the shop now.</p>"
    return f'<a class="back" href="{escape(payment.return_url)}">Back to the shop</a>'

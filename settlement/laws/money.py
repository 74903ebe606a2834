"""Captured money ends in a paid order or in a refund; an order is paid by one payment."""

from typing import Final

from settlement.laws.evidence import FullEvidence, MoneyOf
from settlement.laws.law import Law, counted, judge

EXPONENTS: Final = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Decimals of the currencies that do not have two (ISO 4217)."""


def money_settles(evidence: FullEvidence) -> Law:
    """Captured less refunded is what paid orders keep; refunds on their way are told as waiting."""
    money = evidence.money
    breaches = [*money.breaches]
    breaches += [
        f"{say_money(found.captured, currency)} captured, but {_parts(found, currency)}"
        for currency, found in money.by_currency.items()
        if found.captured != found.kept + found.refunded + found.waiting
    ]
    told = [
        f"{say_money(found.captured, currency)} captured in"
        f" {counted(found.payments, 'payment')} = {_parts(found, currency)}"
        for currency, found in money.by_currency.items()
    ] or ["no money was captured"]
    refunds = sum(found.waiting_refunds for found in money.by_currency.values())
    if refunds:
        told.append(f"{counted(refunds, 'refund')} waiting")
    if money.undecided:
        told.append(f"{counted(money.undecided, 'payment')} waiting for a verdict")
    return judge("money_settles", breaches, ", ".join(told))


def one_paying_payment(evidence: FullEvidence) -> Law:
    """A paid order has exactly one payment that paid it, any other order none."""
    payments = sum(found.payments for found in evidence.money.by_currency.values())
    told = f"{counted(payments, 'captured payment')}, none pays an order twice"
    return judge("one_paying_payment", evidence.money.paid_twice, told)


def say_money(amount_minor: int, currency: str) -> str:
    """Return an amount as people write it, ``USD 1,234.50``."""
    exponent = EXPONENTS.get(currency, 2)
    whole, part = divmod(abs(amount_minor), 10**exponent)
    sign = "-" if amount_minor < 0 else ""
    decimals = f".{part:0{exponent}d}" if exponent else ""
    return f"{currency} {sign}{whole:,}{decimals}"


def _parts(found: MoneyOf, currency: str) -> str:
    kept, refunded, waiting = (
        say_money(amount, currency) for amount in (found.kept, found.refunded, found.waiting)
    )
    return f"{kept} for paid orders + {refunded} refunded + {waiting} being refunded"

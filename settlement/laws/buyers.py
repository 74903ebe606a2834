"""What one buyer may do: one order a key, and not more units than the limit."""

from settlement.laws.evidence import FullEvidence, OverLimit
from settlement.laws.law import Law, counted, judge


def one_order_per_key(evidence: FullEvidence) -> Law:
    """Within the 24 hours that a key is good for, it made one order of its buyer and sale."""
    breaches = [f"one key made more than one order: {reused}" for reused in evidence.keys_reused]
    told = f"{counted(evidence.keys_checked, 'key')}, each made one order"
    return judge("one_order_per_key", breaches, told)


def limits_kept(evidence: FullEvidence) -> Law:
    """No buyer holds or bought more of an item than one buyer may, in either store."""
    in_store = [over for books in evidence.store_books.values() for over in books.over_limit]
    breaches = [f"{_words(over)} in Valkey" for over in in_store]
    breaches += [f"{_words(over)} in Postgres" for over in evidence.over_limit]
    buyers = sum(books.buyers for books in evidence.store_books.values())
    told = (
        f"{counted(buyers, 'buyer')} with units in Valkey,"
        f" {counted(evidence.limits_checked, 'buyer')} of limited items in Postgres"
    )
    return judge("limits_kept", breaches, told)


def _words(over: OverLimit) -> str:
    return (
        f"sale {over.sale_id} user {over.user_id} has {over.units:,} of product"
        f" {over.product_id}, the limit is {over.limit:,}"
    )

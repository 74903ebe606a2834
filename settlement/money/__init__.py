"""Money: every captured payment ends in a paid order or in a full refund, whatever comes when.

Rooms
-----
``context.py``          what the rules work with: both stores, the providers, settings
``settings.py``         how often, how long, how many times
``due.py``              a payment and its order as Postgres has them, read for the rules
``rules.py``            which script a report about a payment calls for: pure
``scripts.py``          many script calls in one pipeline
``take_reports.py``     reports in, scripts run, changes of payment rows out
``rule_late.py``        money for a hold that is gone, forgotten or of a forgotten lane
``stray.py``            money of a payment object that the provider opened twice
``payment_rows.py``     SQL of payments
``begin_payment.py``    opens a payment: row, hold, provider, row
``end_payment.py``      makes sure at the provider that a payment cannot succeed any more
``cancel_order.py``     a buyer changes her mind while paying
``cancel_expiring.py``  the deadline passed while paying
``probe_payment.py``    asks the provider how a payment stands
``refund_rows.py``      SQL of refunds
``send_refund.py``      gives money back: intent, call, result
``finish_refund.py``    what a refund's end makes of payment and order
``restock.py``          units of a refunded order go back on sale
``disputes.py``         a buyer's bank contests a payment
``inbox.py``            webhooks, many at once: kept, ruled on, ticked off
``inbox_rows.py``       SQL of the inbox
``reconcile.py``        what a provider captured, compared with what we know of it
``crons.py``            what of all this is done again and again

In phases, never one transaction around a provider: the intent is committed, the provider is called
with our idempotency key and no transaction open, the result is committed. Verdicts are given by the
scripts and journaled; settlement writes them to Postgres, and the refunds they ask for with them.
"""

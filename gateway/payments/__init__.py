"""Paying, refunds, and what providers tell by webhook.

``paying.py``             what this process pays with: providers, rules, queue
``settled_order.py``      waits until an order that was just made is in Postgres
``open_payment.py``       a buyer starts to pay
``shapes.py``             what clients see of payments, refunds and webhooks
``read_payment.py``       one payment as it is now
``ask_refund.py``         an admin asks money back, never more than was captured
``refund_rows.py``        SQL of that
``listings.py``           the admins' listings
``webhook_batches.py``    webhooks of a moment, handled together
``take_webhook.py``       ``POST /webhooks/<provider>``, raw ASGI
``document.py``           the same, for the OpenAPI document
``buyer_routes.py``, ``admin_routes.py``, ``subject.py``   the routes
"""

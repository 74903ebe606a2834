"""A simulated payment provider, a small server of its own: ``python -m flashsale.simulator``.

It behaves as real ones do: idempotency keys, a hosted pay page, captures, refunds never above what
was captured, signed webhooks with retries, and on request every fault that real ones have.

Rooms
-----
``records.py``    payments, refunds, events as they are kept
``ledger.py``     keeps them in a SQLite file, many changes to a commit
``book.py``       what may happen to a payment: all rules, no I/O
``desk.py``       where the rules meet the ledger and the outbox
``faults.py``     what is made to go wrong, and for whom
``outbox.py``     events on their way: due times, retries, copies
``poster.py``     one connection to the receiver of webhooks
``api.py``        the routes; ``requests.py`` what clients send
``pay_page.py``   what a buyer sees
``app.py``        the ASGI application; ``__main__.py`` runs it

API (JSON; POSTs that change money honour ``Idempotency-Key``)::

    POST /payments {amount_minor, currency, metadata?, return_url?}    payment with redirect_url
    GET  /payments ?state=succeeded&after=<ms>                         {items, next}
    GET  /payments/{id}                                                payment
    POST /payments/{id}/cancel                                         payment; 409 once paid
    POST /payments/{id}/refunds {amount_minor, metadata?}              refund; 409 above captured
    GET  /payments/{id}/refunds                                        refunds
    POST /payments/{id}/dispute {status}                               dispute
    GET  /pay/{id}                                                     the pay page
    POST /pay/{id}/complete {outcome: succeeded | failed, faults?}     payment
    GET  /ledger                                                       {payments, refunds, totals}
    GET, POST /admin/faults, POST /admin/payments/{id}/faults          see ``faults.py``
    GET  /admin/outbox                                                 {waiting, delivered, tried}
    GET  /healthz
"""

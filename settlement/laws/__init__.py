"""The promises as code, each written once: the worker, `verify`, the demo and fault runs use them.

``law.py``             what checking a law gives
``evidence.py``        everything the laws look at, as data, taken at one position of the journals
``read_postgres.py``   the fast part of it from Postgres, in one transaction
``read_books.py``      the thorough part, from the same transaction: orders and stock moves
``read_history.py``    the settled journal beside orders and payments
``read_money.py``      payments and refunds
``read_store.py``      the lanes of the store, and the entries between Postgres and them
``scan_store.py``      every hold and every buyer of a lane, in slices
``stock.py``           units: conserved, the same in both stores, the sum of the holds and orders
``history.py``         the journal: gapless, every order once, every end once, every verdict once
``endings.py``         which runs of journal entries an order may have
``buyers.py``          one order a key, limits kept
``money.py``           captured money ends in a paid order or a refund
``health.py``          generation, overdue holds, dead letters
``check.py``           gathers evidence and applies the laws

Laws are pure functions over `Evidence` (`FullEvidence`); reading is done elsewhere.
"""

"""Journals into Postgres, exactly once.

``lanes.py``        which lanes there are, and how far each is settled
``read_batch.py``   what the journal has after a cursor, gapless
``plan.py``         entries to columns: pure
``totals.py``       how an entry moves an item's units: pure, shared with the laws
``write.py``        the set-based statements
``settle.py``       one batch, one transaction, the cursor first; bad entries set aside
``drainer.py``      the loop

Exactly once follows from the cursor: it is moved by the first statement of the transaction that
writes the rows, and only from where the batch was read.
"""

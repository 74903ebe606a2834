"""Units between a product and a sale: each move is an intent first, and is finished or undone.

Units leave the giver before they reach the taker. Opening and adding debit Postgres, then credit
the store; taking back and closing debit the store, and the journal entry credits Postgres when it
is settled. A crash in between leaves an intent, which `finish.py` carries on.

``outcomes.py``    what can come of it
``rows.py``        the SQL
``open_sale.py``   a draft's units go on sale
``move_units.py``  units are added to a running sale, or taken back
``end_sale.py``    pause, resume, close; sales whose window is over
``announce.py``    tells the gateways which sale sells a product
``audit.py``       writes down who asked
``finish.py``      what a crash left
"""

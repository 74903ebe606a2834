"""What happens after the hold: every journal entry, payment and refund reaches Postgres once.

Rooms
-----
``drain/``        reads the lanes' journals and settles them, batch and cursor in one transaction
``expiry.py``     ends what is over, in bounded slices
``upkeep.py``     trims the journals, lifts their bounds, forgets buyers of whom nothing is left
``watch_laws.py`` checks the fast laws each second, and says loudly when one breaks
``recovery/``     proves that the store is not behind Postgres, or makes it so, then opens the gates
``stock_moves/``  moves units between a product and a sale, finished after a crash at any step
``money/``        the late-money rules, refunds, probes
``providers/``    payment providers behind one Protocol
``jobs/``         side effects through ARQ
``laws/``         the promises as code
``worker.py``     the process that runs all of this

Imports ``lua`` and ``migrations``, never ``gateway``.
"""

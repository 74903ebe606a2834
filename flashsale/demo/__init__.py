"""`flashsale demo`: a whole sale in a minute, seen, and then the proof that every promise held.

Everything goes over HTTP as buyers, staff and a payment provider would do it. What they saw is kept
(`Seen`) and compared at the end with Valkey, Postgres and the provider's own books.

``plan.py``       how large, how fast, how much goes wrong: the numbers of a run
``cast.py``       who does what, drawn from the seed: pure
``people.py``     buyers in bulk, with tokens
``wire.py``       HTTP over kept connections, cheap enough for thousands of buyers
``staff.py``      what an admin does: products, a sale, open, close
``seen.py``       what buyers were told
``buying.py``     a buyer until there is an order, or none
``paying.py``     a buyer with an order: pays, pays late, gives up
``watching.py``   stock, money and laws while it goes on
``performance.py``  the phases, one after the other
``witnesses.py``  what buyers and the provider say of each promise
``promises.py``   the ledger: each promise in Valkey, in Postgres, and as the witnesses saw it
``books.py``      the provider's books against ours
``live.py``       what a person watches; ``lines.py`` where nobody does
``report.py``     the last page
``run.py``        puts it together
"""

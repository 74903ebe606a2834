"""Orders after they are made: the buyer's history and detail, cancelling, the admin's listing.

``shapes.py``      what a client sees of an order
``settled.py``     the orders of Postgres
``unsettled.py``   the orders of the store that Postgres does not have yet, or not as new
``listing.py``     both as one listing: the higher seq wins
``cancel.py``      the buyer changes her mind
``subject.py``     the routes
"""

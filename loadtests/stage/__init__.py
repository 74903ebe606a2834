"""What a measurement stands on. Everything starts when it is first asked for.

stage.py       the stage: engines, gateway, worker, peers, buyers; a fresh Valkey without them
servers.py     a server process, started and waited for
database.py    Postgres, asked from code that is not asynchronous
sizes.py       how much is measured: full, or just enough to see that it runs
buyers.py      users in bulk, and a fresh token for every request
sales.py       products and sales, made over HTTP as an admin
lane.py        a lane's scripts called in bulk, without the gateway
pipe.py        pipelines over one blocking socket
"""

"""What the engine is measured against. Served as our gateway is: see `loadtests.stage.servers`.

litestar_empty.py  the framework's own empty JSON endpoint
litestar_token.py  the same, verifying the token with PyJWT
bare_asgi.py       what the server alone can do
row_lock.py        the usual shop: FastAPI, SQLAlchemy, SELECT ... FOR UPDATE
plain_insert.py    the rows of settlement, inserted without asking anything
noop_script.py     what calling any script costs

Each is written as well as its kind can be; a weak peer would make every ratio a lie.
"""

"""The Postgres half of the truth. Imports nothing of ours.

- `states`: every enumerated state and each state machine, drawn once as data
- `checks`: CHECKs and transition triggers, as SQL made from `states`
- `base`: declarative base, naming convention, mixins, a repr without secrets
- `schema/`: the tables, one module a subject (people, catalogue, sales, orders, money, journal,
  audit)
- `address`, `settings`: where the database is and how hard a process may lean on it
- `engine`: the pool, the raw connection for set-based writes, the check that commits are durable
- `connect`, `slow_queries`: what the pool does when it connects and when a statement ends
- `unfit`: why a program refuses to run on a database
- `upgrade`: moves a database between schema versions, and checks the one it has
- `revise`: for whoever changes the schema: differences, and a draft of the next revision
- `env.py`, `script.py.mako`, `versions/`: what Alembic runs; SQL that is frozen once released
- `embedded`, `embedded_cluster`: a Postgres of our own, for demos and tests
"""

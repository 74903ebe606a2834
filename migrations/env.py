"""Alembic runs this for every command; the config holds a connection that `upgrade` opened."""

from alembic import context

from migrations.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
    transaction_per_migration=True,
    # CHECKs are compared by name too; their text is compared by a test.
    autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
)
with context.begin_transaction():
    context.run_migrations()

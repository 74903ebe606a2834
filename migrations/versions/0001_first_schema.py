"""first schema

Revision ID: 0001
Revises: nothing
"""

from alembic import op

from migrations.versions.first_schema import DOWN, UP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, then the triggers that guard the state machines."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop it all, data included."""
    for statement in DOWN:
        op.execute(statement)

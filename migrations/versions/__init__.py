"""Revisions, oldest first. Alembic reads the numbered files; their SQL is frozen once released."""

"""Visits of the SMART app."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A table of its own: its rows live for half an hour at most, and stand in no chain."""
    op.create_table(
        "sessions",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("idle_at", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_by_end", "sessions", ["ends_at"])

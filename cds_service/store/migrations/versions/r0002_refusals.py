"""Refused calls and the end of their chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """A table of its own: a refusal has no case, no card, and nothing about a person that would have to be erased."""
    op.create_table(
        "refusals",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("hook_instance", sa.String(36), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("fault", sa.String(64), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
    )
    op.create_index("refusals_by_time", "refusals", ["refused_at"])
    op.execute("INSERT INTO chain_head (id, seq, hash, mark) VALUES (2, 0, '', '')")

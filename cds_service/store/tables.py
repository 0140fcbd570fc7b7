"""The tables. The migrations build them; this is how they are written and read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

METADATA = MetaData()

DECISIONS = Table(
    "decisions",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("service", String(64), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("hook_instance", String(36), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("patient_key", String(64)),
    Column("chart_digest", String(64), nullable=False),
    Column("request_digest", String(64), nullable=False),
    Column("rules", Text, nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("quiet", String(64), nullable=False),
    Column("versions", Text, nullable=False),
    Column("payload", LargeBinary),
    Column("payload_digest", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("erased_at", DateTime(timezone=True)),
    Column("mark", String(64), nullable=False),
    Index("decisions_by_instance", "hook_instance"),
    Index("decisions_by_time", "made_at"),
)

DECISIONS_END, REFUSALS_END = 1, 2
"""The rows of CHAIN_HEAD."""
# The ends of the two chains. Whoever writes to one holds its row while doing so.
CHAIN_HEAD = Table(
    "chain_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("mark", String(64), nullable=False),
)

CARDS = Table(
    "cards",
    METADATA,
    Column("decision_id", String(36), nullable=False),
    Column("uuid", String(36), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("patient_key", String(64), nullable=False),
    Column("disease", String(8), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("facts", LargeBinary, nullable=False),
    PrimaryKeyConstraint("decision_id", "uuid"),
    Index("cards_by_uuid", "uuid"),
    Index("cards_by_patient", "patient_key"),
)

# Calls that were refused after the client had proved itself. Nothing here is about a patient.
REFUSALS = Table(
    "refusals",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("refused_at", DateTime(timezone=True), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("hook_instance", String(36), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("fault", String(64), nullable=False),
    Column("told", Text, nullable=False),
    Column("mark", String(64), nullable=False),
    Index("refusals_by_time", "refused_at"),
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("card", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("outcome_at", String(40), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("decision_id", String(36)),
    Column("rule", String(32)),
    Column("accepted", Text, nullable=False),
    Column("reason_system", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("comment", LargeBinary),
    Column("comment_cut", Boolean, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Index("feedback_by_card", "card"),
    Index("feedback_by_time", "received_at"),
)

USED_TOKENS = Table(
    "used_tokens",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("used_by", String(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("used_tokens_by_expiry", "expires_at"),
)

# Visits of the SMART app: sealed, and gone when they end.
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("idle_at", BigInteger, nullable=False),
    Index("sessions_by_end", "ends_at"),
)

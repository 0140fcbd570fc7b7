"""The story of a feedback call: read whole, kept whole, answered when it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cds_service.cdshooks.feedback import read_feedback
from cds_service.fhir import strict_json
from cds_service.store.records import FeedbackEntry
from cds_service.store.store import Store
from cds_service.trust.clients import Client

ANSWER = "org.nextline-cds.feedback"


def receive(body: bytes, service: str, client: Client, now: datetime, store: Store) -> dict[str, Any]:
    """Keep the feedback of one call.

    A card that is not known is kept like any other: it may be older than the store, and another client must not
    learn which cards there are. Errors: MalformedBody, BodyTooLarge, NotDurable.
    """
    entries = tuple(
        FeedbackEntry(
            service=service,
            issuer=client.issuer,
            tenant=client.tenant,
            card=told.card,
            outcome=told.outcome,
            outcome_at=told.outcome_at,
            received_at=now,
            accepted=told.accepted,
            reason_system=told.reason_system,
            reason_code=told.reason_code,
            comment=told.comment,
            comment_cut=told.comment_cut,
        )
        for told in read_feedback(strict_json.read(body))
    )
    store.keep_feedback(entries)
    return {"extension": {ANSWER: {"received": len(entries)}}}

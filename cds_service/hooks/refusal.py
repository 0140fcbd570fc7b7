"""The record of a call that was refused after its client had proved itself (promise I8): who, when, why; no patient."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cds_service.errors import DataUnobtainable
from cds_service.store.records import Refusal
from cds_service.store.store import Store
from cds_service.trust.clients import Client


class Refused(NamedTuple):
    """What the web knows of a refused call: which of our addresses, ids, the status, and the fault itself."""

    kind: str
    service: str
    hook_instance: str
    request_id: str
    status: int
    fault: Exception


def keep_refused(refused: Refused, client: Client, now: datetime, store: Store) -> None:
    """Keep the record; it is on a disk when this returns. Errors: NotDurable."""
    store.keep_refusal(
        Refusal(
            id=str(uuid.uuid4()),
            refused_at=now,
            kind=refused.kind,
            service=refused.service,
            hook_instance=refused.hook_instance,
            request_id=refused.request_id,
            issuer=client.issuer,
            tenant=client.tenant,
            status=refused.status,
            fault=type(refused.fault).__name__,
            told=_told(refused.fault),
        )
    )


def _told(fault: Exception) -> Mapping[str, Any]:
    """Names and counts of ours. Never the message, the expression or anything else that could hold what came in."""
    told = dict(getattr(fault, "told", {}))
    return told | {"missing": list(fault.missing)} if isinstance(fault, DataUnobtainable) else told

"""Which refusals are kept on record: those of calls whose client had proved itself (promise I8).

Others are counted and logged only: whoever cannot prove anything must not be able to fill the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import g, request

from cds_service.errors import NotDurable
from cds_service.hooks.refusal import Refused
from cds_service.trust.clients import Client

KeepRefused = Callable[[Refused, Client, datetime], None]
"""Keeps the record of a refused call. Errors: NotDurable."""


def record(fault: Exception, status: int, keep: KeepRefused | None) -> bool:
    """Keep the refusal of this call, where it is one to keep. False when that failed."""
    if keep is None or not g.get("admitted", False) or request.method != "POST":
        return True
    kind, _, service = (request.endpoint or "").partition(":")
    hook_instance = g.get("call", {}).get("hook_instance", "")
    try:
        keep(Refused(kind, service, hook_instance, g.get("request_id", ""), status, fault), g.client, datetime.now(UTC))
    except NotDurable:
        return False
    return True

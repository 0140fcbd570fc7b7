"""Can a FHIR server be called? Asked by the person who registers a client, not by the calls."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from cds_service.outbound.address import AddressRefused, Base, base
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed

SECONDS = 5.0
MOST_BYTES = 8 * 1024 * 1024
_UNAUTHORISED = (401, 403)


class ServerFinding(NamedTuple):
    """What was found at an address. `said` is a sentence."""

    url: str
    usable: bool
    said: str


def check_server(url: str, outbound: Outbound, *, local_http: bool) -> ServerFinding:
    """Is the address one that may be called, and is there a FHIR server?"""
    try:
        where = base(url, local_http=local_http)
        metadata = Base(where.scheme, where.host, where.port, f"{where.path}/metadata")
        headers, deadline = {"Accept": "application/fhir+json"}, Deadline.after(SECONDS)
        answer = outbound.get(metadata, "", headers=headers, deadline=deadline, allowance=Allowance(MOST_BYTES))
        statement = orjson.loads(answer.body)
    except AddressRefused as refused:
        return ServerFinding(url, False, f"address refused: {refused}")
    except FetchFailed as failed:
        # Some servers tell nothing without a token, and calls come with one.
        asks = failed.status in _UNAUTHORISED
        return ServerFinding(url, asks, "answers, and asks for a token" if asks else f"metadata not fetched: {failed}")
    except orjson.JSONDecodeError:
        return ServerFinding(url, False, "metadata is not JSON")
    kind = statement.get("resourceType") if isinstance(statement, dict) else None
    if kind != "CapabilityStatement":
        return ServerFinding(url, False, "metadata is no CapabilityStatement")
    return ServerFinding(url, True, f"FHIR {_plain(statement.get('fhirVersion'))}")


def _plain(version: object) -> str:
    is_version = isinstance(version, str) and len(version) <= 20 and version.isascii() and version.isprintable()
    return str(version) if is_version else "of no named version"

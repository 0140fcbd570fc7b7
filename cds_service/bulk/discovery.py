"""Where a FHIR server's tokens come from: `{base}/.well-known/smart-configuration`.

The endpoint has to be on the server's own origin. A server that was taken over could name the token endpoint of another
hospital where this client is registered, and be sent that hospital's token: so any other origin is given by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from cds_service.bulk.fault import ExportFault
from cds_service.bulk.places import Place, place_of
from cds_service.outbound.address import AddressRefused, Base
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed

PATH = "/.well-known/smart-configuration"
SECONDS = 10.0
MOST_BYTES = 256 * 1024
_BY_HAND = "give --token-url"


class Endpoint(NamedTuple):
    """The token endpoint, as it is called and as it was spelled; `first_grammar`: it knows SMART 1 scopes only."""

    place: Place
    spelled: str
    first_grammar: bool = False


def discovered(outbound: Outbound, server: Base, *, local_http: bool) -> Endpoint:
    """The token endpoint that the server names. Errors: ExportFault."""
    where = replace(server, path=server.path + PATH)
    headers, deadline = {"Accept": "application/json"}, Deadline.after(SECONDS)
    try:
        fetched = outbound.get(where, "", headers=headers, deadline=deadline, allowance=Allowance(MOST_BYTES))
        told = orjson.loads(fetched.body)
    except FetchFailed as failed:
        raise ExportFault(f"the server's SMART configuration cannot be fetched ({failed}): {_BY_HAND}") from None
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("token_endpoint"), str):
        raise ExportFault(f"the server's SMART configuration names no token endpoint: {_BY_HAND}")
    endpoint = given(told["token_endpoint"], local_http=local_http)
    if endpoint.place.where.origin != server.origin:
        origin = endpoint.place.where.origin
        raise ExportFault(f"the server names a token endpoint on {origin}: if that is right, {_BY_HAND}")
    can = told.get("capabilities")
    return endpoint._replace(first_grammar=_first_grammar(can if isinstance(can, list) else []))


def given(address: str, *, local_http: bool) -> Endpoint:
    """A token endpoint as somebody spells it. Errors: ExportFault."""
    try:
        return Endpoint(place_of(address, local_http=local_http), address)
    except AddressRefused as refused:
        raise ExportFault(f"the address of the token endpoint cannot be called: {refused}") from None


def scope_for(types: Iterable[str], *, first_grammar: bool = False) -> str:
    """The scopes that let these types be read by a system, in the grammar of SMART 2 or 1."""
    rights = "read" if first_grammar else "rs"
    return " ".join(f"system/{kind}.{rights}" for kind in types)


def _first_grammar(can: list[Any]) -> bool:
    return "permission-v1" in can and "permission-v2" not in can

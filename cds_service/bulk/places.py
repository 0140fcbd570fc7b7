"""Which addresses a server may send an export to: its own origin, and origins that somebody listed by hand.

A manifest is a list of addresses written by the other side. Believed blindly it takes the token to whoever wrote it, or
has us call a neighbour in our own network: so an origin that is not listed is not called at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from cds_service.bulk.fault import ExportFault
from cds_service.outbound.address import AddressRefused, Base, parse

_escape = re.compile(r"%[0-9A-Fa-f]{2}", re.ASCII)
_separator = re.compile(r"[/\\]")
LONGEST = 8192
"""Characters of an address: those of object storage carry a signature and a session in their query."""


class Place(NamedTuple):
    """An address in parts: what was judged is what is called."""

    where: Base
    query: str = ""

    @property
    def url(self) -> str:
        """As it is called."""
        return self.where.url + (f"?{self.query}" if self.query else "")


class Places:
    """The origins of one export: the FHIR server's, and the listed ones."""

    def __init__(self, server: Base, listed: Iterable[Base] = (), *, local_http: bool = False) -> None:
        self._known = {server.origin, *(other.origin for other in listed)}
        self._local_http = local_http

    def read(self, text: str, beside: Place, what: str) -> Place:
        """An address that the server gave in answer to a request at `beside`; `what` names it in the fault.

        Errors: ExportFault when it may not be called.
        """
        try:
            full = urljoin(beside.url, text)
            place = place_of(full, local_http=self._local_http)
        except (AddressRefused, ValueError) as refused:
            why = str(refused) if isinstance(refused, AddressRefused) else "not a URL"
            raise ExportFault(f"the server's address of {what} cannot be called: {why}") from None
        if place.where.origin not in self._known:
            origin = place.where.origin
            raise ExportFault(
                f"the server's address of {what} is on {origin}, which is not listed: nothing was sent there "
                f"(if it is right, --file-server {origin})"
            )
        return place


def place_of(text: str, *, local_http: bool) -> Place:
    """An address in parts, with the last slash that it has. Errors: AddressRefused.

    Names of files in object storage have escapes in their paths (`/o/jobs%2F7%2FPatient.ndjson`): they are called as
    they came, where they stand for nothing that leads elsewhere.
    """
    try:
        path = urlsplit(text).path
    except ValueError:
        raise AddressRefused("not a URL") from None
    if not all(_is_harmless(unquote(step)) for step in path.split("/") if "%" in step):
        raise AddressRefused("an unusual path")
    judged = text.replace(path, _escape.sub("~", path), 1) if "%" in path else text
    where, query = parse(judged, local_http=local_http, longest=LONGEST)
    return Place(replace(where, path=path), query)


def _is_harmless(step: str) -> bool:
    """Of a step of a path without its escapes: it is no way back, and nothing that ends a line or a name."""
    return step.isprintable() and not any(part in (".", "..") for part in _separator.split(step))

"""The export on the server's side: asked for, waited for, and cleared away (FHIR Bulk Data Access 2.0)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cds_service.bulk.asked import Asked
from cds_service.bulk.fault import ExportFault, JobLost
from cds_service.bulk.manifest import Manifest, next_page, read_manifest
from cds_service.bulk.outcome import LATER, issues_of
from cds_service.bulk.places import Place
from cds_service.bulk.server import Server

REFUSAL = "refused.json"
_LONGEST_PROGRESS = 100
_MOST_PAGES = 1000
_GONE = (404, 410)
_percent = re.compile(r"(?<![\d.])(\d{1,3})(?:\.\d+)?\s*%").search


def kick_off(server: Server, asked: Asked, folder: Path) -> str:
    """Ask for the export; gives back the address at which the server tells how far it is. Errors: ExportFault."""
    headers = {"Accept": "application/fhir+json", "Prefer": "respond-async"}
    # Sent once: when an answer is lost the server may be at work already, and a second job would run beside it.
    answer = server.ask("GET", asked.kick_off, headers, what="asking for the export", twice=False)
    address = answer.headers.get("content-location", "")
    if not 200 <= answer.status < 300 or not address:
        raise server.refused(answer, "the export", folder / REFUSAL)
    return server.places.read(address, asked.kick_off, "the export's state").url


def manifest_of(
    server: Server, state: Place, asked: Asked, folder: Path, waiting: Callable[[str, int], None]
) -> Manifest:
    """Wait until the export is ready. `waiting` is told the server's words and its percent, -1 for none.

    A manifest in pages is read to its end; we never ask for one (allowPartialManifests, Bulk Data 3.0), because
    nothing can be screened before everything is there. Errors: JobLost when there will never be one; ExportFault when
    the server cannot be asked just now.
    """
    pages, places = [_ready(server, state, folder, waiting)], [state]
    while onward := next_page(pages[-1]):
        place = server.places.read(onward, places[-1], "the next page of the manifest")
        if place in places or len(pages) >= _MOST_PAGES:
            raise ExportFault("the pages of the manifest do not come to an end")
        places.append(place)
        pages.append(_ready(server, place, folder, waiting))
    return read_manifest(pages, asked.types)


def _ready(server: Server, place: Place, folder: Path, waiting: Callable[[str, int], None]) -> bytes:
    """The manifest, or a page of it, when it is there."""
    attempt = 0
    while True:
        answer = server.ask("GET", place, {"Accept": "application/json"}, what="asking after the export")
        attempt += 1
        if answer.status == 200:
            return answer.body
        if answer.status == 202:
            waiting(*_progress(answer.headers))
            server.patience.wait(attempt, answer.headers)
        elif answer.status in _GONE:
            raise JobLost("the server no longer knows this export: the next run begins anew")
        elif any(code in LATER for _, code in issues_of(answer.body)):
            server.patience.wait(attempt, answer.headers, why=f"asking after the export failed ({answer.status})")
        elif answer.status in (401, 403):
            raise server.refused(answer, "to say how far the export is", folder / REFUSAL)
        else:
            raise JobLost(str(server.refused(answer, "to finish the export", folder / REFUSAL)))


def clear_away(server: Server, state: Place) -> str:
    """Tell the server that it may delete the files; gives back why it did not, or nothing."""
    try:
        answer = server.ask("DELETE", state, {"Accept": "application/fhir+json"}, what="clearing the export away")
    except ExportFault as fault:
        return str(fault)
    cleared = 200 <= answer.status < 300 or answer.status in _GONE
    return "" if cleared else f"the server does not clear the export away ({answer.status})"


def _progress(headers: Mapping[str, str]) -> tuple[str, int]:
    words = "".join(sign for sign in headers.get("x-progress", "") if sign.isprintable())[:_LONGEST_PROGRESS]
    found = _percent(words)
    return words, min(int(found[1]), 100) if found else -1

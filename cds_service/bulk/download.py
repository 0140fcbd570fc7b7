"""Fetches one file of an export: again when the line breaks, from where it broke when the server lets us."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cds_service.bulk.arrival import Arrival, RangeLost, Room
from cds_service.bulk.contents import Contents, contents_of
from cds_service.bulk.fault import ExportFault
from cds_service.bulk.journal import Journal
from cds_service.bulk.manifest import Entry
from cds_service.bulk.places import Place
from cds_service.bulk.server import LATER, WITHOUT_END, Server
from cds_service.outbound.client import Fetched
from cds_service.outbound.failure import FetchFailed

LONGEST = 6 * 3600.0
"""Seconds of one request for one file. Where the server lets us go on from where it broke, a file may take longer."""
MOST_HOPS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept": "application/fhir+ndjson"}


class Source(NamedTuple):
    """Where a file is now, and whether the token goes there."""

    place: Place
    with_token: bool


class Download:
    """Fetches files into a folder. Several threads share one."""

    def __init__(self, server: Server, folder: Path, journal: Journal, room: Room, came: Callable[[int], None]) -> None:
        self._server, self._folder, self._journal, self._room, self._came = server, folder, journal, room, came

    def fetch(self, entry: Entry, source: Source) -> Mapping[str, Any]:
        """Fetch a file and put it in its place; gives back what the journal says of it. Errors: ExportFault."""
        part, attempt, furthest, doubted = self._part_of(entry), 0, 0, False
        while True:
            answer, size = self._tried(entry, source)
            if size > furthest:
                attempt, furthest = 0, size  # as long as something comes it is worth going on
            if answer is None or answer.status in LATER:
                attempt += 1
                headers = None if answer is None else answer.headers
                self._server.patience.wait(attempt, headers, why=f"{entry.name} could not be fetched")
                continue
            contents = contents_of(part, most=self._room.most)
            if (contents.fault or entry.count not in (None, contents.lines)) and not doubted:
                doubted = True  # what is wrong the second time as well is the server's own
                self._arrival(entry, "")  # without a validator the part is of no use
                continue
            return self._kept(entry, part, contents)

    def _tried(self, entry: Entry, source: Source) -> tuple[Fetched | None, int]:
        """One try, through redirects. No answer: the line broke, or the rest does not fit. And the bytes that lie here.

        A redirect to another origin never takes the token with it: it leads to addresses that are signed.
        """
        for _ in range(MOST_HOPS):
            answer, size = self._asked(entry, source)
            if answer is None or answer.status in (200, 206) or answer.status in LATER:
                return answer, size
            if answer.status == 416:
                self._arrival(entry, "")  # without a validator the part is of no use
                return None, 0
            if answer.status not in _REDIRECTS:
                raise self._server.refused(answer, f"the file {entry.name}", self._folder / "refused.json")
            target = self._server.places.read(answer.headers.get("location", ""), source.place, entry.name)
            stays = target.where.origin == source.place.where.origin
            source = Source(target, source.with_token and stays)
        raise ExportFault(f"the server sends us round in circles for {entry.name}")

    def _asked(self, entry: Entry, source: Source) -> tuple[Fetched | None, int]:
        with self._arrival(entry, self._journal.validators.get(entry.name, "")) as arrival:
            try:
                headers = {**_HEADERS, **arrival.headers}
                place, with_token = source
                answer = self._server.once("GET", place, headers, with_token=with_token, into=arrival, seconds=LONGEST)
            except RangeLost:
                arrival.discard()
                return None, 0
            except FetchFailed as failed:
                if failed.reason in WITHOUT_END:
                    raise ExportFault(f"{entry.name} cannot be fetched: {failed}") from None
                return None, arrival.size
            return (answer if arrival.is_whole else None), arrival.size

    def _arrival(self, entry: Entry, validator: str) -> Arrival:
        def remember(found: str) -> None:
            if found != self._journal.validators.get(entry.name, ""):
                self._journal.note(validator={entry.name: found})

        part, patience = self._part_of(entry), self._server.patience
        return Arrival(part, validator, self._room, patience, came=self._came, remember=remember)

    def _part_of(self, entry: Entry) -> Path:
        return self._folder / f"{entry.name}.part"

    def _kept(self, entry: Entry, part: Path, contents: Contents) -> Mapping[str, Any]:
        """In its place, on the disk, and in the journal: in this order."""
        if contents.fault:
            raise ExportFault(f"{entry.name} {contents.fault}, also when it was fetched a second time")
        file = f"{entry.name}.gz" if contents.is_packed else entry.name
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(self._folder / file)
        done = {"file": file, "lines": contents.lines, "bytes": contents.size, "sha256": contents.digest}
        self._journal.note(done={entry.name: done})
        return done

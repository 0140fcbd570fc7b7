"""An export from end to end: ask for it, wait for it, fetch its files, write its manifest, clear it away.

What was done is in a journal beside the files, so a process that was killed is gone on with by the same command.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cds_service.bulk.arrival import Room
from cds_service.bulk.asked import Asked
from cds_service.bulk.download import Download, Source
from cds_service.bulk.fault import ExportFault, JobLost, Stopped
from cds_service.bulk.job import clear_away, kick_off, manifest_of
from cds_service.bulk.journal import LAYOUT, NAME, Journal, journal_in
from cds_service.bulk.manifest import Entry, Manifest, from_journal, renewed, written
from cds_service.bulk.outcome import counted, is_grave
from cds_service.bulk.places import Place
from cds_service.bulk.server import Server

MANIFEST = "manifest.json"


class Watch(Protocol):
    """Whoever is told how far an export is."""

    def say(self, sentence: str) -> None: ...

    def waiting(self, words: str, percent: int) -> None: ...

    def begin(self, files: int, there: int, size: int) -> None: ...

    def came(self, number: int) -> None: ...

    def fetched(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Exported:
    """What lies in the folder now. `errors` counts the issues of the server's error files by severity and code.

    `other_counts` are files with another number of lines than told, `left` files of types that nobody asked for by
    type, `lacking` types that the token does not let us read.
    """

    files: int
    lines: Mapping[str, int]
    size: int
    errors: Mapping[str, int]
    other_counts: tuple[tuple[str, int, int], ...]
    left: Mapping[str, int]
    lacking: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Is nothing known to be missing?"""
        return not (self.other_counts or self.lacking or any(is_grave(issue) for issue in self.errors))


def export(
    asked: Asked, out: Path, server: Server, watch: Watch, *, at_once: int, most: int, resume: bool = False
) -> Exported:
    """Make the export, or go on with it; `most` bytes may lie on the disk, `at_once` files are fetched together.

    With `resume` nothing is begun anew. Errors: ExportFault; what was done stays, unless the server's job is lost.
    """
    with journal_in(out) as journal:
        _check(journal, asked, out, resume)
        try:
            return _Export(asked, out, server, watch, journal, Room(most)).run(at_once)
        except JobLost:
            _forget(journal, out)
            raise


@dataclass(frozen=True, slots=True)
class _Export:
    asked: Asked
    out: Path
    server: Server
    watch: Watch
    journal: Journal
    room: Room

    def run(self, at_once: int) -> Exported:
        if self.journal.asked is None:
            address = kick_off(self.server, self.asked, self.out)
            self.journal.note(asked=self.asked.told(), layout=LAYOUT, status=address)
        state = self.server.places.read(self.journal.status, self.asked.kick_off, "the export's state")
        if not self.journal.is_written:
            self._fetch(self._manifest(state), state, at_once)
        manifest = from_journal(self.journal.manifest or {})
        unclear = clear_away(self.server, state)
        if unclear:
            self.watch.say(unclear)
        exported = self._told(manifest)
        self.journal.end()
        return exported

    def _manifest(self, state: Place) -> Manifest:
        """What is to be fetched: the manifest that was begun, with the addresses of now."""
        found = manifest_of(self.server, state, self.asked, self.out, self.watch.waiting)
        if self.journal.manifest is None:
            self.journal.note(manifest=found.told())
            return found
        return renewed(from_journal(self.journal.manifest), found)

    def _fetch(self, manifest: Manifest, state: Place, at_once: int) -> None:
        names = {entry.name: entry for entry in manifest.entries}
        sources = {
            name: Source(self.server.places.read(entry.url, state, name), manifest.needs_token)
            for name, entry in names.items()
        }
        there = {name: done for name, done in self.journal.done.items() if name in names and self._lies_here(done)}
        parts = [part.stat().st_size for name in names if (part := self.out / f"{name}.part").exists()]
        here = sum(parts) + sum(done["bytes"] for done in there.values())
        self.room.take(here)
        self.watch.begin(len(names), len(there), here)
        download = Download(self.server, self.out, self.journal, self.room, self.watch.came)
        wanted = [entry for name, entry in names.items() if name not in there]
        with ThreadPoolExecutor(at_once, thread_name_prefix="export") as pool:
            try:
                self._together([pool.submit(self._one, download, entry, sources[entry.name]) for entry in wanted])
            except BaseException:  # also Ctrl-C: the threads stop before the pool waits for them
                self.server.patience.give_up()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        _write(self.out / MANIFEST, written(manifest, self.journal.done, self.asked.told()))
        self.journal.note(written=True)

    def _one(self, download: Download, entry: Entry, source: Source) -> None:
        download.fetch(entry, source)
        self.watch.fetched()

    def _together(self, downloads: list[Future[None]]) -> None:
        done, _ = wait(downloads, return_when=FIRST_EXCEPTION)
        faults = [fault for one in done if (fault := one.exception()) is not None]
        if faults:
            raise next((fault for fault in faults if not isinstance(fault, Stopped)), faults[0])

    def _lies_here(self, done: Mapping[str, Any]) -> bool:
        path, size = self.out / str(done["file"]), int(done["bytes"])
        return path.is_file() and path.stat().st_size == size

    def _told(self, manifest: Manifest) -> Exported:
        lines, errors, other = Counter[str](), Counter[str](), list[tuple[str, int, int]]()
        for entry in manifest.entries:
            done = self.journal.done[entry.name]
            if entry.member == "output":
                lines[entry.kind] += done["lines"]
            elif entry.member == "error":
                errors += counted(_lines_of(self.out / done["file"]))
            if entry.count not in (None, done["lines"]):
                other.append((done["file"], entry.count or 0, done["lines"]))
        size = sum(self.journal.done[entry.name]["bytes"] for entry in manifest.entries)
        return Exported(
            files=len(manifest.entries),
            lines=dict(lines),
            size=size,
            errors=dict(errors),
            other_counts=tuple(other),
            left=dict(manifest.left),
            lacking=tuple(self.server.lacking(self.asked.types)),
        )


def _check(journal: Journal, asked: Asked, out: Path, resume: bool) -> None:
    """Errors: ExportFault when the folder does not go with what is asked."""
    if journal.asked is None:
        if resume:
            raise ExportFault(f"{out}: there is nothing to go on with")
        if (out / MANIFEST).exists():
            raise ExportFault(f"{out}: there is an export in it already")
    elif journal.asked != asked.told():
        raise ExportFault(f"{out}: was begun with another server, level, types or time; {NAME} says which")


def _forget(journal: Journal, out: Path) -> None:
    """The server's job is lost: its files are a part of nothing."""
    for entry in (journal.manifest or {"entries": []})["entries"]:
        for name in (f"{entry[-1]}.part", entry[-1], f"{entry[-1]}.gz"):
            (out / name).unlink(missing_ok=True)
    journal.end()


def _lines_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from stream


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)

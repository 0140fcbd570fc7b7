"""The manifest of an export: what the server offers, read with care, and the one that is written beside the files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import orjson

from cds_service.bulk.fault import ExportFault, JobLost
from cds_service.bulk.places import LONGEST

Member = Literal["output", "deleted", "error"]
_type = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII).fullmatch
_LONGEST_TEXT = 2048
_PREFIX: Mapping[str, str] = {"deleted": "deleted.", "error": "errors."}
_KIND: Mapping[str, str] = {"deleted": "Bundle", "error": "OperationOutcome"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that the server offers. `name` is ours, `count` the lines that it says to have, None when it does not."""

    member: Member
    kind: str
    url: str
    count: int | None
    name: str

    def told(self) -> list[Any]:
        """For the journal."""
        return [self.member, self.kind, self.url, self.count, self.name]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the server offers. `left` counts files of types that nobody asked for: they are not fetched."""

    transaction_time: str
    request: str
    needs_token: bool
    entries: tuple[Entry, ...]
    left: Mapping[str, int]

    def told(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "transactionTime": self.transaction_time,
            "request": self.request,
            "requiresAccessToken": self.needs_token,
            "entries": [entry.told() for entry in self.entries],
            "left": dict(self.left),
        }


def from_journal(told: Mapping[str, Any]) -> Manifest:
    """What `told` wrote."""
    entries = tuple(Entry(*entry) for entry in told["entries"])
    return Manifest(told["transactionTime"], told["request"], told["requiresAccessToken"], entries, told["left"])


def read_manifest(pages: Sequence[bytes], types: Iterable[str]) -> Manifest:
    """The manifest in one answer, or in several; files of other types are left out and counted. Errors: ExportFault.

    Bulk Data 3.0: what stands beside `output` and `link` is the same on each page, so that of the first stands.
    """
    told = [_page(page) for page in pages]
    first = told[0]
    if any(page.get("transactionTime") != first.get("transactionTime") for page in told):
        raise ExportFault("the pages of the manifest are of several exports")
    wanted, numbers, left, entries = set(types), Counter[str](), Counter[str](), list[Entry]()
    for member, item in _items(told):
        kind, url, count = _item(item, _KIND.get(member))
        if member == "output" and kind not in wanted:
            left[kind] += 1
            continue
        stem = _PREFIX.get(member, "") + kind
        entries.append(Entry(member, kind, url, count, f"{stem}.{numbers[stem]:03d}.ndjson"))
        numbers[stem] += 1
    time, request = (_text(first.get(name)) for name in ("transactionTime", "request"))
    return Manifest(time, request, first.get("requiresAccessToken") is not False, tuple(entries), left)


def next_page(page: bytes) -> str:
    """The address of the next page as the server writes it; empty for the last. Errors: ExportFault."""
    links = [link for link in _listed(_page(page), "link") if isinstance(link, dict)]
    onward = [link.get("url") for link in links if link.get("relation") == "next"]
    if not onward:
        return ""
    if not isinstance(onward[0], str) or not 0 < len(onward[0]) <= LONGEST:
        raise ExportFault("the manifest has a next page without an address")
    return onward[0]


def _page(page: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(page)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("output"), list):
        raise ExportFault("the server's answer is no manifest of an export (no member output)")
    return told


def _items(pages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Member, Any]]:
    """All files: those of `output` of every page, the others of each page that has another list of them."""
    for member in get_args(Member):
        lists = [_listed(page, member) for page in pages]
        if member != "output":
            lists = [listed for place, listed in enumerate(lists) if listed not in lists[:place]]
        for listed in lists:
            for item in listed:
                yield member, item


def renewed(old: Manifest, new: Manifest) -> Manifest:
    """The manifest that was begun, with the addresses that the server gives for the same files now.

    Addresses in object storage carry a signature that expires. Files are known again by their address, without its
    query where that says it all. Errors: JobLost when they are not the same files.
    """
    fresh = _by_address(new.entries)
    known = _by_address(old.entries)
    if fresh.keys() != known.keys() or any((fresh[key].kind != entry.kind) for key, entry in known.items()):
        raise JobLost("the server's export has other files now than when it was begun: the next run begins anew")
    renamed = {entry.name: fresh[key].url for key, entry in known.items()}
    entries = tuple(
        Entry(entry.member, entry.kind, renamed[entry.name], entry.count, entry.name) for entry in old.entries
    )
    return Manifest(old.transaction_time, old.request, new.needs_token, entries, old.left)


def written(manifest: Manifest, done: Mapping[str, Mapping[str, Any]], asked: Mapping[str, Any]) -> bytes:
    """The manifest of the folder: the files as they lie there, with their lines, bytes and SHA-256.

    `count` is what the server told, where it did, so that whoever reads the folder finds a difference, too.
    """
    told: dict[str, Any] = {
        "transactionTime": manifest.transaction_time,
        "request": manifest.request,
        "requiresAccessToken": False,
    }
    for member in get_args(Member):
        entries = [entry for entry in manifest.entries if entry.member == member]
        told[member] = [_written(entry, done[entry.name]) for entry in entries]
    told["extension"] = {"asked": dict(asked), "notFetched": dict(manifest.left)}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _written(entry: Entry, done: Mapping[str, Any]) -> dict[str, Any]:
    lines = done["lines"]
    count = lines if entry.count is None else entry.count
    file = {"type": entry.kind, "url": done["file"], "count": count}
    return file | {"extension": {"lines": lines, "bytes": done["bytes"], "sha256": done["sha256"]}}


def _by_address(entries: Iterable[Entry]) -> dict[str, Entry]:
    entries = list(entries)
    places = Counter(entry.url.partition("?")[0] for entry in entries)
    named = {}
    for entry in entries:
        place = entry.url.partition("?")[0]
        key = place if places[place] == 1 else entry.url
        if key in named:
            raise ExportFault("the manifest names a file twice")
        named[key] = entry
    return named


def _listed(told: Mapping[str, Any], member: str) -> list[Any]:
    found = told.get(member)
    found = [] if found is None else found
    if not isinstance(found, list):
        raise ExportFault(f"the manifest's member {member} is no list")
    return found


def _item(item: Any, kind_of_all: str | None) -> tuple[str, str, int | None]:
    """Type, address and count. What is deleted, and errors, are of one type: not every server repeats it."""
    kind, url = (item.get("type", kind_of_all), item.get("url")) if isinstance(item, dict) else (None, None)
    if not isinstance(kind, str) or not _type(kind) or not isinstance(url, str) or not 0 < len(url) <= LONGEST:
        raise ExportFault("the manifest has a file without a type and an address")
    count = item.get("count")
    return kind, url, count if type(count) is int and count >= 0 else None


def _text(told: Any) -> str:
    return told[:_LONGEST_TEXT] if isinstance(told, str) else ""

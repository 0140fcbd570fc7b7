"""A Bulk Data export as it lies there: a folder of NDJSON, or the manifest of one, plain or packed (Bulk Data 2.0).

What a file is called is a hint at most: types are told by the lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from cds_service.population import storage
from cds_service.population.faults import ScreeningFault

_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_MANIFEST = "manifest.json"
_MEBIBYTE = 1 << 20
_UNPACKED = 12
"""How many times larger packed NDJSON usually is when it is unpacked: for the size of the work only."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of NDJSON. `kind` is the type the manifest tells, `digest` is of its first and its last mebibyte."""

    path: str
    name: str
    size: int
    changed: str
    digest: str
    kind: str = ""
    told_count: int | None = None

    @property
    def packed(self) -> bool:
        """Whether it is gzip, by its name."""
        return self.path.endswith(".gz")

    @property
    def weight(self) -> int:
        """About how many bytes it has when it is unpacked."""
        return self.size * _UNPACKED if self.packed else self.size


@dataclass(frozen=True, slots=True)
class Export:
    """The files of an export. `deleted` are those that name what is gone, `errors` those in which the server says what
    it could not do, `errors_told` how many of these its manifest has.

    `not_named` are files of lines in the folder that its manifest does not name: they are not read.
    """

    files: tuple[InputFile, ...]
    deleted: tuple[InputFile, ...] = ()
    errors: tuple[InputFile, ...] = ()
    errors_told: int = 0
    transaction_time: str = ""
    not_named: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """About how many bytes there are to read."""
        return sum(file.weight for file in self.files)


def find_export(path: str) -> Export:
    """The export at a folder, a manifest or one file of lines. Errors: ScreeningFault naming what is not there."""
    if not storage.exists(path):
        raise ScreeningFault(f"{path}: there is no such folder or file")
    if storage.is_folder(path):
        found = _in_folder(path.rstrip("/"))
    elif path.endswith(_SUFFIXES):
        found = Export((_input(storage.found(path), storage.name_of(path)),))
    else:
        found = _by_manifest(path)
    if not found.files:
        raise ScreeningFault(f"{path}: there is no NDJSON in it (*.ndjson, *.ndjson.gz)")
    return found


def _in_folder(folder: str) -> Export:
    """What its manifest.json names, when all of it is there; else every file of lines below it."""
    manifest = storage.join(folder, _MANIFEST)
    listed = [one for one in storage.files_in(folder) if one.path.endswith(_SUFFIXES)]
    everything = Export(tuple(_input(one, _inside(one.path, folder)) for one in listed))
    if not storage.exists(manifest):
        return everything
    try:
        told = _by_manifest(manifest)
    except ScreeningFault:
        return everything
    named = {file.path for file in (*told.files, *told.deleted, *told.errors)}
    return replace(told, not_named=tuple(file.name for file in everything.files if file.path not in named))


def deleted_in(files: Iterable[InputFile]) -> frozenset[str]:
    """What the server says is gone, as Type/id: Bundles of DELETE requests, one a line."""
    return frozenset(reference for file in files for reference in _deletions(file))


def _deletions(file: InputFile) -> Iterator[str]:
    for line in storage.read(file.path).splitlines():
        try:
            bundle = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        entries = bundle.get("entry") if isinstance(bundle, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            request = entry.get("request") if isinstance(entry, dict) else None
            if isinstance(request, dict) and request.get("method") == "DELETE":
                yield "/".join(str(request.get("url", "")).split("/")[-2:])


def _by_manifest(path: str) -> Export:
    """What a manifest names, and those to which it leads on (Bulk Data 3.0: a manifest in pages)."""
    folder = path.rpartition("/")[0] or "."
    pages = list(_pages(path, folder))
    listed = {name: [item for page in pages for item in _list(page, name)] for name in ("output", "deleted", "error")}
    files, absent = _told_files(listed["output"], folder)
    if absent:
        raise ScreeningFault(f"{path}: the manifest names files that are not beside it: {', '.join(absent[:5])}")
    deleted, errors = (_told_files(listed[name], folder)[0] for name in ("deleted", "error"))
    time = str(pages[0].get("transactionTime"))
    return Export(
        tuple(files),
        _each_once(deleted),
        _each_once(errors),
        len({str(item.get("url")) for item in listed["error"]}),
        time,
    )


def _pages(path: str, folder: str) -> Iterator[Mapping[str, Any]]:
    place: str | None = path
    seen: set[str] = set()
    while place is not None:
        seen.add(place)
        yield (page := _read_manifest(place))
        onward = [str(link.get("url", "")) for link in _list(page, "link") if link.get("relation") == "next"]
        place = next((one for one in _places(onward[0], folder) if storage.exists(one)), "") if onward else None
        if place == "" or place in seen:
            raise ScreeningFault(
                f"{path}: the manifest goes on in {storage.name_of(onward[0])}, which is not beside it"
            )


def _read_manifest(path: str) -> Mapping[str, Any]:
    try:
        told = orjson.loads(storage.read(path))
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("output"), list):
        raise ScreeningFault(f"{path}: is no manifest of a Bulk Data export (no member output)")
    return told


def _list(page: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = page.get(name)
    return [item if isinstance(item, dict) else {} for item in listed] if isinstance(listed, list) else []


def _each_once(files: Iterable[InputFile]) -> tuple[InputFile, ...]:
    """What is deleted and what failed may stand on every page."""
    return tuple(dict.fromkeys(files))


def _told_files(output: Iterable[Mapping[str, Any]], folder: str) -> tuple[list[InputFile], list[str]]:
    files, absent = [], []
    for item in output:
        url = str(item.get("url", ""))
        places = _places(url, folder)
        place = next((one for one in places if storage.exists(one)), None)
        if place is None:
            absent.append(storage.name_of(url) or "a file without url")
            continue
        count = item.get("count")
        kind = str(item.get("type", ""))
        told = count if isinstance(count, int) else None
        files.append(_input(storage.found(place), _inside(place, folder), kind, told))
    return files, absent


def _places(url: str, folder: str) -> list[str]:
    """Where a file of the manifest may lie: where it says, when that is a place of files, or beside the manifest."""
    parts = urlsplit(url)
    inside = unquote(parts.path).lstrip("/")
    name = storage.name_of(inside)
    places = [storage.join(folder, inside), storage.join(folder, name), storage.join(folder, f"{name}.gz")]
    if parts.scheme in ("s3", "gs", "gcs", "az", "abfs", "memory"):
        places.insert(0, url)
    elif parts.scheme == "file":
        places.insert(0, unquote(parts.path))
    return [place for place in places if name and ".." not in place.split("/")]


def _input(one: storage.Found, name: str, kind: str = "", told: int | None = None) -> InputFile:
    return InputFile(one.path, name, one.size, one.changed, _digest(one), kind, told)


def _digest(one: storage.Found) -> str:
    digest = hashlib.blake2b(str(one.size).encode(), digest_size=16)
    with storage.open_to_read(one.path) as stream:
        digest.update(stream.read(_MEBIBYTE))
        if one.size > _MEBIBYTE:
            stream.seek(max(_MEBIBYTE, one.size - _MEBIBYTE))
            digest.update(stream.read(_MEBIBYTE))
    return digest.hexdigest()


def _inside(path: str, root: str) -> str:
    bare = root.partition("://")[2] or root
    _, found, rest = path.partition(f"{bare.rstrip('/')}/")
    return rest if found else storage.name_of(path)

"""Files of a screening, in folders or in object storage through fsspec. What is written is whole or absent.

A path with `://` in it is fsspec's, any other one is local.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO, NamedTuple, cast

from cds_service.population.faults import ScreeningFault

_AHEAD = 8 << 20
"""Bytes that are fetched at once of a remote file that is read from its beginning to its end."""
_CHUNK = 1 << 20


class Found(NamedTuple):
    """A file: its path, its size in bytes, and what tells that it was changed."""

    path: str
    size: int
    changed: str


def is_remote(path: str) -> bool:
    """Whether fsspec has to open it."""
    return "://" in path


def join(folder: str, *names: str) -> str:
    """A path inside a folder."""
    return "/".join((folder.rstrip("/") or "/", *names)) if is_remote(folder) else str(Path(folder, *names))


def name_of(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


def exists(path: str) -> bool:
    """Whether there is such a file or folder."""
    if is_remote(path):
        system, inside = _system_of(path)
        return bool(system.exists(inside))
    return Path(path).exists()


def is_folder(path: str) -> bool:
    """Whether it is a folder, or in object storage the beginning of names."""
    if is_remote(path):
        system, inside = _system_of(path)
        return bool(system.isdir(inside))
    return Path(path).is_dir()


def files_in(folder: str) -> list[Found]:
    """All files below a folder, by name."""
    if is_remote(folder):
        system, inside = _system_of(folder)
        listed = system.find(inside, detail=True)
        return [_remote(system, path, listed[path]) for path in sorted(listed)]
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return [found(str(path)) for path in paths]


def found(path: str) -> Found:
    """One file. Errors: ScreeningFault when it is not there."""
    try:
        if is_remote(path):
            system, inside = _system_of(path)
            return _remote(system, inside, system.info(inside))._replace(path=path)
        stat = Path(path).stat()
    except OSError as error:
        raise ScreeningFault(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    return Found(path, stat.st_size, str(stat.st_mtime_ns))


def names_in(folder: str) -> frozenset[str]:
    """The names of what lies in a folder: asked once, where asking for each file would take long."""
    if not is_remote(folder):
        return frozenset(path.name for path in Path(folder).iterdir()) if Path(folder).is_dir() else frozenset()
    system, inside = _system_of(folder)
    if not system.exists(inside):
        return frozenset()
    return frozenset(name_of(path) for path in system.ls(inside, detail=False))


def open_to_read(path: str) -> BinaryIO:
    """The bytes of a file, with seek. Errors: OSError."""
    if is_remote(path):
        system, inside = _system_of(path)
        return io.BufferedReader(system.open(inside, "rb", block_size=_AHEAD), _CHUNK)
    return Path(path).open("rb")


def ranges(path: str, wanted: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """The bytes from the one to before the other, for each pair. Of a remote file no others are fetched."""
    if is_remote(path):
        system, inside = _system_of(path)
        yield from (cast("bytes", system.cat_file(inside, start=start, end=end)) for start, end in wanted)
        return
    with Path(path).open("rb", buffering=0) as stream:
        for start, end in wanted:
            stream.seek(start)
            yield stream.read(end - start)


def read(path: str) -> bytes:
    """A whole small file."""
    if is_remote(path):
        system, inside = _system_of(path)
        return cast("bytes", system.cat_file(inside))
    return Path(path).read_bytes()


@contextmanager
def writing(path: str) -> Iterator[BinaryIO]:
    """A file that appears under its name when everything is written, and not before."""
    if is_remote(path):
        yield from _writing_remote(path)
        return
    beside = Path(f"{path}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            yield stream
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _writing_remote(path: str) -> Iterator[BinaryIO]:
    """What is closed after a fault would stand there as a part of the file: it is committed by hand."""
    system, inside = _system_of(path)
    remote = system.open(inside, "wb", autocommit=False)
    try:
        with remote:
            yield cast("BinaryIO", remote)
    except BaseException:
        remote.discard()
        raise
    remote.commit()


def write(path: str, content: bytes) -> None:
    """A whole small file, all of it or nothing."""
    with writing(path) as stream:
        stream.write(content)


def make_folder(path: str) -> None:
    """The folder, with those above it."""
    if not is_remote(path):
        Path(path).mkdir(parents=True, exist_ok=True)
        return
    system, inside = _system_of(path)
    if not _is_object_store(system):  # there, names are all there is, and a bucket is nothing to make in passing
        system.makedirs(inside, exist_ok=True)


def remove(path: str) -> None:
    """A file or a folder with all that is in it; nothing happens when it is not there."""
    if is_remote(path):
        system, inside = _system_of(path)
        if system.exists(inside):
            system.rm(inside, recursive=True)
    elif Path(path).is_dir():
        shutil.rmtree(path)
    else:
        Path(path).unlink(missing_ok=True)


@contextmanager
def as_local(path: str) -> Iterator[Path]:
    """The file itself where it is local, else a copy of it, which is removed at the end of the block."""
    if not is_remote(path):
        yield Path(path)
        return
    handle, name = mkstemp()
    try:
        with os.fdopen(handle, "wb") as copy, open_to_read(path) as source:
            shutil.copyfileobj(source, copy, _CHUNK)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _system_of(path: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]
    except ImportError:
        raise ScreeningFault(f"{path}: object storage needs the extra [dask] (fsspec)") from None
    try:
        # Workers write while others read: what was listed before is not what is there now.
        system, inside = url_to_fs(path, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise ScreeningFault(f"{path}: {error}") from None
    return system, inside


def _remote(system: Any, path: str, told: dict[str, Any]) -> Found:
    marks = ("ETag", "etag", "LastModified", "Last-Modified", "mtime", "created")
    changed = next((told[mark] for mark in marks if told.get(mark)), "")
    return Found(system.unstrip_protocol(path), int(told.get("size") or 0), str(changed))


def _is_object_store(system: Any) -> bool:
    protocols = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
    return not protocols & {"file", "local", "sftp", "ssh", "hdfs", "smb", "webhdfs", "nfs"}

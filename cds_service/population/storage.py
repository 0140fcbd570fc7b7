"""Files of a screening, in folders or in object storage through fsspec. What is written is whole or absent.

A path with `://` in it is fsspec's, any other one is local.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from cds_service.population.faults import ScreeningFault


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


def open_to_read(path: str) -> BinaryIO:
    """The bytes of a file, with seek."""
    if is_remote(path):
        system, inside = _system_of(path)
        return cast("BinaryIO", system.open(inside, "rb"))
    return Path(path).open("rb")


def read(path: str) -> bytes:
    """A whole small file."""
    with open_to_read(path) as stream:
        return stream.read()


@contextmanager
def writing(path: str) -> Iterator[BinaryIO]:
    """A file that appears under its name when everything is written, and not before."""
    if is_remote(path):
        system, inside = _system_of(path)
        with system.open(inside, "wb") as remote:
            yield cast("BinaryIO", remote)
        return
    beside = Path(f"{path}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            yield stream
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(path: str, content: bytes) -> None:
    """A whole small file, all of it or nothing."""
    with writing(path) as stream:
        stream.write(content)


def make_folder(path: str) -> None:
    """The folder, with those above it."""
    if not is_remote(path):
        Path(path).mkdir(parents=True, exist_ok=True)


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


def local_copy(path: str, beside: Path) -> Path:
    """The file itself where it is local, else a copy of it."""
    if not is_remote(path):
        return Path(path)
    if not beside.exists():
        part = beside.with_suffix(f".{os.getpid()}.part")
        with open_to_read(path) as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        part.replace(beside)
    return beside


def _system_of(path: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]
    except ImportError:
        raise ScreeningFault(f"{path}: object storage needs the extra [dask] (fsspec)") from None
    try:
        system, inside = url_to_fs(path)
    except (ImportError, ValueError) as error:
        raise ScreeningFault(f"{path}: {error}") from None
    return system, inside


def _remote(system: Any, path: str, told: dict[str, Any]) -> Found:
    changed = told.get("ETag") or told.get("etag") or told.get("LastModified") or told.get("mtime") or ""
    return Found(system.unstrip_protocol(path), int(told.get("size") or 0), str(changed))

"""When the database does not take it: lines in a local file, on the disk before anyone is answered.

A file belongs to one process. It is drained, by whichever process comes first, once the database is back. Who drains a
file holds its lock, and a lock ends with its process: ids of processes come again, above all in containers.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from cds_service.store.entries import Entry, entry_of, line_of

ASIDE = ".aside"
"""Lines that cannot be read, or that the database refuses for what they are: for a person to look at."""
_SPOOL, _DRAINING = ".spool", ".draining"


class Taken:
    """A file of the spool while it is drained. Closed, the lock is gone."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self._handle = path, handle
        self._aside: list[bytes] = []

    def lines(self) -> Iterator[tuple[bytes, Entry]]:
        """Every line with its entry. A line that cannot be read is put aside."""
        with os.fdopen(os.dup(self._handle), "rb") as file:
            file.seek(0)
            for line in file:
                entry = entry_of(line) if line.strip() else None
                if entry is not None:
                    yield line, entry
                elif line.strip():
                    self.put_aside(line)

    def put_aside(self, line: bytes) -> None:
        """Keep a line that cannot be written."""
        self._aside.append(line if line.endswith(b"\n") else line + b"\n")

    def done(self) -> int:
        """Everything is in the database or aside: the file goes. How many lines were put aside."""
        if self._aside:
            _append(self.path.with_name(self.path.name.partition(".")[0] + ASIDE), b"".join(self._aside))
        self.path.unlink()
        sync_folder(self.path.parent)
        return len(self._aside)

    def close(self) -> None:
        """Let others have it."""
        os.close(self._handle)


class Spool:
    """The spool in a folder. Errors of the disk are OSErrors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin()

    def begin(self) -> None:
        """For a process that was forked, perhaps while a thread of the parent held the lock."""
        self._lock = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> None:
        """Lines at the end of this process's file; on the disk when it returns."""
        lines = b"".join(line_of(entry) for entry in entries)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock:
            # A line that was cut off by a crash must not run into the next one.
            _append(self.folder / f"{os.getpid()}{_SPOOL}", b"\n" + lines)
            sync_folder(self.folder)

    def waiting(self) -> bool:
        """Is there anything to drain?"""
        return bool(self._files())

    def sizes(self) -> tuple[int, int]:
        """Bytes that wait, and bytes that were put aside."""
        aside = list(self.folder.glob(f"*{ASIDE}")) if self.folder.is_dir() else []
        return _size(self._files()), _size(aside)

    def take(self) -> Taken | None:
        """A file that nobody else has taken; None when there is none."""
        for path in self._files():
            with contextlib.suppress(FileNotFoundError):  # somebody else was faster
                taken = _taken(path)
                if taken is not None:
                    return taken
        return None

    def forget_aside(self, older_than: float) -> None:
        """Remove what was put aside and not written to since a moment (seconds since the epoch)."""
        _forget(self.folder, older_than, ASIDE)

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.name.endswith((_SPOOL, _DRAINING)))
        except OSError:
            return []


class Marks:
    """Marks for tokens that were used while the database did not answer, in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leave(self, token: str) -> bool:
        """Leave a mark; False when somebody left it before."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(self._folder / token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        os.close(handle)
        sync_folder(self._folder)
        return True

    def take_back(self, token: str) -> None:
        """Remove a mark that nobody was let in for."""
        (self._folder / token).unlink(missing_ok=True)

    def has(self, token: str) -> bool:
        """Was the token used while the database did not answer?"""
        return (self._folder / token).exists()

    def forget(self, older_than: float) -> None:
        """Remove marks that were left before a moment (seconds since the epoch)."""
        _forget(self._folder, older_than, "")


def sync_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(files: Sequence[Path]) -> int:
    size = 0
    for path in files:
        with contextlib.suppress(FileNotFoundError):  # drained in the meantime
            size += path.stat().st_size
    return size


def _taken(path: Path) -> Taken | None:
    """The file with its lock, under a name that nobody appends to; None when somebody else has it."""
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(path, handle):
            raise BlockingIOError
        if path.name.endswith(_SPOOL):
            path = path.rename(path.with_name(f"{path.name}.{os.urandom(4).hex()}{_DRAINING}"))
    except BlockingIOError:
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return Taken(path, handle)


def _append(path: Path, content: bytes) -> None:
    handle = _locked(path)
    before = os.fstat(handle).st_size
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)  # half a line would only be put aside
        raise
    finally:
        os.close(handle)


def _locked(path: Path) -> int:
    """The file at this path, open and locked. Between the two somebody may have taken it away to drain it."""
    while True:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_at(path, handle):
            return handle
        os.close(handle)


def _is_at(path: Path, handle: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def _forget(folder: Path, older_than: float, ending: str) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.endswith(ending) and path.is_file() and path.stat().st_mtime < older_than:
                path.unlink(missing_ok=True)

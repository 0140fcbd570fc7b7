"""When the database does not take it: lines in a local file, on the disk before anyone is answered.

A file belongs to one process. It is drained, by whichever process comes first, once the database is back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from cds_service.store.entries import Entry, entry_of, line_of

_DRAINING = ".draining"


class Spool:
    """The spool in a folder. Errors of the disk are OSErrors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> None:
        """Lines at the end of this process's file; on the disk when it returns."""
        lines = b"".join(line_of(entry) for entry in entries)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock:
            handle = _locked(self.folder / f"{os.getpid()}.spool")
            try:
                # A line that was cut off by a crash must not run into the next one.
                _write(handle, b"\n" + lines)
                os.fsync(handle)
            finally:
                os.close(handle)
            _sync_folder(self.folder)

    def waiting(self) -> bool:
        """Is there anything to drain?"""
        with contextlib.suppress(OSError):
            return any(path.name.endswith((".spool", _DRAINING)) for path in self.folder.iterdir())
        return False

    @contextlib.contextmanager
    def taken(self) -> Iterator[list[Entry]]:
        """The entries of one file, taken from the others; the file goes when they are written, and stays otherwise."""
        taken = None
        with contextlib.suppress(OSError):  # somebody else was faster, or there is no folder yet
            taken = self._take()
        if taken is None:
            yield []
            return
        with taken.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # whoever was still writing to it has finished
            yield [entry for line in file if line.strip() and (entry := entry_of(line)) is not None]
            taken.unlink()

    def mark_token(self, token: str) -> bool:
        """Leave a mark for a used token; False when somebody left it before. One machine only."""
        folder = self.folder / "tokens"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(folder / token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        os.close(handle)
        return True

    def is_marked(self, token: str) -> bool:
        """Was the token used while the database was away?"""
        return (self.folder / "tokens" / token).exists()

    def forget_marks(self, older_than: float) -> None:
        """Remove marks whose files are older than a moment (seconds since the epoch)."""
        with contextlib.suppress(OSError):
            for mark in (self.folder / "tokens").iterdir():
                if mark.stat().st_mtime < older_than:
                    mark.unlink(missing_ok=True)

    def _take(self) -> Path | None:
        for path in sorted(self.folder.iterdir()):
            # Left behind by a process that died while draining.
            if path.name.endswith(_DRAINING) and not _lives(path.name):
                return path
            if path.name.endswith(".spool"):
                return path.rename(path.with_name(f"{path.name}.{os.getpid()}{_DRAINING}"))
        return None


def _lives(name: str) -> bool:
    owner = name.removesuffix(_DRAINING).rpartition(".")[2]
    if owner == str(os.getpid()):
        return False
    try:
        os.kill(int(owner), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _locked(path: Path) -> int:
    """The file at this path, open and locked. Between the two somebody may have taken it away to drain it."""
    while True:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        os.close(handle)


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""What has been done of an export, line by line in a file beside it: a process that is killed is gone on with.

A line is on the disk before what follows from it is done. A line that was cut off by the end of the process is no
line. The journal holds addresses, which may be signed, so only its owner may read it; it never holds a token.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import orjson

from cds_service.bulk.fault import ExportFault

NAME = "export.journal"
LAYOUT = 1
_MODE, _FOLDER_MODE = 0o600, 0o700


class Journal:
    """The members say what is known: what was asked, where the job is, its manifest, and the finished files by name."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path, self._lock = stream, path, Lock()
        self.asked: Mapping[str, Any] | None = None
        self.status = ""
        self.manifest: Mapping[str, Any] | None = None
        self.validators: dict[str, str] = {}
        self.done: dict[str, Mapping[str, Any]] = {}
        self.is_written = False
        self._recall()

    def note(self, **told: Any) -> None:
        """Write a line, and know it."""
        with self._lock:
            self._stream.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._know(told)

    def end(self) -> None:
        """Nothing is left to go on with."""
        self._path.unlink(missing_ok=True)

    def _recall(self) -> None:
        self._stream.seek(0)
        whole = 0
        for line in self._stream:
            if not line.endswith(b"\n"):
                break
            try:
                self._know(orjson.loads(line))
            except (orjson.JSONDecodeError, LookupError, AttributeError, TypeError):
                raise ExportFault(f"{self._path}: is not a journal of an export of this version") from None
            whole += len(line)
        self._stream.truncate(whole)
        self._stream.seek(whole)

    def _know(self, told: Mapping[str, Any]) -> None:
        if "asked" in told:
            if told["layout"] != LAYOUT:
                raise LookupError("layout")
            self.asked = told["asked"]
        self.status = told.get("status", self.status)
        self.manifest = told.get("manifest", self.manifest)
        self.validators |= told.get("validator", {})
        self.done |= told.get("done", {})
        self.is_written = told.get("written", self.is_written)


@contextmanager
def journal_in(folder: Path) -> Iterator[Journal]:
    """The journal of a folder, which is made when it is missing; nobody else writes into the folder meanwhile.

    Errors: ExportFault.
    """
    path = folder / NAME
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        handle = _locked(folder)
        try:
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, _MODE), "r+b") as stream:
                yield Journal(stream, path)
        finally:
            if path.exists() and not path.stat().st_size:  # nothing was begun
                path.unlink()
            os.close(handle)
    except OSError as error:
        raise ExportFault(f"{folder}: cannot be written ({error.strerror or type(error).__name__})") from None


def _locked(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise ExportFault(f"{folder}: another export is writing into it") from None
    return handle

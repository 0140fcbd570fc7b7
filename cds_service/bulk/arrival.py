"""A file as it arrives: into a part beside its place, within the room that is left, from where it stopped last time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cds_service.bulk.fault import ExportFault
from cds_service.bulk.patience import Patience

_GIBIBYTE = 1 << 30
_range = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII).fullmatch


class RangeLost(Exception):  # noqa: N818 - see ExportFault
    """The rest of a file that the server sends does not fit the beginning that lies here."""


class Room:
    """How many bytes an export may have on the disk, all its files together."""

    def __init__(self, most: int) -> None:
        self.most, self._left, self._lock = most, most, threading.Lock()

    def take(self, number: int) -> None:
        """So many bytes are written; a negative number gives room back. Errors: ExportFault."""
        with self._lock:
            self._left -= number
            if self._left < 0:
                raise ExportFault(f"the export is larger than {self.most / _GIBIBYTE:g} GiB: allow more with --most")


class Arrival:
    """A sink for one request. With a `validator` (a strong ETag) of the part that lies here, the rest is asked for.

    `came` is told the bytes, negative ones when a part was of no use; `remember` a validator for the next time.
    """

    def __init__(
        self,
        part: Path,
        validator: str,
        room: Room,
        patience: Patience,
        *,
        came: Callable[[int], None],
        remember: Callable[[str], None],
    ) -> None:
        self._part, self._room, self._patience = part, room, patience
        self._came, self._remember = came, remember
        self._validator = validator
        self._stream: BinaryIO | None = None
        self._whole: int | None = None
        self.size = part.stat().st_size if part.exists() else 0
        if not validator:
            self.discard()

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._stream is not None:
            self._stream.close()

    @property
    def headers(self) -> Mapping[str, str]:
        """What has to be asked so that the rest comes: of the same bytes, or all of them."""
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator, "Accept-Encoding": "identity"}

    @property
    def is_whole(self) -> bool:
        """Has as much come as was announced, where something was?"""
        return self._whole is None or self._whole == self.size

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """The body of a 200 or a 206 is written. Errors: RangeLost; ExportFault when the disk does not take it."""
        if status == 206:
            found = _range(headers.get("content-range", ""))
            if not found or int(found[1]) != self.size or "content-encoding" in headers:
                raise RangeLost
            self._whole = None if found[3] == "*" else int(found[3])
            self._open()
        elif status == 200:
            self.discard()
            self._open()
            etag = "" if "content-encoding" in headers else headers.get("etag", "")
            self._remember(etag if etag.startswith('"') and etag.isascii() and len(etag) < 200 else "")
        return self._stream is not None

    def write(self, piece: bytes) -> None:
        """The next bytes. Errors: ExportFault; Stopped."""
        self._patience.go_on()
        self._room.take(len(piece))
        try:
            assert self._stream is not None  # noqa: S101 - `begin` said so
            self._stream.write(piece)
        except OSError as error:  # must not look like one of the line
            raise ExportFault(f"{self._part.parent}: cannot be written ({error.strerror})") from None
        self.size += len(piece)
        self._came(len(piece))

    def discard(self) -> None:
        """What lies here is of no use."""
        self._part.unlink(missing_ok=True)
        self._room.take(-self.size)
        self._came(-self.size)
        self.size = 0

    def _open(self) -> None:
        try:
            self._stream = self._part.open("ab", buffering=0)
        except OSError as error:
            raise ExportFault(f"{self._part.parent}: cannot be written ({error.strerror})") from None

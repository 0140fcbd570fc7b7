"""Reading the mapping files: every byte counted into one version, every fault kept with file and line."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKSUMS = "CHECKSUMS"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the mapping data. `line` 0 means the file as a whole."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"mappings/{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `cells` has exactly the columns that were asked for."""

    path: str
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    @property
    def place(self) -> str:
        """File and line, as cited in a decision."""
        return f"{self.path}:{self.line}"


class Tables:
    """The files under one root. Collects problems instead of stopping at the first."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._read: dict[str, bytes] = {}
        self._sums = self._expected_sums()

    def fault(self, path: str, line: int, reason: str) -> None:
        """Keep a problem; loading goes on so that all of them can be shown together."""
        self.problems.append(Problem(path, line, reason))

    def has(self, path: str) -> bool:
        """True when the optional file is there."""
        return (self.root / path).is_file()

    def rows(self, path: str, columns: Sequence[str], *, required: bool = True) -> Iterator[Row]:
        """All lines of a CSV file. A line with too few or too many cells is a problem, never padded."""
        text = self._text(path) if required or self.has(path) else None
        if text is None:
            return
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = tuple(columns)
        try:
            if tuple(next(lines, ())) != header:
                self.fault(path, 1, f"the columns must be {','.join(header)}")
                return
            for cells in lines:
                if len(cells) != len(header):
                    self.fault(path, lines.line_num, f"{len(cells)} cells where {len(header)} belong")
                    continue
                yield Row(path, lines.line_num, dict(zip(header, cells, strict=True)))
        except csv.Error as error:
            self.fault(path, lines.line_num, f"not readable as CSV: {error}")
        if not text.endswith("\n"):
            self.fault(path, lines.line_num, "the last line has no end: the file looks truncated")

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML file as a dictionary; empty, with a problem kept, when it cannot be read."""
        text = self._text(path)
        if text is None:
            return {}
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.fault(path, 0, f"not readable as TOML: {error}")
            return {}

    def text(self, path: str) -> str:
        """A required text file; empty, with a problem kept, when it cannot be read."""
        return self._text(path) or ""

    def version(self) -> str:
        """`sha256:` and the digest over the name and the bytes of every file that was read."""
        digest = hashlib.sha256()
        for path in sorted(self._read):
            digest.update(path.encode() + b"\0" + hashlib.sha256(self._read[path]).digest())
        return f"sha256:{digest.hexdigest()}"

    def _text(self, path: str) -> str | None:
        try:
            raw = (self.root / path).read_bytes()
        except OSError as error:
            self.fault(path, 0, f"cannot be read: {error.strerror or type(error).__name__}")
            return None
        self._read[path] = raw
        if self._is_sealed(path) and self._sums.get(path) != hashlib.sha256(raw).hexdigest():
            self.fault(path, 0, f"is not the file that {CHECKSUMS} was made for")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.fault(path, raw.count(b"\n", 0, error.start) + 1, "not UTF-8")
            return None

    def _is_sealed(self, path: str) -> bool:
        """A site's own files are never sealed, and neither is a checkout, where a row may just be edited."""
        return bool(self._sums) and not path.startswith("sites/")

    def _expected_sums(self) -> dict[str, str]:
        """The sums of a sealed copy, in the format of `sha256sum`; empty in a checkout."""
        try:
            lines = (self.root / CHECKSUMS).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError):
            self.fault(CHECKSUMS, 0, "cannot be read")
            return {}
        pairs = (line.split("  ", 1) for line in lines if "  " in line)
        sums = {path: digest for digest, path in pairs}
        if not sums:
            self.fault(CHECKSUMS, 0, "names no file")
        return sums

"""Reading the mapping files: every byte counted into one version, every fault kept with file and line."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.mapping import damage, seal
from cds_service.mapping.damage import Fault
from cds_service.mapping.seal import CHECKSUMS

_AT_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the mapping data. `line` 0 means the file as a whole; `advice` is what to do."""

    path: str
    line: int
    reason: str
    advice: str = ""

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
        self.counted: dict[str, int] = {}
        self._read: dict[str, bytes] = {}
        self._sums = self._expected_sums()

    def fault(self, path: str, line: int, reason: str, advice: str = "") -> None:
        """Keep a problem; loading goes on so that all of them can be shown together."""
        self.problems.append(Problem(path, line, reason, advice))

    def refuses(self, row: Row, faults: Iterable[Fault | None]) -> bool:
        """Keep every fault of a row; True when there was one."""
        found = [fault for fault in faults if fault is not None]
        self.problems.extend(Problem(row.path, row.line, *fault) for fault in found)
        return bool(found)

    def has(self, path: str) -> bool:
        """True when the optional file is there."""
        return (self.root / path).is_file()

    def names_in(self, folder: str) -> list[str]:
        """What lies in a folder, sorted; nothing when there is no such folder."""
        place = self.root / folder
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def rows(self, path: str, columns: Sequence[str], *, required: bool = True) -> Iterator[Row]:
        """All lines of a CSV file. A line with too few or too many cells is a problem, never padded."""
        text = self._text(path) if required or self.has(path) else None
        if text is None:
            return
        self.counted.setdefault(path, 0)
        separator = damage.separator_of(text[: text.find("\n")])
        self._keep(path, 1, (damage.of_start(text), damage.of_separator(separator)))
        lines = csv.reader(io.StringIO(text.removeprefix(damage.BOM), newline=""), strict=True, delimiter=separator)
        try:
            yield from self._rows(path, lines, tuple(columns))
        except csv.Error as error:
            self.fault(path, lines.line_num, f"not readable as CSV: {error}", 'a " inside a cell is written twice: ""')
        if not text.endswith("\n"):
            advice = "fetch the whole file again, or end its last line"
            self.fault(path, lines.line_num, "the last line has no end: the file looks truncated", advice)

    def _rows(self, path: str, lines: Any, columns: tuple[str, ...]) -> Iterator[Row]:
        header = tuple(next(lines, ()))
        self._keep(path, 1, damage.of_columns(header, columns))
        if not set(columns) <= set(header):
            return
        for cells in lines:
            if len(cells) != len(header):
                told = f"{'' if cells else 'an empty line: '}{len(cells)} cells where {len(header)} belong"
                advice = 'put a cell that holds a comma between "..."' if cells else "delete the line"
                self.fault(path, lines.line_num, told, advice)
                continue
            if not damage.is_clean(cells):
                self._keep(path, lines.line_num, damage.of_cells(cells, header))
                cells = list(map(damage.stripped, cells))
            self.counted[path] += 1
            named = dict(zip(header, cells, strict=True))
            yield Row(path, lines.line_num, named if header == columns else {name: named[name] for name in columns})

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML file as a dictionary; empty, with a problem kept, when it cannot be read."""
        text = self._text(path)
        if text is None:
            return {}
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            place = _AT_LINE.search(str(error))
            self.fault(path, int(place[1]) if place else 0, f"not readable as TOML: {error}", "mend that line")
            return {}

    def line_of(self, path: str, begin: str) -> int:
        """The first line of a file that was read which begins so; 0 when there is none."""
        lines = self._read.get(path, b"").decode("utf-8", "replace").splitlines()
        return next((number for number, line in enumerate(lines, start=1) if line.startswith(begin)), 0)

    def text(self, path: str) -> str:
        """A required text file; empty, with a problem kept, when it cannot be read."""
        return self._text(path) or ""

    def version(self) -> str:
        """`sha256:` and the digest over the name and the bytes of every file that was read."""
        digest = hashlib.sha256()
        for path in sorted(self._read):
            digest.update(path.encode() + b"\0" + hashlib.sha256(self._read[path]).digest())
        return f"sha256:{digest.hexdigest()}"

    def _keep(self, path: str, line: int, faults: Iterable[Fault | None]) -> None:
        self.problems.extend(Problem(path, line, *fault) for fault in faults if fault is not None)

    def _text(self, path: str) -> str | None:
        try:
            raw = (self.root / path).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.fault(path, 0, f"cannot be read: {reason}", "put the file back as it was shipped")
            return None
        self._read[path] = raw
        if seal.differs(path, raw, self._sums):
            advice = f"put the shipped file back; where the change is meant: make checksums, or remove {CHECKSUMS}"
            self.fault(path, 0, f"is not the file that {CHECKSUMS} was made for", advice)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self.fault(path, line, "not UTF-8", "save it as UTF-8, not in the code page of Windows")
            return None

    def _expected_sums(self) -> dict[str, str]:
        """The sums of a sealed copy; empty in a checkout."""
        try:
            text = (self.root / CHECKSUMS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError):
            self.fault(CHECKSUMS, 0, "cannot be read", "make checksums")
            return {}
        sums = seal.sums_in(text)
        if not sums:
            self.fault(CHECKSUMS, 0, "names no file", "make checksums")
        return sums

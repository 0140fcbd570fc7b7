"""Whose the codes are: the paragraphs of mappings/NOTICE, by the file they speak of (terminology.md section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

OWN = "This code system belongs to the Nextline CDS project, under its licence (Apache-2.0)."
_FILE = re.compile(r"[\w/]+\.csv")
_IN_PARENTHESES = re.compile(r"\s*\([^)]*\)")

Notices = Mapping[str, tuple[str, ...]]


def notices_in(text: str) -> Notices:
    """File name to its statements. A section is lines at the margin naming files, and the indented lines below them."""
    found: dict[str, tuple[str, ...]] = {"own.csv": (OWN,)}
    for section in re.split(r"\n\s*\n", text):
        lines = section.splitlines()
        title = " ".join(line for line in lines if not line.startswith(" "))
        statement = " ".join(line.strip() for line in lines if line.startswith(" "))
        for file in _FILE.findall(title) if statement else ():
            found[file] = (*found.get(file, ()), f"{_IN_PARENTHESES.sub('', title)}: {statement}")
    return found


def copyright_of(rows: Iterable[str], notices: Notices) -> str:
    """The statements for the files that these rows (`loinc.csv:17`) stand in, each once, in the order of the files."""
    files = sorted({row.rpartition(":")[0] for row in rows})
    return "\n\n".join(dict.fromkeys(one for file in files for one in notices.get(file, ())))

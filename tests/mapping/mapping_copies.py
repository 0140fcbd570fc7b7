"""Copies of the shipped tables, to be damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

from cds_service.mapping.location import mappings_root

CODE_HEADER = "system,code,display,concept,role,unit_default,effective_from,approved_by,approved_on\n"
UNIT_HEADER = "concept,unit_string,canonical_unit,factor,dimension,note\n"
APPROVED = ",2026-01-01,Dr Example,2025-12-15\n"
LAB = "https://lab.example.org/codes"


def copied_to(folder: Path, *sites: str) -> Path:
    """A copy of the shipped tables with these empty site folders."""
    copy = folder / "mappings"
    shutil.copytree(mappings_root(), copy, ignore=shutil.ignore_patterns("CHECKSUMS"))
    for site in sites:
        (copy / "sites" / site).mkdir()
    return copy


def write(root: Path, path: str, text: str | bytes) -> None:
    """A file below the root."""
    (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())


def edit(root: Path, path: str, old: str, new: str) -> None:
    """Replace the first `old`, which must be there."""
    text = (root / path).read_text(encoding="utf-8")
    assert old in text
    write(root, path, text.replace(old, new, 1))


def site_rows(*rows: str) -> str:
    """A codes.csv of rows that are approved."""
    return CODE_HEADER + "".join(row + APPROVED for row in rows)

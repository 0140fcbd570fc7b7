"""Checksums of a copy of the mapping data that nobody is meant to edit: an installed wheel, an image.

The format is that of `sha256sum`. A site's own files are never sealed, and neither is a checkout, where a
row may just be edited.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

CHECKSUMS = "CHECKSUMS"
_NEVER_SEALED = "sites/"


def checksums_of(root: Path) -> str:
    """The text of a CHECKSUMS file for everything below `root` but the sites."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    sealed = [name for name in names if name != CHECKSUMS and not name.startswith(_NEVER_SEALED)]
    return "".join(f"{digest((root / name).read_bytes())}  {name}\n" for name in sealed)


def sums_in(text: str) -> dict[str, str]:
    """Path to digest."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {path: stated for stated, path in pairs}


def differs(path: str, content: bytes, sums: dict[str, str]) -> bool:
    """True for a file of a sealed copy that is not the one the sums were made for."""
    return bool(sums) and not path.startswith(_NEVER_SEALED) and sums.get(path) != digest(content)


def digest(content: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()

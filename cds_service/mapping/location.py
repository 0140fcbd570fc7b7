"""Where the mapping data are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def mappings_root() -> Path:
    """The folder with `concepts.toml` and the code tables.

    A checkout wins over a copy inside the package, so an edited row is seen at once. When neither
    is there the place inside the package is returned, and `load` names every missing file.
    """
    checkout = _PACKAGE.parent / "mappings"
    if (checkout / "concepts.toml").is_file():
        return checkout
    return _PACKAGE / "_data" / "mappings"

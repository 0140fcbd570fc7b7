"""Files with secrets: who may read them."""

from __future__ import annotations

from pathlib import Path

OPEN_TO_OTHERS = "others on this machine may read or change it; take that from them (chmod o=)"
_OF_OTHERS = 0o007


def is_open_to_others(file: Path) -> bool:
    """May everybody on the machine read or change what is behind this name? What a group may is its owner's to say:
    a secret that Kubernetes mounts belongs to root and is read by way of `fsGroup`.

    Errors: OSError.
    """
    return bool(file.stat().st_mode & _OF_OTHERS)

"""The private key that an export was given by `--key`."""

from __future__ import annotations

from pathlib import Path

from cds_service.bulk.fault import ExportFault
from cds_service.outbound import signing
from cds_service.secret_files import OPEN_TO_OTHERS, is_open_to_others


def read_key(file: Path, key_id: str = "", *, production: bool = False) -> signing.SigningKey:
    """The key of a file. Its id is the one given, else that of the JWK, else its thumbprint (RFC 7638).

    In production one that others on the machine may read or change is refused; elsewhere see `doubt_of`.
    Errors: ExportFault, which names the file and never what is in it.
    """
    try:
        key = signing.read_key(file, key_id)
    except signing.KeyUnusable as unusable:
        raise ExportFault(f"--key {file.name}: {unusable}") from None
    doubt = doubt_of(file)
    if production and doubt:
        raise ExportFault(f"--key {doubt}")
    return key


def doubt_of(file: Path) -> str:
    """What is wrong with the mode of a key's file; empty when nothing is. Errors: OSError."""
    return f"{file.name}: {OPEN_TO_OTHERS}" if is_open_to_others(file) else ""

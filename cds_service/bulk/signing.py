"""The private key that an export was given by `--key`."""

from __future__ import annotations

from pathlib import Path

from cds_service.bulk.fault import ExportFault
from cds_service.outbound import signing


def read_key(file: Path, key_id: str = "") -> signing.SigningKey:
    """The key of a file. Its id is the one given, else that of the JWK, else its thumbprint (RFC 7638).

    Errors: ExportFault, which names the file and never what is in it.
    """
    try:
        return signing.read_key(file, key_id)
    except signing.KeyUnusable as unusable:
        raise ExportFault(f"--key {file.name}: {unusable}") from None

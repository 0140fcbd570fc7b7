"""Sealing what is about a person: AES-256-GCM with a key from a file, several keys for a change of key.

What is sealed is compressed first. The name of the thing is authenticated with it, so that one row's payload
cannot stand in another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cds_service.errors import ConfigurationFault

KEY_BYTES = 32
_NONCE = 12
_KEY_ID = 4


class Unsealable(Exception):  # noqa: N818 - the house word
    """No key of the ring opens it, or it was altered."""


class Sealing:
    """A ring of keys. The first seals, any opens. Every sealed text begins with the id of its key."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ConfigurationFault("CDS_STORE_KEY_FILE: needs keys of 32 bytes, one a line in base64, newest first")
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}
        self._first = _id_of(keys[0])
        # Of the oldest key, so that a patient keeps the same key over a change of keys.
        self._patients = hmac.new(keys[-1], b"nextline patient keys", hashlib.sha256).digest()

    def seal(self, plain: bytes, name: str) -> bytes:
        """Compressed and sealed under a name."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self._first].encrypt(nonce, zlib.compress(plain, 1), name.encode())
        return self._first + nonce + sealed

    def open(self, sealed: bytes, name: str) -> bytes:
        """What was sealed under that name. Errors: Unsealable."""
        cipher = self._ciphers.get(sealed[:_KEY_ID])
        if cipher is None:
            raise Unsealable("the key that sealed it is not in the key file")
        nonce, rest = sealed[_KEY_ID : _KEY_ID + _NONCE], sealed[_KEY_ID + _NONCE :]
        try:
            return zlib.decompress(cipher.decrypt(nonce, rest, name.encode()))
        except (InvalidTag, zlib.error, ValueError):
            raise Unsealable("it was altered, or stands in the place of another") from None

    def patient_key(self, issuer: str, tenant: str, patient_id: str) -> str:
        """What stands for a patient: the same for the same patient of the same client, and nobody can go back."""
        parts = b"\0".join(part.encode() for part in (issuer, tenant, patient_id))
        return hmac.new(self._patients, parts, hashlib.sha256).hexdigest()


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The keys of a file, one a line in base64, newest first. Errors: ConfigurationFault."""
    try:
        lines = path.read_text(encoding="ascii").split()
        keys = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        fault = f"CDS_STORE_KEY_FILE: {path.name} cannot be read ({type(error).__name__})"
        raise ConfigurationFault(fault) from None
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ConfigurationFault(f"CDS_STORE_KEY_FILE: {path.name} needs keys of 32 bytes in base64, newest first")
    return keys


def make_key_file(path: Path) -> None:
    """A new key, readable by its owner only. Whoever comes second keeps the first one's."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"nextline key id" + key).digest()[:_KEY_ID]

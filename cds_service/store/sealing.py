"""Sealing what is about a person: AES-256-GCM with a key from a file, several keys for a change of key.

What is sealed is compressed first, where that pays. The name of the thing is authenticated with it, so that one row's
payload cannot stand in another.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cds_service.errors import ConfigurationFault

# Compressing is the dearest part of keeping a decision. ISA-L writes the same format four times as fast, where it is.
try:
    from isal.isal_zlib import compress as _compress  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    _compress = zlib.compress

KEY_BYTES = 32
_NONCE = 12
_KEY_ID = 4
_MARK_BYTES = 16
_SHORT = 2048
_AS_IT_IS, _COMPRESSED = b"0", b"1"


class Unsealable(Exception):  # noqa: N818 - the house word
    """No key of the ring opens it, or it was altered."""


class Sealing:
    """A ring of keys. The first seals, any opens. Every sealed text begins with the id of its key."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ConfigurationFault("CDS_STORE_KEY_FILE: needs keys of 32 bytes, one a line in base64, newest first")
        self._ciphers = {name: AESGCM(key) for name, key in _named(keys)}
        self._first = _id_of(keys[0])
        self._markers = {name: hmac.digest(key, b"nextline marks", "sha256") for name, key in _named(keys)}
        # Of the oldest key, so that a patient keeps the same key over a change of keys.
        self._patients = hmac.digest(keys[-1], b"nextline patient keys", "sha256")

    def seal(self, plain: bytes, name: str) -> bytes:
        """Compressed and sealed under a name."""
        nonce = os.urandom(_NONCE)
        content = _AS_IT_IS + plain if len(plain) < _SHORT else _COMPRESSED + _compress(plain, 1)
        return self._first + nonce + self._ciphers[self._first].encrypt(nonce, content, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """What was sealed under that name. Errors: Unsealable."""
        cipher = self._ciphers.get(sealed[:_KEY_ID])
        if cipher is None:
            raise Unsealable("the key that sealed it is not in the key file")
        nonce, rest = sealed[_KEY_ID : _KEY_ID + _NONCE], sealed[_KEY_ID + _NONCE :]
        try:
            content = cipher.decrypt(nonce, rest, name.encode())
            return content[1:] if content[:1] == _AS_IT_IS else zlib.decompress(content[1:])
        except (InvalidTag, zlib.error, ValueError):
            raise Unsealable("it was altered, or stands in the place of another") from None

    def patient_key(self, issuer: str, tenant: str, patient_id: str) -> str:
        """What stands for a patient: the same for the same patient of the same client, and nobody can go back."""
        parts = b"\0".join(part.encode() for part in (issuer, tenant, patient_id))
        return hmac.digest(self._patients, parts, "sha256").hex()

    def keyed(self, digest: bytes) -> str:
        """A digest that nobody without the key can compute, to find out whether a known chart was answered."""
        return hmac.digest(self._patients, b"digest\0" + digest, "sha256").hex()

    def mark(self, *parts: str) -> str:
        """A mark that only the holder of a key can make: proof that what changes in a row was changed by us."""
        return self._mark(self._first, parts)

    def is_marked(self, mark: str, *parts: str) -> bool:
        """Was the mark made for these parts, with any key of the ring?"""
        return any(hmac.compare_digest(mark.encode(), self._mark(key, parts).encode()) for key in self._markers)

    def _mark(self, key: bytes, parts: tuple[str, ...]) -> str:
        made = hmac.digest(self._markers[key], "\0".join(parts).encode(), "sha256")
        return (key + made[:_MARK_BYTES]).hex()


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
    """A new key, readable by its owner only. Whoever comes second keeps the first one's, and reads it whole."""
    if path.exists():
        return
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
    finally:
        Path(made).unlink()


def _named(keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return [(_id_of(key), key) for key in keys]


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"nextline key id" + key).digest()[:_KEY_ID]

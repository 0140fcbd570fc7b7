"""The public keys of an issuer: from its own address, kept, or given by hand.

An unknown key id makes us look once more, and then not again for a while: otherwise whoever sends tokens with
invented key ids makes us call the issuer as often as they like (JWT-39).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from cds_service.outbound.address import AddressRefused, parse
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from cds_service.trust.issuers import Issuer

COOL_DOWN = 30.0
FRESH = 3600.0
FETCH_SECONDS = 1.0
MOST_BYTES = 512 * 1024
MOST_KEYS = 200
LEAST_RSA_BITS = 2048
_KINDS = {"ES": "EC", "RS": "RSA", "PS": "RSA", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@dataclass(slots=True)
class _Kept:
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fetched_at: float = float("-inf")
    asked_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


class Keys:
    """The key sets of all issuers, for one process."""

    def __init__(self, outbound: Outbound, *, local_http: bool = False) -> None:
        self._outbound, self._local_http = outbound, local_http
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def find(self, issuer: Issuer, key_id: str, algorithm: str) -> PyJWK | None:
        """The key that may have signed, or None. A key for another use, algorithm, kind or too short is none."""
        given = issuer.key_set
        listed = self._fetched(issuer.jku, key_id) if given is None else _by_id(given).get(key_id)
        return None if listed is None else _usable(listed, algorithm)

    def _fetched(self, jku: str, key_id: str) -> Mapping[str, Any] | None:
        with self._lock:
            kept = self._kept.setdefault(jku, _Kept())
        with kept.lock:
            now = time.monotonic()
            known = key_id in kept.keys and now - kept.fetched_at < FRESH
            if not known and now - kept.asked_at >= COOL_DOWN:
                kept.asked_at = now
                self._refresh(jku, kept)
            return kept.keys.get(key_id)

    def _refresh(self, jku: str, kept: _Kept) -> None:
        """Old keys stay when the address does not answer: a short outage of the EHR's key server locks nobody out."""
        try:
            where, query = parse(jku, local_http=self._local_http)
            deadline = Deadline.after(FETCH_SECONDS)
            headers = {"Accept": "application/json"}
            fetched = self._outbound.get(where, query, headers=headers, deadline=deadline, max_bytes=MOST_BYTES)
            key_set = orjson.loads(fetched.body)
        except (FetchFailed, AddressRefused, orjson.JSONDecodeError):
            return
        if isinstance(key_set, dict):
            kept.keys, kept.fetched_at = _by_id(key_set), time.monotonic()


def _by_id(key_set: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The keys that have an id; two keys of one id are none, because nobody can tell which is meant."""
    found: dict[str, Mapping[str, Any]] = {}
    twice: set[str] = set()
    listed = key_set.get("keys")
    for key in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        key_id = key.get("kid") if isinstance(key, dict) else None
        if isinstance(key_id, str) and key_id:
            twice |= {key_id} & found.keys()
            found[key_id] = key
    return {key_id: key for key_id, key in found.items() if key_id not in twice}


def _usable(key: Mapping[str, Any], algorithm: str) -> PyJWK | None:
    operations = key.get("key_ops")
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        return None
    if isinstance(operations, list) and "verify" not in operations:
        return None
    if key.get("kty") != _KINDS.get(algorithm[:2]) or key.get("crv") != _CURVES.get(algorithm, key.get("crv")):
        return None
    try:
        made = PyJWK({name: value for name, value in key.items() if name != "alg"}, algorithm=algorithm)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    size = getattr(made.key, "key_size", None)
    return None if key["kty"] == "RSA" and (size is None or size < LEAST_RSA_BITS) else made

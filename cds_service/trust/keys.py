"""The public keys of an issuer: from its own address, kept, or given by hand.

An unknown key id makes us look once more, and when that was in vain not again for a while: otherwise whoever sends
tokens with invented key ids makes us call the issuer as often as they like (JWT-39). All processes look once together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import orjson
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from cds_service.outbound.address import AddressRefused, parse
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed
from cds_service.trust.issuers import Issuer
from cds_service.trust.shared_note import SharedNote

COOL_DOWN = 30.0
FRESH = 3600.0
LONGEST_STALE = 24 * 3600.0
FETCH_SECONDS = 1.0
MOST_BYTES = 512 * 1024
MOST_KEYS = 200
LEAST_RSA_BITS = 2048
_KINDS = {"ES": "EC", "RS": "RSA", "PS": "RSA", "Ed": "OKP"}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


class _KeySet(NamedTuple):
    """The keys of one address as they were fetched last, and when a fetch last brought in vain. Monotonic seconds."""

    keys: Mapping[str, Mapping[str, Any]] = {}
    fetched_at: float = float("-inf")
    in_vain_at: float = float("-inf")

    def has(self, key_id: str, now: float) -> bool:
        return key_id in self.keys and now - self.fetched_at < FRESH

    def key(self, key_id: str, now: float) -> Mapping[str, Any] | None:
        """The key, also one that is no longer fresh: a short outage of the issuer's key server locks nobody out."""
        return self.keys.get(key_id) if now - self.fetched_at < LONGEST_STALE else None


class _Kept:
    """What this process knows of one address, and the note by which the processes of the service tell one another."""

    def __init__(self) -> None:
        self.known = _KeySet()
        self.lock = threading.Lock()
        self._note = SharedNote()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread and no other process looks for keys of this address; what they found is known now."""
        with self.lock, self._note.held():
            with suppress(ValueError):  # empty, or of a process that was killed while it wrote
                keys, fetched_at, in_vain_at = orjson.loads(self._note.read())
                self.known = _KeySet(keys, _moment(fetched_at), _moment(in_vain_at))
            yield

    def learn(self, known: _KeySet) -> None:
        """For all processes."""
        self.known = known
        self._note.write(orjson.dumps(tuple(known)))


def _moment(told: float | None) -> float:
    """JSON writes infinity as null."""
    return float("-inf") if told is None else told


class Keys:
    """The key sets of all issuers, for one service: its processes share what they fetched."""

    def __init__(self, outbound: Outbound, *, local_http: bool = False) -> None:
        self._outbound, self._local_http = outbound, local_http
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def expect(self, addresses: Iterable[str]) -> None:
        """Addresses of key sets, told before the service forks: only such are shared between its processes."""
        for address in addresses:
            self._of(address)

    def find(self, issuer: Issuer, key_id: str, algorithm: str) -> PyJWK | None:
        """The key that may have signed, or None. A key for another use, algorithm, kind or too short is none."""
        given = issuer.key_set
        listed = self._fetched(issuer.jku, key_id) if given is None else _by_id(given).get(key_id)
        return None if listed is None else _usable(listed, algorithm)

    def _of(self, jku: str) -> _Kept:
        with self._lock:
            if jku not in self._kept:
                self._kept[jku] = _Kept()
            return self._kept[jku]

    def _fetched(self, jku: str, key_id: str) -> Mapping[str, Any] | None:
        kept = self._of(jku)
        if not kept.known.has(key_id, time.monotonic()):  # whose key is known does not wait for those whose is not
            with kept.alone():
                now = time.monotonic()
                if not kept.known.has(key_id, now) and now - kept.known.in_vain_at >= COOL_DOWN:
                    kept.learn(self._refreshed(jku, key_id, kept.known))
        return kept.known.key(key_id, time.monotonic())

    def _refreshed(self, jku: str, key_id: str, known: _KeySet) -> _KeySet:
        try:
            key_set = fetched_key_set(self._outbound, jku, local_http=self._local_http)
        except (FetchFailed, AddressRefused, orjson.JSONDecodeError):
            return known._replace(in_vain_at=time.monotonic())
        keys = _by_id(key_set) if isinstance(key_set, dict) else {}
        # A fetch that brought the key was worth it: an issuer may change its keys again at once.
        in_vain_at = known.in_vain_at if key_id in keys else time.monotonic()
        return _KeySet(keys, time.monotonic(), in_vain_at)


def fetched_key_set(outbound: Outbound, jku: str, *, local_http: bool) -> Any:
    """What stands at the address of a key set. Errors: FetchFailed, AddressRefused, orjson.JSONDecodeError."""
    where, query = parse(jku, local_http=local_http)
    deadline, headers = Deadline.after(FETCH_SECONDS), {"Accept": "application/json"}
    fetched = outbound.get(where, query, headers=headers, deadline=deadline, allowance=Allowance(MOST_BYTES))
    return orjson.loads(fetched.body)


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
    made = judged(key, algorithm)
    return made if isinstance(made, PyJWK) else None


def judged(key: Mapping[str, Any], algorithm: str) -> PyJWK | str:
    """The key for an algorithm, or why it is none."""
    operations = key.get("key_ops")
    if key.get("use", "sig") != "sig" or (isinstance(operations, list) and "verify" not in operations):
        return "is not for signatures"
    if key.get("alg", algorithm) != algorithm:
        return f"is not for {algorithm}"
    if key.get("kty") != _KINDS.get(algorithm[:2]) or key.get("crv") != _CURVES.get(algorithm, key.get("crv")):
        return f"is of another kind than {algorithm} needs"
    try:
        made = PyJWK({name: value for name, value in key.items() if name != "alg"}, algorithm=algorithm)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return "cannot be read"
    size = getattr(made.key, "key_size", None)
    if key["kty"] == "RSA" and (size is None or size < LEAST_RSA_BITS):
        return f"is an RSA key of fewer than {LEAST_RSA_BITS} bits"
    return made

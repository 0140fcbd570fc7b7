"""What an issuer's key set is good for, told to the person who registers a client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from jwt import PyJWK

from cds_service.outbound.address import AddressRefused
from cds_service.outbound.client import Outbound
from cds_service.outbound.failure import FetchFailed
from cds_service.trust.issuers import Issuer
from cds_service.trust.keys import MOST_KEYS, fetched_key_set, judged

_LONGEST_SHOWN = 64


class KeyFinding(NamedTuple):
    """One key: the algorithms of this issuer that it verifies, or why it verifies none."""

    key_id: str
    algorithms: tuple[str, ...]
    reason: str = ""


class KeySetFinding(NamedTuple):
    """A key set: where it is, why it cannot be used at all, and its keys."""

    place: str
    fault: str
    keys: tuple[KeyFinding, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Is there a key that can verify a token?"""
        return any(key.algorithms for key in self.keys)


def inspect_keys(issuer: Issuer, outbound: Outbound, *, local_http: bool) -> KeySetFinding:
    """Fetch the key set, or take the one given by hand, and judge every key."""
    if issuer.key_set is not None:
        return _finding("keys file", issuer.key_set, issuer.algorithms)
    try:
        return _finding(issuer.jku, fetched_key_set(outbound, issuer.jku, local_http=local_http), issuer.algorithms)
    except AddressRefused as refused:
        return KeySetFinding(issuer.jku, f"address refused: {refused}")
    except FetchFailed as failed:
        return KeySetFinding(issuer.jku, f"not fetched: {failed}")
    except orjson.JSONDecodeError:
        return KeySetFinding(issuer.jku, "not JSON")


def _finding(place: str, key_set: Any, algorithms: tuple[str, ...]) -> KeySetFinding:
    listed = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(listed, list):
        return KeySetFinding(place, "not a JWK Set")
    if not listed:
        return KeySetFinding(place, "no key in it")
    ids = Counter(str(key.get("kid")) for key in listed if isinstance(key, dict))
    return KeySetFinding(place, "", tuple(_judged(key, algorithms, ids) for key in listed[:MOST_KEYS]))


def _judged(key: Any, algorithms: tuple[str, ...], ids: Mapping[str, int]) -> KeyFinding:
    key_id = key.get("kid") if isinstance(key, dict) else None
    if not isinstance(key_id, str) or not key_id:
        return KeyFinding("(none)", (), "has no kid")
    shown = "".join(sign for sign in key_id if sign.isprintable())[:_LONGEST_SHOWN]
    if ids[key_id] > 1:
        return KeyFinding(shown, (), "shares its kid with another key")
    found = {algorithm: judged(key, algorithm) for algorithm in algorithms}
    usable = tuple(algorithm for algorithm, made in found.items() if isinstance(made, PyJWK))
    reasons = [(algorithm in made, made) for algorithm, made in found.items() if isinstance(made, str)]
    # A reason that is about the key itself tells more than that it is not for one of the algorithms.
    return KeyFinding(shown, usable, "" if usable else sorted(reasons, key=lambda reason: reason[0])[0][1])

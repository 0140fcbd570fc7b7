"""The gate: a signed token of a CDS client is believed, or it is not, and nobody is told why (conformance section 15).

PyJWT checks the signature. What it lets pass and must not is checked here: lives of a year, numbers written as
texts, empty token ids, other types of token (reliability-security section 6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import jwt
from jwt.exceptions import PyJWTError

from cds_service.errors import ConfigurationFault, Unauthenticated
from cds_service.trust.clients import Client
from cds_service.trust.issuers import Issuer
from cds_service.trust.keys import Keys

LEEWAY = 60
LONGEST_LIFE = 3600
LONGEST_TOKEN = 8192
LONGEST_ID = 256

Spend = Callable[[str, str, int, int], bool]
"""(issuer, token id, expires at, now) -> is this its first use, over all workers and restarts?"""

_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.ASCII)
# Headers that bring keys along, or that a reader must understand and we do not.
_FORBIDDEN = ("jwk", "x5u", "x5c", "crit", "b64", "enc", "zip")
_SIGNATURE_ONLY = {
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False),
    **dict.fromkeys(("verify_sub", "verify_jti"), False),
    "verify_signature": True,
}


class Gate:
    """Lets clients in. `spend` makes sure that a token is used once.

    Errors: ConfigurationFault when there is no issuer: nobody could ever call.
    """

    def __init__(self, issuers: Mapping[str, Issuer], keys: Keys, spend: Spend) -> None:
        if not issuers:
            raise ConfigurationFault("CDS_CLIENTS_FILE: no [[client]] is in the file (cds-service clients add)")
        self._issuers, self._keys, self._spend = issuers, keys, spend
        keys.expect(issuer.jku for issuer in issuers.values() if issuer.jku)

    def admit(self, authorization: str | None, address: str, now: int) -> Client:
        """The client that calls `address`, the public URL of the endpoint, at the second `now`.

        Errors: Unauthenticated, always the same.
        """
        token = self._token(authorization)
        header, claims = _unverified(token)
        issuer = self._issuer(header, claims)
        tenant = _checked(claims, issuer, address, now)
        key = self._keys.find(issuer, header["kid"], header["alg"])
        if key is None:
            raise Unauthenticated
        try:
            # The claims were read from the very bytes whose signature is verified here.
            jwt.decode(token, key, algorithms=[header["alg"]], options=_SIGNATURE_ONLY)  # type: ignore[arg-type]
        except (PyJWTError, ValueError, TypeError):
            raise Unauthenticated from None
        if not self._spend(issuer.issuer, claims["jti"], int(claims["exp"]) + LEEWAY, now):
            raise Unauthenticated
        return issuer.client(tenant)

    def _token(self, authorization: str | None) -> str:
        if authorization is None or len(authorization) > LONGEST_TOKEN:
            raise Unauthenticated
        found = _BEARER.fullmatch(authorization)
        if found is None:
            raise Unauthenticated
        return found.group(1)

    def _issuer(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Issuer:
        named = claims.get("iss")
        issuer = self._issuers.get(named) if isinstance(named, str) else None
        if issuer is None or header.get("alg") not in issuer.algorithms or header.get("typ") != "JWT":
            raise Unauthenticated
        key_id, jku = header.get("kid"), header.get("jku")
        if not isinstance(key_id, str) or not key_id or len(key_id) > LONGEST_ID:
            raise Unauthenticated
        if jku is not None and jku != issuer.jku:
            raise Unauthenticated
        if any(name in header for name in _FORBIDDEN):
            raise Unauthenticated
        return issuer


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        whole = jwt.api_jwt.decode_complete(token, options={"verify_signature": False})
    except (PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthenticated from None
    return whole["header"], whole["payload"]


def _checked(claims: Mapping[str, Any], issuer: Issuer, address: str, now: int) -> str:
    """The claims, before any key is looked for. Returns the tenant."""
    issued, expires, begins = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if not (_is_time(issued) and _is_time(expires) and _is_time(begins)):
        raise Unauthenticated
    if issued > now + LEEWAY or begins > now + LEEWAY or expires <= now - LEEWAY:
        raise Unauthenticated
    if not 0 < expires - issued <= LONGEST_LIFE or now - issued > LONGEST_LIFE + LEEWAY:
        raise Unauthenticated
    token_id = claims.get("jti")
    if not _is_text(token_id) or not token_id.strip():
        raise Unauthenticated
    if not _is_addressed(claims.get("aud"), {address, *issuer.audiences}):
        raise Unauthenticated
    tenant = claims.get("tenant", "")
    if not _is_text(tenant) or (issuer.tenants and tenant not in issuer.tenants):
        raise Unauthenticated
    return tenant


def _is_text(value: Any) -> TypeGuard[str]:
    """A text that can be stored and compared: no control characters, no half of a character."""
    return isinstance(value, str) and len(value) <= LONGEST_ID and value.isprintable()


def _is_time(value: Any) -> TypeGuard[float]:
    """A number of seconds. `true`, `"1700000000"` and NaN are none."""
    return type(value) in (int, float) and 0 <= value < 1e11


def _is_addressed(audience: Any, ours: set[str]) -> bool:
    if isinstance(audience, str):
        return audience in ours
    # A list is allowed by the standard, but a token that is also good elsewhere could be replayed there and here.
    return isinstance(audience, list) and bool(audience) and all(isinstance(a, str) and a in ours for a in audience)

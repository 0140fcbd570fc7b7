"""Tokens as CDS clients send them, in the shapes of real vendors, and the tools to make wrong ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.ehr.exchange import Json
from tests.ehr.signing_keys import SigningKey

Claims = dict[str, Any]
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a vendor's clients write their tokens. Lifetimes in seconds from `iat`."""

    name: str
    algorithm: str = "ES384"
    lifetime: int = 300
    not_before: int | None = None
    has_jku: bool = True
    subject: str | None = None
    tenant: str | None = None
    rounds_up: bool = False
    """`iat` is the nearest second, so up to half a second ahead."""


EPIC = Shape("Epic", "RS384", lifetime=900, not_before=-300, subject="nextline-client")
ORACLE = Shape("Oracle Health", "RS384", tenant="2c400054-42d8-4e74-87b7-80b5bd5fde9f")
INTERSYSTEMS = Shape("InterSystems", "RS384", lifetime=600)
SANDBOX = Shape("CDS Hooks Sandbox", "ES384", rounds_up=True)
CRD_KIT = Shape("Da Vinci CRD test kit", "ES384")
MINIMAL = Shape("only what must be there", "ES384", has_jku=False)
SHAPES = (EPIC, ORACLE, INTERSYSTEMS, SANDBOX, CRD_KIT, MINIMAL)


@dataclass(frozen=True, slots=True)
class TokenClient:
    """A CDS client that signs its calls: who it says it is and the key it signs with.

    `keys` are further keys by algorithm, as vendors differ; `jku` is the address of its published set.
    """

    issuer: str
    key: SigningKey
    jku: str | None = None
    tenant: str | None = None
    keys: Mapping[str, SigningKey] = field(default_factory=dict)

    def key_for(self, algorithm: str) -> SigningKey:
        return self.key if self.key.algorithm == algorithm else self.keys.get(algorithm, self.key)

    def jwk_set(self) -> list[Json]:
        """The public halves of all its keys."""
        return [key.public_jwk() for key in {one.kid: one for one in (self.key, *self.keys.values())}.values()]

    def header(self, shape: Shape = MINIMAL) -> Json:
        key = self.key_for(shape.algorithm)
        header = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid}
        return header | ({"jku": self.jku} if shape.has_jku and self.jku else {})

    def claims(self, audience: str, shape: Shape = MINIMAL) -> Claims:
        """The claims of a token made now, with a fresh `jti`."""
        now = round(time.time()) if shape.rounds_up else int(time.time())
        claims: Claims = {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + shape.lifetime}
        claims["jti"] = str(uuid.uuid4())
        if shape.not_before is not None:
            claims["nbf"] = now + shape.not_before
        if shape.subject:
            claims["sub"] = shape.subject
        if tenant := self.tenant or shape.tenant:
            claims["tenant"] = tenant
        return claims

    def token(self, audience: str, shape: Shape = MINIMAL, **claims: object) -> str:
        """A valid token for the endpoint of this exact address, used once. Claims given replace; None removes."""
        key = self.key_for(shape.algorithm)
        return signed(self.header(shape), merged(self.claims(audience, shape), claims), key)


def merged(members: Mapping[str, object], changes: Mapping[str, object]) -> Json:
    """The members with these changes; a change to None removes."""
    return {name: value for name, value in (members | changes).items() if value is not None}  # type: ignore[operator]


def segment(value: object) -> str:
    """A part of a token: JSON (or octets) in base64url without padding."""
    octets = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def signed(header: Mapping[str, object], claims: object, key: SigningKey) -> str:
    """Signs with the key's own algorithm, whatever the header claims."""
    body = f"{segment(dict(header))}.{segment(claims)}"
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    return f"{body}.{segment(algorithm.sign(body.encode(), key.private))}"


def keyed(header: Mapping[str, object], claims: object, secret: bytes) -> str:
    """An HMAC token with any octets as its secret; PyJWT itself refuses a PEM as one."""
    body = f"{segment(dict(header))}.{segment(claims)}"
    mac = hmac.new(secret, body.encode(), _HASHES[str(header["alg"])])
    return f"{body}.{segment(mac.digest())}"


def unsigned(header: Mapping[str, object], claims: object, signature: str = "") -> str:
    return f"{segment(dict(header))}.{segment(claims)}.{signature}"

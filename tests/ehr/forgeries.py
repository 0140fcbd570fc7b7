"""Every wrong token of the attack table and some more: each must be answered by the same 401."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.ehr.exchange import Json
from tests.ehr.presented import Presented, bearer
from tests.ehr.signing_keys import SigningKey, signing_key
from tests.ehr.token_forge import MINIMAL, TokenClient, keyed, merged, segment, signed, unsigned

EVIL_HOST = "evil.test"
EVIL_JKU = f"https://{EVIL_HOST}/jwks.json"
EVIL_CERTIFICATE = f"https://{EVIL_HOST}/c.pem"
LEEWAY = 60
"""Seconds by which clocks may differ."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The valid call that is forged: whose token, for which endpoint, and the other valid client of the service."""

    client: TokenClient
    audience: str
    other: TokenClient

    @property
    def header(self) -> Json:
        return self.client.header(MINIMAL)

    @property
    def claims(self) -> Json:
        return self.client.claims(self.audience)

    def with_claims(self, **changes: object) -> str:
        """Rightly signed; only the claims are wrong. None removes a claim."""
        return signed(self.header, merged(self.claims, changes), self.client.key)

    def with_header(self, **changes: object) -> str:
        """Rightly signed over a wrong header."""
        return signed(merged(self.header, changes), self.claims, self.client.key)

    def by(self, key: SigningKey, **header: object) -> str:
        """Right claims signed by another key, under the client's own `kid` unless the header says otherwise."""
        return signed(merged(self.header, {"alg": key.algorithm} | header), self.claims, key)

    def by_secret(self, secret: bytes, algorithm: str = "HS384", **header: object) -> str:
        return keyed(merged(self.header, {"alg": algorithm} | header), self.claims, secret)


@dataclass(frozen=True, slots=True)
class Forgery:
    """A wrong way to call. `case` is its row of the attack table, or the nearest one."""

    case: str
    name: str
    make: Callable[[Scene], Presented]

    def __str__(self) -> str:
        return f"{self.case} {self.name}"


def attacker_key() -> SigningKey:
    """A good key that no issuer of the service publishes."""
    return signing_key("attacker", "ES384")


def forged(case: str, name: str, make: Callable[[Scene], str]) -> Forgery:
    return Forgery(case, name, lambda scene: bearer(make(scene)))


def claiming(case: str, name: str, changes: Callable[[Scene, int], Mapping[str, object]]) -> Forgery:
    """Claims changed as a function of the scene and the present second."""
    return forged(case, name, lambda scene: scene.with_claims(**changes(scene, int(time.time()))))


def _header(case: str, name: str, **changes: object) -> Forgery:
    return forged(case, name, lambda scene: scene.with_header(**changes))


def _swapped(token: str, part: int, value: str) -> str:
    parts = token.split(".")
    parts[part] = value
    return ".".join(parts)


def _none(algorithm: str) -> Callable[[Scene], str]:
    return lambda scene: unsigned(scene.header | {"alg": algorithm}, scene.claims)


SIGNATURE = (
    forged("JWT-02", "algorithm none", _none("none")),
    forged("JWT-02", "algorithm nOnE", _none("nOnE")),
    forged("JWT-02", "algorithm None with a signature", lambda s: _none("None")(s) + segment(b"x" * 96)),
    forged("JWT-02", "right algorithm and no signature", lambda s: unsigned(s.header, s.claims)),
    forged("JWT-04", "HS384 keyed with the public PEM", lambda s: s.by_secret(s.client.key.public_pem)),
    forged("JWT-04", "HS256 keyed with the public PEM", lambda s: s.by_secret(s.client.key.public_pem, "HS256")),
    forged("JWT-04", "PEM without its last line end", lambda s: s.by_secret(s.client.key.public_pem.strip())),
    forged("JWT-04", "HS384 keyed with the public x", lambda s: s.by_secret(_coordinate(s.client.key))),
    forged("JWT-04", "HS512 keyed with nothing", lambda s: s.by_secret(b"", "HS512")),
    forged("JWT-06", "the other issuer's key", lambda s: s.by(s.other.key, kid=s.other.key.kid)),
    forged("JWT-06", "the other issuer's key under our kid", lambda s: s.by(s.other.key)),
    forged("JWT-06", "an unknown key under our kid", lambda s: s.by(attacker_key())),
    forged("JWT-06", "signature of another token", lambda s: _with_signature_of(s.with_claims(), s.with_claims())),
    forged("JWT-06", "claims changed after signing", lambda s: _swapped(s.with_claims(), 1, segment(s.claims))),
    forged("JWT-06", "signature cut short", lambda s: s.with_claims()[:-8]),
    forged("JWT-06", "zero signature", lambda s: unsigned(s.header, s.claims, segment(b"\0" * 96))),
)

HEADER = (
    forged("JWT-08", "jku of an attacker, signed by his key", lambda s: s.by(attacker_key(), jku=EVIL_JKU)),
    forged("JWT-08", "his jku and kid", lambda s: s.by(attacker_key(), jku=EVIL_JKU, kid="attacker")),
    _header("JWT-08", "rightly signed but with his jku", jku=EVIL_JKU),
    forged("JWT-08", "jku with our host as user", lambda s: s.with_header(jku=f"https://ehr.test@{EVIL_HOST}/jwks")),
    forged("JWT-08", "jku with a port added", lambda s: s.with_header(jku=f"https://{EVIL_HOST}:8443/jwks.json")),
    _header("JWT-08", "jku as a number", jku=7),
    _header("JWT-11", "jku by http", jku="http://ehr.test/jwks"),
    _header("JWT-11", "jku as a file", jku="file:///etc/passwd"),
    forged("JWT-13", "kid as a path, keyed with nothing", lambda s: s.by_secret(b"", kid="../../../../dev/null")),
    _header("JWT-13", "kid as a path, rightly signed", kid="../../../../dev/null"),
    _header("JWT-13", "kid as SQL", kid="' OR '1'='1"),
    _header("JWT-13", "kid missing", kid=None),
    _header("JWT-13", "kid empty", kid=""),
    _header("JWT-13", "kid as a number", kid=1),
    _header("JWT-13", "kid as a list", kid=["ehr-1"]),
    _header("JWT-13", "kid with a null character", kid="ehr-1\0"),
    _header("JWT-13", "kid of 3,000 characters", kid="k" * 3_000),
    forged("JWT-16", "x5u of an attacker", lambda s: s.by(attacker_key(), x5u=EVIL_CERTIFICATE)),
    forged("JWT-16", "x5c of an attacker", lambda s: s.by(attacker_key(), x5c=["MIIB"])),
    forged("JWT-16", "his key inside as jwk", lambda s: s.by(attacker_key(), jwk=attacker_key().public_jwk())),
    _header("JWT-16", "critical header nobody knows", crit=["exp-policy"], **{"exp-policy": 1}),
    _header("JWT-16", "critical list empty", crit=[]),
    _header("JWT-16", "unencoded payload", b64=False, crit=["b64"]),
    _header("JWT-16", "type at+jwt", typ="at+jwt"),
    _header("JWT-16", "type missing", typ=None),
    _header("JWT-37", "algorithm of another curve", alg="ES256"),
    _header("JWT-37", "algorithm of another kind of key", alg="RS384"),
    _header("JWT-37", "algorithm missing", alg=None),
    _header("JWT-37", "algorithm as a list", alg=["ES384"]),
)


def _coordinate(key: SigningKey) -> bytes:
    jwk = key.public_jwk()
    return str(jwk.get("x") or jwk.get("n")).encode()


def _with_signature_of(token: str, other: str) -> str:
    return _swapped(token, 2, other.split(".")[2])

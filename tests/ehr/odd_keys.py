"""Published keys with which no token may be accepted, each with a token signed by it (JWT-37 and its kin).

Publish `odd_keys()` beside the client's own keys; then a token signed by an odd key needs no refetch.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.ehr.exchange import Json
from tests.ehr.forgeries import Scene
from tests.ehr.presented import Presented, bearer
from tests.ehr.signing_keys import SigningKey, signing_key
from tests.ehr.token_forge import keyed, merged, segment, signed

_SECRET = b"a shared secret that somebody published by mistake"


@dataclass(frozen=True, slots=True)
class OddKey:
    """A key as published, and the token it signs."""

    name: str
    key: SigningKey
    jwk: Json

    def present(self, scene: Scene) -> Presented:
        header = merged(scene.header, {"alg": self.key.algorithm, "kid": self.key.kid})
        return bearer(signed(header, scene.claims, self.key))

    def __str__(self) -> str:
        return f"JWT-37 {self.name}"


def odd_keys() -> tuple[OddKey, ...]:
    encrypting, other = signing_key("odd-enc"), signing_key("odd-alg")
    short, deriving = signing_key("odd-rsa-1024", "RS384", 1024), signing_key("odd-ops")
    exponent = signing_key("odd-exponent", "RS384")
    return (
        OddKey("key for encryption", encrypting, encrypting.public_jwk(use="enc")),
        OddKey("key published for another algorithm", other, other.public_jwk(alg="ES256")),
        OddKey("RSA key of 1024 bits", short, short.public_jwk()),
        OddKey("key whose operations do not verify", deriving, deriving.public_jwk(use=None, key_ops=["deriveKey"])),
        OddKey("RSA key with exponent 1", exponent, exponent.public_jwk(e="AQ")),
    )


def shared_secret_jwk() -> Json:
    """A symmetric key in a public set."""
    return {"kty": "oct", "kid": "odd-oct", "k": segment(_SECRET), "alg": "HS384", "use": "sig"}


def by_shared_secret(scene: Scene) -> Presented:
    """A token keyed with that published secret."""
    return bearer(keyed(merged(scene.header, {"alg": "HS384", "kid": "odd-oct"}), scene.claims, _SECRET))

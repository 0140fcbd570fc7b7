"""Keys that sign the test clients' tokens, and their public halves as JSON Web Keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.ehr.exchange import Json

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_CURVES: dict[str, type[ec.EllipticCurve]] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the algorithm it signs by and the id under which it is published."""

    kid: str
    algorithm: str
    private: PrivateKey

    def public_jwk(self, **members: object) -> Json:
        """The public half. Members given as None are left out: `public_jwk(use="enc")`, `public_jwk(kid=None)`."""
        jwk = self._public() | {"kid": self.kid, "alg": self.algorithm, "use": "sig"} | members
        return {name: value for name, value in jwk.items() if value is not None}

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def _public(self) -> Json:
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            written = RSAAlgorithm.to_jwk(public)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            written = ECAlgorithm.to_jwk(public)
        else:
            written = OKPAlgorithm.to_jwk(public)
        jwk: Json = json.loads(written)
        jwk.pop("key_ops", None)
        return jwk


def signing_key(kid: str, algorithm: str = "ES384", bits: int = 2048) -> SigningKey:
    """The key of that id: the same one for the same arguments in this process, as making RSA keys is slow."""
    return SigningKey(kid, algorithm, _made(kid, algorithm, bits))


@cache
def _made(kid: str, algorithm: str, bits: int) -> PrivateKey:
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm]())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)

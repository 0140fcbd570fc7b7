"""How this service proves who it is to an authorization server: a private key, and statements signed with it.

For SMART Backend Services as for an app that is a confidential client (SMART App Launch 2.2, asymmetric client
authentication). The key lies in a file, as PEM or JWK, for ES384 or RS384 and nothing weaker.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

LEAST_RSA_BITS = 2048
STATEMENT_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
STATEMENT_SECONDS = 240
"""Life of a signed statement: at most five minutes (SMART App Launch 2.2), less what two clocks may differ by."""
_LARGEST_FILE = 65_536
_LARGEST_MEMBER = 2048
"""Characters of a member of a JWK: more than the largest RSA key has, and few enough to be reckoned with at once."""
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_WANTED = "wanted is an EC key on P-384 (ES384) or an RSA key of 2048 bits or more (RS384)"


class KeyUnusable(ValueError):  # noqa: N818 - the house word
    """There is no such key in the file. The message names neither the file nor anything of what is in it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, the algorithm it signs by, and the id under which its public half is registered."""

    key_id: str
    algorithm: str
    _private: PrivateKey = field(repr=False, compare=False)

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token with these claims."""
        return jwt.encode(claims, self._private, self.algorithm, headers={"kid": self.key_id})

    def statement(self, client_id: str, audience: str, now: int) -> dict[str, str]:
        """The members of a form by which a client proves itself. Good for one use, at one token endpoint.

        `audience` is that endpoint as its server spells it, `now` in seconds of the clock of the day.
        """
        claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + STATEMENT_SECONDS}
        signed = self.sign(claims | {"jti": secrets.token_urlsafe(32)})
        return {"client_assertion_type": STATEMENT_TYPE, "client_assertion": signed}

    def published(self) -> dict[str, str]:
        """The public half as a JSON Web Key, to be registered."""
        told = _public_members(self._private)
        return told | {"kid": self.key_id, "alg": self.algorithm, "use": "sig"}


def read_key(file: Path, key_id: str = "") -> SigningKey:
    """The key of a file. Its id is the one given, else that of the JWK, else its thumbprint (RFC 7638).

    Errors: KeyUnusable.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE)
    except OSError as error:
        raise KeyUnusable(f"cannot be read ({type(error).__name__})") from None
    try:
        private, told = _of_jwk(content) if content.lstrip().startswith(b"{") else (_of_pem(content), "")
    except (ValueError, TypeError, ArithmeticError, AssertionError, UnsupportedAlgorithm, PyJWTError):
        # Their texts may quote the key. RSA primes are found by a procedure that asserts what it found.
        raise KeyUnusable(f"is no private key in PEM or JWK without a password; {_WANTED}") from None
    algorithm = _algorithm_of(private)
    if not algorithm:
        raise KeyUnusable(_WANTED)
    return SigningKey(key_id or told or _thumbprint(private), algorithm, private)


def _of_pem(content: bytes) -> PrivateKey:
    found = load_pem_private_key(content, password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError("another kind of key")
    return found


def _of_jwk(content: bytes) -> tuple[PrivateKey, str]:
    """A JWK, or a set with one private key in it."""
    told = orjson.loads(content)
    listed = told.get("keys", [told])
    if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
        raise TypeError("no set of keys")
    keys = [key for key in listed if "d" in key]
    if len(keys) != 1:
        raise ValueError("not one private key")
    (key,) = keys
    if not all(len(value) <= _LARGEST_MEMBER for value in key.values() if isinstance(value, str)):
        raise ValueError("too long for a key")
    if not isinstance(key.get("kid", ""), str):
        raise TypeError("kid is no text")
    reader = ECAlgorithm if key.get("kty") == "EC" else RSAAlgorithm
    found = reader.from_jwk(key)
    if not isinstance(found, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError("a public key")
    return found, key.get("kid", "")


def _algorithm_of(private: PrivateKey) -> str:
    if isinstance(private, rsa.RSAPrivateKey):
        return "RS384" if private.key_size >= LEAST_RSA_BITS else ""
    return "ES384" if isinstance(private.curve, ec.SECP384R1) else ""


def _public_members(private: PrivateKey) -> dict[str, str]:
    """The members that make the public half of a key, in the order that the RFC wants them in."""
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        told, needed = RSAAlgorithm.to_jwk(public, as_dict=True), "e kty n"
    else:
        told, needed = ECAlgorithm.to_jwk(public, as_dict=True), "crv kty x y"
    return {name: told[name] for name in needed.split()}


def _thumbprint(private: PrivateKey) -> str:
    written = orjson.dumps(_public_members(private))
    return base64.urlsafe_b64encode(hashlib.sha256(written).digest()).decode().rstrip("=")

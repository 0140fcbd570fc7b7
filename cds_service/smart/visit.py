"""A visit: what a launch has brought, held for as long as somebody looks at the course.

It ends with the token, half an hour after it began, a quarter of an hour after the last look, and at log-out:
whatever comes first. The browser holds a random key, the store holds the content sealed under it; so every worker
knows the visit, log-out ends it everywhere at once, and the token is in no cookie, whatever its length.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass, field

import orjson

LONGEST = 30 * 60
IDLE = 15 * 60
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at whom, with which token. `server` is the FHIR server as the clients file spells it.

    `token_ends_at` and `ends_at` are seconds of the clock of the day; `user` is empty when nobody was named.
    """

    issuer: str
    server: str
    token: str = field(repr=False)
    patient: str
    scope: str
    token_ends_at: int
    ends_at: int
    user: str
    app_context: str
    wants_banner: bool

    def content(self) -> bytes:
        """As it is kept, before it is sealed."""
        return orjson.dumps(asdict(self))

    @classmethod
    def of(cls, content: bytes) -> Visit | None:
        """The visit of what was kept; None for the layout of another release."""
        try:
            return cls(**orjson.loads(content))
        except TypeError:
            return None


def key_of(secret: str) -> str:
    """Under which the store finds the visit. Whoever reads the store does not learn the secret of the browser."""
    return hashlib.sha256(b"nextline visit" + secret.encode()).hexdigest()


def form_token(secret: str) -> str:
    """What a form of the visit's page must send: another site can make the browser post, and cannot know this."""
    return hmac.digest(secret.encode(), b"nextline form", "sha256").hex()


def is_form_token(sent: str, secret: str) -> bool:
    """Does a form come from the visit's own page?"""
    return hmac.compare_digest(sent.encode(), form_token(secret).encode())

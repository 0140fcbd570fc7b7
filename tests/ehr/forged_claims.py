"""Tokens rightly signed whose claims are wrong, tokens wrongly presented, and tokens that only look wrong."""

from __future__ import annotations

from collections.abc import Callable

from tests.ehr.forgeries import HEADER, LEEWAY, SIGNATURE, Forgery, Scene, claiming, forged
from tests.ehr.presented import Presented, bearer
from tests.ehr.token_forge import EPIC, segment, signed, unsigned

A_YEAR = 365 * 86_400

TIMES = (
    claiming("JWT-18", "expired by more than the leeway", lambda _, now: {"iat": now - 400, "exp": now - LEEWAY - 1}),
    claiming("JWT-18", "expired a year ago", lambda _, now: {"iat": now - A_YEAR, "exp": now - A_YEAR + 300}),
    claiming("JWT-18", "exp before iat", lambda _, now: {"exp": now - 300}),
    claiming("JWT-18", "exp zero", lambda _, now: {"exp": 0}),
    claiming("JWT-18", "exp negative", lambda _, now: {"exp": -1}),
    claiming("JWT-20", "nbf ten minutes ahead", lambda _, now: {"nbf": now + 600, "exp": now + 900}),
    claiming("JWT-20", "nbf as text", lambda _, now: {"nbf": str(now)}),
    claiming("JWT-22", "iat an hour ahead", lambda _, now: {"iat": now + 3600, "exp": now + 3900}),
    claiming("JWT-22", "iat missing", lambda _, now: {"iat": None}),
    claiming("JWT-22", "iat as text", lambda _, now: {"iat": str(now)}),
    claiming("JWT-22", "iat as true", lambda _, now: {"iat": True}),
    claiming("JWT-24", "exp missing", lambda _, now: {"exp": None}),
    claiming("JWT-24", "exp as text", lambda _, now: {"exp": str(now + 300)}),
    claiming("JWT-24", "exp as true", lambda _, now: {"exp": True}),
    claiming("JWT-24", "exp as a list", lambda _, now: {"exp": [now + 300]}),
    claiming("JWT-24", "exp a year ahead", lambda _, now: {"exp": now + A_YEAR}),
    claiming("JWT-24", "lives longer than an hour", lambda _, now: {"exp": now + 3600 + LEEWAY + 5}),
    claiming("JWT-24", "old iat and a long life", lambda _, now: {"iat": now - 7200, "exp": now + 300}),
    claiming("JWT-24", "exp 1e300", lambda _, now: {"exp": 1e300}),
    claiming("JWT-24", "exp infinite", lambda _, now: {"exp": float("inf")}),
    claiming("JWT-24", "exp not a number", lambda _, now: {"exp": float("nan")}),
)

NAMES = (
    claiming("JWT-26", "jti missing", lambda *_: {"jti": None}),
    claiming("JWT-26", "jti empty", lambda *_: {"jti": ""}),
    claiming("JWT-26", "jti as a number", lambda *_: {"jti": 7}),
    claiming("JWT-29", "aud of another service", lambda s, _: {"aud": s.audience.rsplit("/", 1)[0] + "/other"}),
    claiming("JWT-29", "aud of discovery", lambda s, _: {"aud": s.audience.rsplit("/", 1)[0]}),
    claiming("JWT-29", "aud of feedback", lambda s, _: {"aud": f"{s.audience}/feedback"}),
    claiming("JWT-29", "aud is the base address", lambda s, _: {"aud": s.audience.split("/cds-services")[0]}),
    claiming("JWT-29", "aud of another host", lambda *_: {"aud": "https://elsewhere.test/cds-services/next-therapy"}),
    claiming("JWT-29", "aud missing", lambda *_: {"aud": None}),
    claiming("JWT-29", "aud empty", lambda *_: {"aud": ""}),
    claiming("JWT-29", "aud an empty list", lambda *_: {"aud": []}),
    claiming("JWT-29", "aud a list of others", lambda *_: {"aud": ["https://elsewhere.test", "https://other.test"]}),
    claiming("JWT-29", "aud an object", lambda s, _: {"aud": {s.audience: 1}}),
    claiming("JWT-29", "aud a list with a number", lambda s, _: {"aud": [s.audience, 7]}),
    claiming("JWT-31", "aud with a slash behind", lambda s, _: {"aud": f"{s.audience}/"}),
    claiming("JWT-31", "aud in capitals", lambda s, _: {"aud": s.audience.upper()}),
    claiming("JWT-31", "aud with capitals in the path", lambda s, _: {"aud": s.audience.replace("next", "Next")}),
    claiming("JWT-31", "aud with a query", lambda s, _: {"aud": f"{s.audience}?x=1"}),
    claiming("JWT-31", "aud with a blank", lambda s, _: {"aud": f"{s.audience} "}),
    claiming("JWT-33", "iss unknown", lambda *_: {"iss": "https://unknown.test"}),
    claiming("JWT-33", "iss missing", lambda *_: {"iss": None}),
    claiming("JWT-33", "iss empty", lambda *_: {"iss": ""}),
    claiming("JWT-33", "iss of the other client", lambda s, _: {"iss": s.other.issuer}),
    claiming("JWT-33", "iss with a slash behind", lambda s, _: {"iss": f"{s.client.issuer}/"}),
    claiming("JWT-33", "iss in capitals", lambda s, _: {"iss": s.client.issuer.upper()}),
    claiming("JWT-33", "iss as a list", lambda s, _: {"iss": [s.client.issuer]}),
    claiming("JWT-33", "iss as an object", lambda s, _: {"iss": {"iss": s.client.issuer}}),
    claiming("JWT-35", "tenant unknown", lambda *_: {"tenant": "t-unknown"}),
    claiming("JWT-35", "tenant as a number", lambda *_: {"tenant": 7}),
    claiming("JWT-35", "tenant as a list", lambda s, _: {"tenant": [s.client.tenant or "t"]}),
)


def _presented(case: str, name: str, make: Callable[[str], Presented]) -> Forgery:
    """A valid token that comes in a wrong way."""
    return Forgery(case, name, lambda scene: make(scene.with_claims()))


def _authorization(*values: str) -> Presented:
    return Presented(tuple(("Authorization", value) for value in values))


def _bearers(*tokens: str) -> Presented:
    return _authorization(*(f"Bearer {token}" for token in tokens))


PRESENTATION = (
    Forgery("JWT-01", "no Authorization header", lambda _: Presented()),
    _presented("JWT-01", "empty header", lambda _: _authorization("")),
    _presented("JWT-01", "Bearer alone", lambda _: _authorization("Bearer")),
    _presented("JWT-01", "Basic", lambda _: _authorization("Basic dTpw")),
    _presented("JWT-01", "token without Bearer", lambda token: _authorization(token)),
    _presented("JWT-01", "token under another scheme", lambda token: _authorization(f"DPoP {token}")),
    Forgery("JWT-43", "two headers, both valid", lambda s: _bearers(s.with_claims(), s.with_claims())),
    _presented("JWT-43", "two headers, the second nonsense", lambda token: _bearers(token, "x.y.z")),
    _presented("JWT-43", "two headers, the first nonsense", lambda token: _bearers("x.y.z", token)),
    _presented("JWT-43", "Bearer twice", lambda token: _authorization(f"Bearer Bearer {token}")),
    _presented("JWT-43", "two tokens and a comma", lambda token: _authorization(f"Bearer {token}, Bearer {token}")),
    _presented("JWT-43", "token in the query", lambda token: Presented(query=f"access_token={token}")),
    _presented("JWT-43", "token in a cookie", lambda token: Presented((("Cookie", f"token={token}"),))),
    _presented("JWT-43", "token with text behind", lambda token: bearer(f"{token} x")),
    forged("JWT-43", "five parts", lambda s: f"{s.with_claims()}.a.b"),
    forged("JWT-43", "two parts", lambda s: s.with_claims().rsplit(".", 1)[0]),
    forged("JWT-43", "not base64", lambda s: f"{s.with_claims()}!"),
    forged("JWT-43", "header is no object", lambda s: f"{segment([1])}.{segment(s.claims)}.{segment(b'x')}"),
    forged("JWT-43", "header is not JSON", lambda s: f"{segment(b'{')}.{segment(s.claims)}.{segment(b'x')}"),
    forged("JWT-43", "claims are no object", lambda s: signed(s.header, [s.claims], s.client.key)),
    forged("JWT-43", "claims are not JSON", lambda s: signed(s.header, b"{", s.client.key)),
    forged("JWT-43", "header nested 3,000 deep", lambda s: f"{segment(b'[' * 3_000)}.{segment(s.claims)}.x"),
    forged("JWT-43", "nothing but dots", lambda _: ".."),
    forged("JWT-43", "unsigned and empty", lambda s: unsigned({}, {})),
)

FORGERIES: tuple[Forgery, ...] = (*SIGNATURE, *HEADER, *TIMES, *NAMES, *PRESENTATION)
"""All that must get the constant 401."""


def _epic(scene: Scene) -> Presented:
    return bearer(scene.client.token(scene.audience, EPIC))


ACCEPTED: tuple[Forgery, ...] = (
    Forgery("JWT-20", "Epic's shape: nbf past and 900 s", _epic),
    claiming("JWT-18", "expired less than the leeway ago", lambda _, now: {"iat": now - 300, "exp": now - 30}),
    claiming("JWT-22", "iat a second ahead", lambda _, now: {"iat": now + 1, "exp": now + 301}),
    claiming("JWT-24", "lives an hour", lambda _, now: {"exp": now + 3600}),
    claiming("JWT-29", "aud a list of this endpoint alone", lambda s, _: {"aud": [s.audience]}),
    claiming("JWT-33", "claims nobody knows", lambda *_: {"azp": "x", "custom": {"a": [1]}}),
)
"""What looks odd and is right: the answer is the golden one."""

EITHER: tuple[Forgery, ...] = (
    claiming("JWT-22", "iat with a fraction", lambda _, now: {"iat": now + 0.25}),
    claiming("JWT-24", "exp with a fraction", lambda _, now: {"exp": now + 300.5}),
    claiming("JWT-29", "aud a list of this endpoint and another", lambda s, _: {"aud": [s.audience, "https://x.test"]}),
    claiming("JWT-26", "jti of 3,000 characters", lambda *_: {"jti": "j" * 3_000}),
    _presented("JWT-43", "bearer in small letters", lambda token: _authorization(f"bearer {token}")),
)
"""What the documents leave open: the golden answer or the constant 401, never anything else."""

TOO_LARGE: tuple[Forgery, ...] = (
    claiming("JWT-43", "token of more than 100,000 octets", lambda *_: {"padding": "x" * 100_000}),
    forged("JWT-43", "kid of 100,000 characters", lambda s: s.with_header(kid="k" * 100_000)),
)
"""Headers larger than servers take: 431, or 400, or the constant 401."""


def of_case(case: str) -> list[Forgery]:
    """The forgeries of a row of the attack table."""
    return [one for one in FORGERIES if one.case == case]

"""The test EHR takes a signed statement only when nothing is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.ehr.signing_keys import signing_key
from tests.ehr.statements import KIND, Statements

KEY, OTHER = signing_key("app-1"), signing_key("app-2")
ENDPOINT = "https://ehr.test/auth/token"


def form(key: Any = KEY, head: dict[str, str] | None = None, **claims: Any) -> dict[str, str]:
    """A sound statement, but for what is told. None leaves a claim out."""
    now = int(time.time())
    whole = {"iss": "app", "sub": "app", "aud": ENDPOINT, "iat": now, "exp": now + 240, "jti": "1"} | claims
    told = {name: value for name, value in whole.items() if value is not None}
    signed = jwt.encode(told, key.private, key.algorithm, headers={"kid": KEY.kid} | (head or {}))
    return {"client_assertion_type": KIND, "client_assertion": signed}


def fault_of(told: dict[str, str], heard: Statements | None = None) -> str:
    return (heard or Statements()).fault_of(told, "app", KEY, ENDPOINT)


def test_a_sound_statement_is_taken_once() -> None:
    heard, told = Statements(), form()
    assert fault_of(told, heard) == ""
    assert fault_of(told, heard) == "life or jti"
    assert (len(heard.accepted), heard.refused) == (1, ["life or jti"])


UNSOUND: dict[str, tuple[Callable[[int], dict[str, str]], str]] = {
    # Made when the test runs: a statement is good for minutes, and a whole run of the tests takes longer.
    "none": (lambda now: {}, "assertion type"),
    "garbage": (lambda now: {"client_assertion_type": KIND, "client_assertion": "a.b.c"}, "DecodeError"),
    "key": (lambda now: form(OTHER), "InvalidSignatureError"),
    "key id": (lambda now: form(head={"kid": "app-2"}), "key id or type"),
    "audience": (lambda now: form(aud="https://ehr.test/fhir"), "InvalidAudienceError"),
    "issuer": (lambda now: form(iss="another"), "client"),
    "subject": (lambda now: form(sub="another"), "client"),
    "expired": (lambda now: form(exp=now - 1), "ExpiredSignatureError"),
    "too long": (lambda now: form(exp=now + 3600), "life or jti"),
    "jti": (lambda now: form(jti=None), "MissingRequiredClaimError"),
    "exp": (lambda now: form(exp=None), "MissingRequiredClaimError"),
}


@pytest.mark.parametrize(("made", "fault"), UNSOUND.values(), ids=UNSOUND.keys())
def test_it_is_refused_with(made: Callable[[int], dict[str, str]], fault: str) -> None:
    assert fault_of(made(int(time.time()))) == fault

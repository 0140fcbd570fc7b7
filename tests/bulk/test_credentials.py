"""The key of a backend service, the statement that it signs, and what is believed of a token endpoint."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.bulk.discovery import scope_for
from cds_service.bulk.fault import ExportFault, Stopped
from cds_service.bulk.patience import Patience
from cds_service.bulk.signing import doubt_of, read_key
from cds_service.outbound import signing
from tests.bulk.exports import KEY, Site
from tests.ehr import wrong_answers
from tests.ehr.exchange import Answer
from tests.ehr.signing_keys import PrivateKey, signing_key

EC384 = ec.generate_private_key(ec.SECP384R1())
RSA2048 = signing_key("rsa-1", "RS384").private


def pem(private: PrivateKey, password: bytes = b"") -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def jwk(private: PrivateKey, **members: str) -> dict[str, str]:
    reader = RSAAlgorithm if isinstance(private, rsa.RSAPrivateKey) else ECAlgorithm
    told: dict[str, str] = json.loads(reader.to_jwk(private))  # type: ignore[arg-type]
    return told | members


USABLE = [
    ("PEM on P-384", pem(EC384), "", "ES384", None),
    ("PEM of RSA", pem(RSA2048), "given", "RS384", "given"),
    ("JWK on P-384", json.dumps(jwk(EC384, kid="own")).encode(), "", "ES384", "own"),
    ("JWK with another id", json.dumps(jwk(EC384, kid="own")).encode(), "given", "ES384", "given"),
    ("a set of one", json.dumps({"keys": [jwk(RSA2048, kid="own")]}).encode(), "", "RS384", "own"),
]


@pytest.mark.parametrize(
    ("content", "given", "algorithm", "key_id"), [one[1:] for one in USABLE], ids=[one[0] for one in USABLE]
)
def test_a_key_signs_by_the_algorithm_of_its_kind(
    tmp_path: Path, content: bytes, given: str, algorithm: str, key_id: str | None
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    key = read_key(file, given)
    assert key.algorithm == algorithm
    assert key.key_id == key_id or (key_id is None and len(key.key_id) == 43)
    head = jwt.get_unverified_header(key.sign({"a": 1}))
    assert head == {"alg": algorithm, "kid": key.key_id, "typ": "JWT"}
    assert "rivate" not in repr(key)


def test_the_thumbprint_is_the_one_of_rfc_7638(tmp_path: Path) -> None:
    public = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    from cds_service.outbound.signing import _thumbprint

    class Known:
        def public_key(self) -> object:
            return RSAAlgorithm.from_jwk({"kty": "RSA", "e": "AQAB", "n": public})

    assert _thumbprint(Known()) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"  # type: ignore[arg-type]


LONG = "_" * 30_000
NO_KEYS = [
    ("empty", b""),
    ("garbage", b"\x00\xff"),
    ("JSON of something else", b'{"keys": []}'),
    ("two keys", json.dumps({"keys": [jwk(EC384), jwk(RSA2048)]}).encode()),
    ("a public key", json.dumps({k: v for k, v in jwk(EC384).items() if k != "d"}).encode()),
    ("with a password", pem(EC384, b"password")),
    ("on P-256", pem(ec.generate_private_key(ec.SECP256R1()))),
    ("RSA of 1024 bits", pem(rsa.generate_private_key(65537, 1024))),
    ("Ed25519", pem(ed25519.Ed25519PrivateKey.generate())),
    ("a number for a list", b'{"keys": 7}'),
    ("a text in a set", b'{"keys": ["d"]}'),
    ("a list in a set", b'{"keys": [["d"]]}'),
    ("nothing for a set", b'{"keys": null}'),
    ("a table for a set", b'{"keys": {"d": {"d": "AQ"}}}'),
    ("an id that is no text", json.dumps(jwk(EC384) | {"kid": 7}).encode()),
    ("members that are no texts", b'{"kty": "RSA", "n": 7, "e": [], "d": {}}'),
    ("a number to be reckoned with for hours", f'{{"kty": "RSA", "e": "AQAB", "n": "{LONG}", "d": "{LONG}"}}'.encode()),
]


@pytest.mark.parametrize("content", [one[1] for one in NO_KEYS], ids=[one[0] for one in NO_KEYS])
def test_what_is_no_such_key_is_refused_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ExportFault, match=r"--key key: .*ES384") as fault:
        read_key(file)
    assert len(content) < 20 or content[10:30].decode(errors="replace") not in str(fault.value)


BASE64 = st.text("ABQ_-w=", max_size=90)
MEMBER = st.one_of(BASE64, st.sampled_from(["P-384", "AQAB"]), st.none(), st.integers(), st.lists(BASE64, max_size=2))
LIKE_A_KEY = st.dictionaries(
    st.sampled_from(["n", "e", "d", "p", "q", "dp", "dq", "qi", "oth", "crv", "x", "y", "kid"]), MEMBER
).flatmap(lambda key: st.sampled_from([key | {"kty": kind} for kind in ("EC", "RSA", "oct", None)]))
ALTERED = st.tuples(
    st.sampled_from([jwk(EC384), jwk(RSA2048)]), st.sampled_from(["d", "n", "e", "p", "x", "kid", "kty"]), MEMBER
).map(lambda drawn: drawn[0] | {drawn[1]: drawn[2]})
ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["d", "", "EC"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["keys", "d", "kty", "a"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(ANY_JSON, ALTERED, LIKE_A_KEY, st.lists(LIKE_A_KEY, max_size=2).map(lambda keys: {"keys": keys})))
@example({"keys": ["d"]})
@example(jwk(EC384))
def test_any_json_is_a_key_or_is_refused_as_none(tmp_path: Path, written: object) -> None:
    file = tmp_path / "key"
    file.write_text(json.dumps(written))
    try:
        key = signing.read_key(file)
    except signing.KeyUnusable:
        return
    assert key.sign({"a": 1}).count(".") == 2
    assert "d" not in key.published()


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o440, False), (0o644, True), (0o602, True)])
def test_in_production_a_key_that_others_may_read_is_refused_and_elsewhere_doubted(
    tmp_path: Path, mode: int, refused: bool
) -> None:
    file = tmp_path / "key"
    file.write_bytes(pem(EC384))
    file.chmod(mode)
    assert read_key(file).algorithm == "ES384"
    assert doubt_of(file).startswith("key: others on this machine") == refused
    with pytest.raises(ExportFault, match="--key key: others on this machine") if refused else nullcontext():
        read_key(file, production=True)


def test_a_statement_is_good_for_minutes_for_one_endpoint_and_one_use(site: Site) -> None:
    site.heard.when_waiting = site.ehr.expire
    site.export()
    assert len(site.ehr.statements) >= 2
    for claims in site.ehr.statements:
        assert claims["iss"] == claims["sub"] == site.ehr.client_id
        assert claims["aud"] == f"{site.ehr.origin}/auth/token"
        assert 0 < claims["exp"] - time.time() <= 300
        assert len(claims["jti"]) >= 32
    assert site.ehr.heard.refused == []


def test_scopes_are_asked_in_the_grammar_that_the_server_knows(site: Site) -> None:
    assert scope_for(["Patient", "Condition"]) == "system/Patient.rs system/Condition.rs"
    site.ehr.ways.metadata = {"capabilities": ["permission-v1"]}
    site.export()
    (asked, *_) = [dict(one.query) for one in site.server.requests if one.path == "/auth/token"]
    assert asked["scope"] == "system/Patient.read system/Condition.read system/Observation.read"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            400,
            {"error": "invalid_client", "error_description": "SECRET"},
            r"refuses this client \(400, invalid_client\)",
        ),
        (401, {"error": "SECRET"}, r"refuses this client \(401\)"),
        (302, {}, r"refuses this client \(302\)"),
        (200, {}, "no bearer token"),
        (200, {"access_token": "a b", "token_type": "bearer"}, "no bearer token"),
        (200, {"access_token": "x\r\ny", "token_type": "bearer"}, "no bearer token"),
        (200, {"access_token": "SECRET", "token_type": "mac"}, "no bearer token"),
        (200, [], "no bearer token"),
    ],
    ids=repr,
)
def test_an_answer_that_is_no_token_is_told_without_its_texts(site: Site, status: int, body: object, said: str) -> None:
    site.server.script.add(wrong_answers.said(Answer(status, (), json.dumps(body).encode())), "/auth/token")
    with pytest.raises(ExportFault, match=said) as fault:
        site.export()
    assert "SECRET" not in str(fault.value)
    assert not [one for one in site.server.requests if "$export" in one.path]


def test_another_key_is_not_let_in(site: Site) -> None:
    site.ehr.key = signing_key("nextline-1-other", "ES384")
    with pytest.raises(ExportFault, match="invalid_client"):
        site.export()


@pytest.mark.parametrize(
    "metadata", [{"token_endpoint": None}, {"token_endpoint": 7}, {"token_endpoint": "x"}], ids=repr
)
def test_metadata_without_a_token_endpoint_ask_for_one_by_hand(site: Site, metadata: dict[str, object]) -> None:
    site.ehr.ways.metadata = metadata
    with pytest.raises(ExportFault, match=r"token.endpoint|token-url"):
        site.export()


NOW = 1_790_000_000.0  # Mon, 21 Sep 2026 14:13:20 GMT


@pytest.mark.parametrize(
    ("attempt", "asked", "seconds"),
    [
        (1, "", 1),
        (3, "", 4),
        (99, "", 60),
        (1, "7", 7),
        (9, "7", 7),
        (1, " 7 ", 7),
        (1, "0", 0.5),
        (1, "999999", 3600),
        (1, "-3", 1),
        (1, "soon", 1),
        (1, "1e3", 1),
        (1, "Mon, 21 Sep 2026 14:13:50 GMT", 30),
        (1, "Mon, 21 Sep 2020 13:33:50 GMT", 0.5),
        (1, "Mon, 99 Sep 2026", 1),
    ],
)
def test_waits_are_as_long_as_asked_within_bounds(attempt: int, asked: str, seconds: float) -> None:
    assert Patience(lambda: NOW).seconds(attempt, asked) == seconds


def test_a_wait_ends_when_another_thread_gives_up() -> None:
    patience = Patience(lambda: NOW, first=30)
    patience.give_up()
    with pytest.raises(Stopped):
        patience.wait(1)


def test_the_key_of_the_tests_is_the_one_that_is_registered(site: Site) -> None:
    assert site.ehr.key is KEY

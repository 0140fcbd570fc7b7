"""Certificates, key sets and tokens: the good ones are good to independent judges, each bad one bad in its own way."""

from __future__ import annotations

import json

import jwt
import pytest
import requests

from tests.ehr import faults, forged_claims, wrong_answers
from tests.ehr.exchange import Answer, fhir_answer
from tests.ehr.forged_claims import ACCEPTED, EITHER, FORGERIES, TOO_LARGE
from tests.ehr.forgeries import Forgery, Scene
from tests.ehr.hospital import clients
from tests.ehr.jwks_server import PATH, huge, jwks_server
from tests.ehr.listener import listening
from tests.ehr.odd_keys import OddKey, by_shared_secret, odd_keys, shared_secret_jwk
from tests.ehr.presented import Presented, bearer, send
from tests.ehr.signing_keys import signing_key
from tests.ehr.tls import BAD, Authority, Fault
from tests.ehr.token_forge import SHAPES, Shape

AUDIENCE = "https://cds.test/cds-services/next-therapy"
ALGORITHMS = ["ES384", "RS384"]


def ok(_request: object) -> Answer:
    return fhir_answer({"ok": True})


class TestCertificates:
    def test_a_good_one_is_trusted_by_who_trusts_the_authority(self, authority: Authority) -> None:
        with listening(ok, tls=authority.context("127.0.0.1", "ehr.test")) as server:
            assert requests.get(server.url, verify=str(authority.bundle), timeout=5).json() == {"ok": True}
            assert server.requests[0].scheme == "https"

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ("self-signed", "self.signed"),
            ("other-authority", "verify failed"),
            ("wrong-name", "mismatch|not valid for"),
            ("expired", "expired"),
            ("not-yet-valid", "not yet valid"),
        ],
    )
    def test_a_bad_one_is_refused_before_a_request_is_sent(
        self, authority: Authority, fault: Fault, reason: str
    ) -> None:
        with listening(ok, tls=authority.context("127.0.0.1", fault=fault)) as server:
            with pytest.raises(requests.exceptions.SSLError, match=f"(?i){reason}"):
                requests.get(server.url, verify=str(authority.bundle), timeout=5)
            assert server.requests == []
            assert server.connections == 1

    def test_every_bad_kind_is_tried(self) -> None:
        assert set(BAD) == {"self-signed", "other-authority", "wrong-name", "expired", "not-yet-valid"}

    def test_faults_work_behind_tls(self, authority: Authority) -> None:
        with listening(ok, tls=authority.context("127.0.0.1")) as server:
            server.script.sequence("", faults.hang(), faults.reset_mid_body(), wrong_answers.status(503))
            verify = str(authority.bundle)
            with pytest.raises(requests.ReadTimeout):
                requests.get(server.url, verify=verify, timeout=0.3)
            with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
                requests.get(server.url, verify=verify, timeout=2)
            assert requests.get(server.url, verify=verify, timeout=2).status_code == 503


class TestKeySets:
    def test_it_serves_counts_and_rotates(self) -> None:
        first, second = signing_key("ehr-1"), signing_key("ehr-9")
        with jwks_server(first.public_jwk()) as server:
            assert jwt.PyJWKSet.from_dict(requests.get(server.url(), timeout=5).json())["ehr-1"].key_type == "EC"
            server.publish(second.public_jwk())
            assert [key["kid"] for key in requests.get(server.url(), timeout=5).json()["keys"]] == ["ehr-9"]
            assert server.fetches() == 2

    def test_it_can_be_slow_huge_and_broken(self) -> None:
        with jwks_server(huge(700_000)) as server:
            assert len(requests.get(server.url(), timeout=5).content) > 700_000
            server.listener.script.sequence(PATH, faults.hang(), faults.truncated(), wrong_answers.login_page())
            with pytest.raises(requests.ReadTimeout):
                requests.get(server.url(), timeout=0.2)
            with pytest.raises(requests.JSONDecodeError):
                requests.get(server.url(), timeout=2).json()
            assert requests.get(server.url(), timeout=2).headers["Content-Type"].startswith("text/html")

    def test_no_private_half_is_published(self) -> None:
        client, other = clients()
        published = [*client.jwk_set(), *other.jwk_set(), *(odd.jwk for odd in odd_keys())]
        assert [jwk["kid"] for jwk in published if {"d", "p", "q", "dp", "dq", "qi"} & set(jwk)] == []


@pytest.fixture(scope="module")
def scene() -> Scene:
    client, other = clients()
    return Scene(client, AUDIENCE, other)


def accepted(scene: Scene, presented: Presented) -> bool:
    """What a careful judge says: one header, the client's own key, and every rule PyJWT knows."""
    values = [value for key, value in presented.headers if key == "Authorization"]
    if len(values) != 1 or values[0].split(" ", 1)[0] != "Bearer":
        return False
    token = values[0].removeprefix("Bearer ")
    try:
        header = jwt.get_unverified_header(token)
        keys = {jwk["kid"]: jwk for jwk in scene.client.jwk_set()}
        key = jwt.PyJWK(keys[header["kid"]])
        jwt.decode(
            token,
            key,
            algorithms=[keys[header["kid"]]["alg"]],
            audience=scene.audience,
            issuer=scene.client.issuer,
            leeway=60,
            options={"require": ["exp", "iat", "jti", "iss", "aud"]},
        )
    except (jwt.PyJWTError, LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


class TestValidTokens:
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
    def test_every_vendor_shape_is_accepted_by_pyjwt(self, scene: Scene, shape: Shape) -> None:
        token = scene.client.token(AUDIENCE, shape)
        assert accepted(scene, bearer(token))
        assert jwt.get_unverified_header(token)["alg"] == shape.algorithm

    def test_no_two_tokens_have_one_jti(self, scene: Scene) -> None:
        tokens = [scene.client.token(AUDIENCE) for _ in range(100)]
        names = {jwt.decode(token, options={"verify_signature": False})["jti"] for token in tokens}
        assert len(names) == 100

    @pytest.mark.parametrize("forgery", ACCEPTED, ids=str)
    def test_what_only_looks_odd_is_accepted(self, scene: Scene, forgery: Forgery) -> None:
        assert accepted(scene, forgery.make(scene))


# Rightly signed tokens that PyJWT lets pass: each needs a check of its own in a service.
BEYOND_PYJWT = {
    *("rightly signed but with his jku", "jku with our host as user", "jku with a port added", "jku as a number"),
    *("jku by http", "jku as a file", "type at+jwt", "type missing"),
    *("exp as text", "exp a year ahead", "lives longer than an hour", "old iat and a long life"),
    *("nbf as text", "iat as text", "iat as true", "exp 1e300", "jti empty"),
    *("tenant unknown", "tenant as a number", "tenant as a list"),
}


class TestForgeries:
    @pytest.mark.parametrize("forgery", FORGERIES, ids=str)
    def test_it_is_no_valid_call(self, scene: Scene, forgery: Forgery) -> None:
        assert accepted(scene, forgery.make(scene)) == (forgery.name in BEYOND_PYJWT)

    def test_names_are_unique_and_every_row_of_the_table_has_some(self) -> None:
        names = [one.name for one in (*FORGERIES, *ACCEPTED, *EITHER, *TOO_LARGE)]
        assert sorted(set(names)) == sorted(names)
        rows = ("01", "02", "04", "06", "08", "11", "13", "16", "18", "22", "24", "29", "31", "33", "35", "37", "43")
        assert [row for row in rows if not forged_claims.of_case(f"JWT-{row}")] == []
        assert set(names) >= BEYOND_PYJWT

    @pytest.mark.parametrize("forgery", FORGERIES, ids=str)
    def test_it_fits_into_the_headers_a_server_takes(self, scene: Scene, forgery: Forgery) -> None:
        assert max((len(value) for _, value in forgery.make(scene).headers), default=0) < 8_000

    @pytest.mark.parametrize("forgery", TOO_LARGE, ids=str)
    def test_it_does_not_fit(self, scene: Scene, forgery: Forgery) -> None:
        assert len(forgery.make(scene).headers[0][1]) > 100_000

    @pytest.mark.parametrize("odd", odd_keys(), ids=str)
    def test_a_token_of_an_odd_key_has_the_claims_right(self, scene: Scene, odd: OddKey) -> None:
        token = odd.present(scene).headers[0][1].removeprefix("Bearer ")
        assert jwt.decode(token, options={"verify_signature": False})["aud"] == AUDIENCE
        assert odd.jwk["kid"] == jwt.get_unverified_header(token)["kid"]

    def test_a_published_secret_verifies_with_that_secret(self, scene: Scene) -> None:
        token = by_shared_secret(scene).headers[0][1].removeprefix("Bearer ")
        key = jwt.PyJWK(shared_secret_jwk())
        assert jwt.decode(token, key, algorithms=["HS384"], audience=AUDIENCE)["iss"] == scene.client.issuer


class TestPresentation:
    @pytest.mark.parametrize(
        ("presented", "headers", "query"),
        [
            (Presented((("Authorization", "a"), ("Authorization", "b"))), ["a", "b"], []),
            (Presented(query="access_token=x"), [], [("access_token", "x")]),
            (Presented(), [], []),
        ],
        ids=["two headers", "query", "nothing"],
    )
    def test_it_arrives_as_it_was_meant(
        self, presented: Presented, headers: list[str], query: list[tuple[str, str]]
    ) -> None:
        with listening(ok) as server:
            answer = send(f"{server.url}/cds-services/x", presented, b"{}")
            assert (answer.status, json.loads(answer.body)) == (200, {"ok": True})
            seen = server.requests[0]
        assert (seen.headers_of("authorization"), seen.query, seen.body) == (headers, query, b"{}")


def test_the_judge_refuses_a_token_for_another_audience(scene: Scene) -> None:
    assert not accepted(scene, bearer(scene.client.token("https://cds.test/cds-services/other")))

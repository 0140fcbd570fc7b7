"""The app proves itself with a key (SMART App Launch 2.2, asymmetric): the record system checks every signature."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from cds_service.errors import ConfigurationFault
from cds_service.smart.launching import SmartApp
from cds_service.trust.issuers import load
from cds_service.trust.smart_registration import doubts_of
from tests.ehr.signing_keys import SigningKey, signing_key
from tests.ehr.smart_server import App
from tests.ehr.statements import KIND
from tests.smart.test_smart_application import REDIRECT, Desk, desk, refused, store, written
from tests.smart.ward import CLIENT_ID, Ward, ward

__all__ = ("desk", "store")

KEY, RSA = signing_key("app-1", "ES384"), signing_key("app-2", "RS384")
MEMBERS = ("private_key_file", "client_secret_file")
TABLE = ('private_key_file = "app.pem"', 'key_id = "app-1"')


def pem(key: SigningKey) -> bytes:
    return key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signing(desk: Desk, key: SigningKey = KEY, *, known: SigningKey = KEY, key_id: str = "") -> SmartApp:
    """An app with a key. The record system knows the public half of `known`."""
    desk.ehr.apps[CLIENT_ID] = App(CLIENT_ID, (REDIRECT,), key=known)
    (desk.folder / "app.pem").write_bytes(pem(key))
    (desk.folder / "app.pem").chmod(0o600)
    return desk.app('private_key_file = "app.pem"', f'key_id = "{key_id or key.kid}"')


def now() -> int:
    """A statement is checked against the clock of the day."""
    return int(time.time())


def opened(desk: Desk, app: SmartApp) -> str:
    begun = desk.begun(app, now())
    return desk.opened(app, now(), begun).visit.patient


class TestTheExchange:
    @pytest.mark.parametrize("key", [KEY, RSA], ids=["ES384", "RS384"])
    def test_a_signed_statement_takes_the_place_of_a_secret(self, desk: Desk, key: SigningKey) -> None:
        assert opened(desk, signing(desk, key, known=key)) == "pat-a"
        (form,) = desk.ehr.exchanges
        assert form["client_assertion_type"] == KIND
        # SMART App Launch 2.1.8: a confidential app does not name itself besides.
        assert "client_id" not in form
        (request,) = [one for one in desk.listener.requests if one.path.endswith("/token")]
        assert request.header("authorization") is None

    def test_it_names_the_token_endpoint_and_is_good_for_minutes_and_for_one_use(self, desk: Desk) -> None:
        app = signing(desk)
        for _ in range(2):
            opened(desk, app)
        first, second = desk.ehr.statements.accepted
        assert first["iss"] == first["sub"] == CLIENT_ID
        assert first["aud"] == f"{desk.ehr.origin}/auth/token"
        assert 0 < first["exp"] - first["iat"] <= 300
        assert first["jti"] != second["jti"]

    @pytest.mark.parametrize(
        ("key", "key_id", "why"),
        [
            (signing_key("app-1", "RS384"), "", "InvalidAlgorithmError"),
            (signing_key("another", "ES384"), "app-1", "InvalidSignatureError"),
            (KEY, "unknown", "key id or type"),
        ],
        ids=["another kind", "another key", "another id"],
    )
    def test_a_key_that_is_not_the_registered_one_opens_nothing(
        self, desk: Desk, key: SigningKey, key_id: str, why: str
    ) -> None:
        app = signing(desk, key, key_id=key_id)
        assert refused(lambda: opened(desk, app)) == "exchange_refused"
        assert desk.ehr.statements.refused == [why]

    def test_an_app_that_is_registered_with_a_key_opens_nothing_without_it(self, desk: Desk) -> None:
        signing(desk)
        assert refused(lambda: opened(desk, desk.app())) == "exchange_refused"

    def test_the_private_key_is_in_no_repr(self, desk: Desk) -> None:
        signing(desk)
        issuers = load(desk.folder / "clients.toml", local_http=True)
        assert "key" not in repr(issuers).replace("key_set", "")


FAULTS = [
    ('private_key_file = "none.pem"', "private_key_file: none.pem: cannot be read (FileNotFoundError)"),
    ('private_key_file = "broken.pem"', "private_key_file: broken.pem: is no private key in PEM or JWK"),
    ('private_key_file = "weak.pem"', "private_key_file: weak.pem: wanted is an EC key on P-384 (ES384) or an RSA key"),
    ('private_key_file = "app.pem"\nclient_secret_file = "app.pem"', "private_key_file and client_secret_file: one"),
    ('private_key_file = "app.pem"\nkey_id = "a b"', "key_id belongs to a private_key_file, and is a plain text"),
    ('key_id = "1"', "key_id belongs to a private_key_file, and is a plain text"),
    ("private_key_file = 7", "private_key_file must be a text"),
]


@pytest.mark.parametrize(("table", "said"), FAULTS, ids=[row[1][:40] for row in FAULTS])
def test_a_key_that_cannot_be_used_keeps_the_service_from_starting(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "app.pem").write_bytes(pem(KEY))
    (tmp_path / "broken.pem").write_text("s3cret")
    (tmp_path / "weak.pem").write_bytes(pem(signing_key("weak", "ES256")))
    with pytest.raises(ConfigurationFault) as fault:
        load(written(tmp_path, f'[client.smart]\nclient_id = "x"\n{table}\n'))
    assert f"smart: {said}" in str(fault.value)
    assert "s3cret" not in str(fault.value)


OPEN_TO_OTHERS = "others on this machine may read or change it"


class TestWhoMayReadIt:
    @pytest.fixture
    def clients(self, tmp_path: Path, member: str, mode: int) -> Path:
        content = pem(KEY) if member == "private_key_file" else b"s3cret"
        (tmp_path / "of-the-app").write_bytes(content)
        (tmp_path / "of-the-app").chmod(mode)
        return written(tmp_path, f'[client.smart]\nclient_id = "x"\n{member} = "of-the-app"\n')

    @pytest.mark.parametrize("member", MEMBERS)
    @pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o666])
    def test_what_others_may_read_or_change_keeps_the_service_from_starting(self, clients: Path, member: str) -> None:
        with pytest.raises(ConfigurationFault) as fault:
            load(clients)
        assert [f"smart: {member}: of-the-app: {OPEN_TO_OTHERS}" in said for said in fault.value.faults] == [True]

    @pytest.mark.parametrize("member", MEMBERS)
    @pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o660])
    def test_its_user_and_a_group_may_read_it(self, clients: Path) -> None:
        (issuer,) = load(clients).values()
        assert doubts_of(issuer.smart) == ()

    @pytest.mark.parametrize("member", MEMBERS)
    @pytest.mark.parametrize("mode", [0o644])
    def test_in_development_it_is_said_once_for_all_servers(self, clients: Path, member: str) -> None:
        (issuer,) = load(clients, local_http=True).values()
        assert len(issuer.smart) == 2
        (said,) = doubts_of(issuer.smart)
        assert said.startswith(f"smart: {member}: of-the-app: {OPEN_TO_OTHERS}")

    @pytest.mark.parametrize(("mode", "refused"), [(0o440, False), (0o444, True)])
    def test_a_mounted_secret_counts_by_what_its_name_leads_to(self, tmp_path: Path, mode: int, refused: bool) -> None:
        mounted = tmp_path / "..data"
        mounted.mkdir()
        (mounted / "app.pem").write_bytes(pem(KEY))
        (mounted / "app.pem").chmod(mode)
        (tmp_path / "app.pem").symlink_to("..data/app.pem")
        assert bool(faults_in(tmp_path)) == refused


def faults_in(folder: Path) -> list[str]:
    try:
        load(written(folder, f'[client.smart]\nclient_id = "x"\nprivate_key_file = "{folder / "app.pem"}"\n'))
    except ConfigurationFault as fault:
        return list(fault.faults)
    return []


@pytest.fixture(scope="module")
def signed_ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("signed")
    (folder / "app.pem").write_bytes(pem(KEY))
    with ward(folder, *TABLE) as made:
        yield made


class TestOverHttp:
    def test_the_course_opens_with_the_key_that_the_service_publishes(self, signed_ward: Ward) -> None:
        person = signed_ward.person()
        (told,) = person.get("/.well-known/jwks.json").json()["keys"]
        assert told == KEY.public_jwk()
        signed_ward.ehr.apps[CLIENT_ID] = App(CLIENT_ID, (f"{signed_ward.service.url}/callback",), key=KEY)
        assert person.opened(signed_ward.launch_address()).status_code == 200
        assert len(signed_ward.ehr.statements.accepted) == 1

    def test_an_app_without_a_key_publishes_none(self, here: Ward) -> None:
        assert here.person().get("/.well-known/jwks.json").status_code == 404

    def test_no_part_of_the_key_or_of_a_statement_is_logged(self, signed_ward: Ward) -> None:
        signed_ward.person().opened(signed_ward.launch_address())
        signature = signed_ward.ehr.exchanges[-1]["client_assertion"].split(".")[2]
        log = signed_ward.service.log_text()
        assert "smart_course" in log
        assert signature not in log
        assert "PRIVATE" not in log

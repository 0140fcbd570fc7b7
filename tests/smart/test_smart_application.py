"""The app without HTTP: moments, metadata and registrations, against a record system on a real socket."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cds_service.errors import ConfigurationFault
from cds_service.outbound.client import Outbound
from cds_service.smart.exchange import grant_of
from cds_service.smart.launching import Begun, Opened, SmartApp
from cds_service.smart.refusal import WORDS, LaunchRefused
from cds_service.smart.visit import Visit, key_of
from cds_service.store.schema import upgrade
from cds_service.store.sealing import Sealing
from cds_service.store.sessions import Sessions
from cds_service.store.store import Store
from cds_service.trust.issuers import load
from tests.ehr import faults, wrong_answers
from tests.ehr.listener import Listener, listening
from tests.ehr.r5_twin import Twin
from tests.ehr.smart_server import AUTHORIZE, TOKEN, WELL_KNOWN, App, SmartEhr
from tests.smart.ward import CLIENT_ID, clients_file, parameters

NOW = 1_800_000_000
REDIRECT = "http://127.0.0.1:1/callback"


@dataclass(slots=True)
class Desk:
    """The app and the record system."""

    ehr: SmartEhr
    listener: Listener
    store: Store
    folder: Path

    def app(self, *further: str) -> SmartApp:
        """An app that has asked nobody anything yet."""
        issuers = load(clients_file(self.folder, self.ehr, *further), local_http=True)
        registrations = [one for issuer in issuers.values() for one in issuer.smart]
        outbound, kept = Outbound(loopback=True), Sessions(self.store)
        return SmartApp(registrations, outbound, kept, redirect=REDIRECT, kinds=("Patient",), local_http=True)

    def begun(self, app: SmartApp, now: int = NOW) -> Begun:
        return app.begin(asked(iss=self.ehr.base, launch=self.ehr.launch_of("pat-a")), now)

    def opened(self, app: SmartApp, at: int = NOW, begun: Begun | None = None) -> Opened:
        begun = begun or self.begun(app)
        back = parameters(self.ehr.authorize(parameters(begun.location)).header("Location") or "")
        return app.complete(asked(**back), {begun.handle: begun.cookie}.get, at)


def asked(**values: str) -> _Asked:
    return _Asked(values)


class _Asked:
    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __call__(self, name: str) -> Sequence[str]:
        return [self._values[name]] if name in self._values else []


def refused(call: object) -> str:
    """Why the call is refused."""
    with pytest.raises(LaunchRefused) as caught:
        call()  # type: ignore[operator]
    return caught.value.reason


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    url = f"sqlite:///{folder / 'visits.sqlite3'}"
    upgrade(url)
    made = Store(url, Sealing([b"k" * 32]), folder / "spool")
    yield made
    made.close()


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator[Desk]:
    ehr = SmartEhr(Twin())
    with listening(ehr.answer) as listener:
        ehr.origin = listener.url
        ehr.apps[CLIENT_ID] = App(CLIENT_ID, (REDIRECT,))
        yield Desk(ehr, listener, store, tmp_path)


class TestMoments:
    @pytest.mark.parametrize(("later", "works"), [(0, True), (600, True), (601, False), (-1, False)])
    def test_a_sign_in_takes_ten_minutes_at_most(self, desk: Desk, later: int, works: bool) -> None:
        app = desk.app()
        if works:
            assert desk.opened(app, NOW + later).visit.patient == "pat-a"
        else:
            assert refused(lambda: desk.opened(app, NOW + later)) == "not_begun_here"
            assert desk.ehr.exchanges == []

    @pytest.mark.parametrize(
        ("life", "looks", "last", "open_"),
        [
            (3600, (), 899, True),
            (3600, (), 900, False),
            (3600, (800, 1600), 1799, True),
            (3600, (800, 1600), 1800, False),
            (120, (), 119, True),
            (120, (), 120, False),
        ],
    )
    def test_a_visit_ends_idle_after_a_quarter_of_an_hour_after_half_an_hour_and_with_its_token(
        self, desk: Desk, life: int, looks: tuple[int, ...], last: int, open_: bool
    ) -> None:
        desk.ehr.seconds = life
        app = desk.app()
        opened = desk.opened(app)
        for moment in looks:
            app.resume(opened.secret, NOW + moment)
        if open_:
            assert app.resume(opened.secret, NOW + last) == opened.visit
        else:
            assert refused(lambda: app.resume(opened.secret, NOW + last)) == "closed"

    def test_a_record_system_that_was_taken_out_of_the_clients_file_ends_its_visits(self, desk: Desk) -> None:
        opened = desk.opened(desk.app())
        other = SmartApp((), Outbound(loopback=True), Sessions(desk.store), redirect=REDIRECT, kinds=())
        assert refused(lambda: other.resume(opened.secret, NOW)) == "server_unknown"

    def test_a_visit_kept_by_another_release_is_over(self, desk: Desk) -> None:
        Sessions(desk.store).begin(key_of("s"), b'{"another": "layout"}', NOW + 9, NOW + 9, NOW)
        assert refused(lambda: desk.app().resume("s", NOW)) == "closed"
        assert Visit.of(b"{}") is None


class TestMetadata:
    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            ({"token_endpoint": "https://evil.test/token"}, "endpoints_refused"),
            ({"token_endpoint": "http://127.0.0.1:1/token"}, "endpoints_refused"),
            ({"token_endpoint": None}, "endpoints_refused"),
            ({"token_endpoint": {"a": 1}}, "endpoints_refused"),
            ({"authorization_endpoint": "https://evil.test/authorize"}, "endpoints_refused"),
            ({"authorization_endpoint": "javascript:alert(1)"}, "endpoints_refused"),
            ({"authorization_endpoint": None}, "endpoints_refused"),
            ({"code_challenge_methods_supported": ["plain"]}, "no_pkce"),
            ({"code_challenge_methods_supported": "S256"}, "no_pkce"),
        ],
    )
    def test_a_launch_stops_at(self, desk: Desk, told: dict[str, object], reason: str) -> None:
        desk.ehr.faults.metadata = told
        assert refused(lambda: desk.begun(desk.app())) == reason
        assert desk.ehr.exchanges == []

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (wrong_answers.status(404), "metadata_failed"),
            (wrong_answers.status(500), "metadata_failed"),
            (faults.hang(), "metadata_slow"),
            (faults.reset_mid_body(), "metadata_failed"),
            (wrong_answers.redirect("https://evil.test/"), "metadata_failed"),
        ],
        ids=["404", "500", "hang", "reset", "redirect"],
    )
    def test_a_launch_stops_when_they_cannot_be_had(self, desk: Desk, fault: object, reason: str) -> None:
        desk.listener.script.add(fault, "smart-configuration")  # type: ignore[arg-type]
        assert refused(lambda: desk.begun(desk.app())) == reason

    def test_they_are_asked_for_once_in_a_while_whether_they_came_or_not(self, desk: Desk) -> None:
        app = desk.app()
        for _ in range(3):
            desk.begun(app)
        assert [one.path for one in desk.listener.requests] == [WELL_KNOWN]
        desk.listener.requests.clear()
        desk.listener.script.add(wrong_answers.status(404), "smart-configuration")
        another = desk.app()
        for _ in range(3):
            refused(lambda: desk.begun(another))
        assert [one.path for one in desk.listener.requests] == [WELL_KNOWN]

    def test_a_registered_place_to_sign_in_on_another_origin_is_used(self, desk: Desk) -> None:
        desk.ehr.faults.metadata = {"authorization_endpoint": "https://login.ehr.test/authorize?tenant=7"}
        begun = desk.begun(desk.app('authorization_servers = ["https://login.ehr.test"]'))
        assert begun.location.startswith("https://login.ehr.test/authorize?tenant=7&response_type=code&")

    def test_a_server_that_knows_the_first_grammar_only_is_asked_in_it(self, desk: Desk) -> None:
        desk.ehr.faults.metadata = {"capabilities": ["permission-v1"]}
        assert parameters(desk.begun(desk.app()).location)["scope"] == "launch openid fhirUser patient/Patient.read"

    def test_registered_scopes_and_redirect_take_the_place_of_the_usual_ones(self, desk: Desk) -> None:
        app = desk.app('scopes = ["fhirUser", "patient/*.rs"]', 'redirect = "https://cds.test/back"')
        told = parameters(desk.begun(app).location)
        assert (told["scope"], told["redirect_uri"]) == ("launch fhirUser patient/*.rs", "https://cds.test/back")

    def test_a_name_that_was_promised_with_every_answer_and_does_not_come_ends_it(self, desk: Desk) -> None:
        desk.ehr.faults.metadata = {"authorization_response_iss_parameter_supported": True}
        assert refused(lambda: desk.opened(desk.app())) == "issuer_mixed"
        desk.ehr.faults.answers_as = desk.ehr.base
        assert desk.opened(desk.app()).visit.patient == "pat-a"


class TestTheExchange:
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (faults.hang(), "exchange_slow"),
            (wrong_answers.status(500), "exchange_failed"),
            (wrong_answers.status(401), "exchange_refused"),
            (faults.reset_at_once(), "exchange_failed"),
            (wrong_answers.redirect("https://evil.test/"), "exchange_failed"),
        ],
        ids=["hang", "500", "401", "reset", "redirect"],
    )
    def test_a_token_endpoint_that_fails_is_asked_once(self, desk: Desk, fault: object, reason: str) -> None:
        app = desk.app()
        begun = desk.begun(app)
        desk.listener.script.add(fault, TOKEN)  # type: ignore[arg-type]
        assert refused(lambda: desk.opened(app, begun=begun)) == reason
        assert len([one for one in desk.listener.requests if one.path == TOKEN]) == 1

    def test_the_browser_goes_to_sign_in_and_the_verifier_only_to_the_token_endpoint(self, desk: Desk) -> None:
        app = desk.app()
        begun = desk.begun(app)
        desk.opened(app, begun=begun)
        assert begun.location.startswith(desk.ehr.origin + AUTHORIZE)
        (form,) = desk.ehr.exchanges
        assert form["client_id"] == CLIENT_ID
        assert form["code_verifier"] not in begun.location + begun.cookie
        told = parameters(begun.location)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert told["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def test_a_confidential_app_proves_itself_by_its_secret(self, desk: Desk) -> None:
        desk.ehr.apps[CLIENT_ID] = App(CLIENT_ID, (REDIRECT,), "s3cret")
        (desk.folder / "app.secret").write_text("s3cret\n")
        assert desk.opened(desk.app('client_secret_file = "app.secret"')).visit.patient == "pat-a"
        (desk.folder / "app.secret").write_text("another\n")
        assert refused(lambda: desk.opened(desk.app('client_secret_file = "app.secret"'))) == "exchange_refused"

    @pytest.mark.parametrize(
        ("user", "known"),
        [
            ("https://ehr.test/fhir/Practitioner/7", "Practitioner/7"),
            ("Patient/p.1", "Patient/p.1"),
            ("https://ehr.test/fhir/Practitioner/7?x=1", "Practitioner/7"),
            ("https://[", ""),
            ("nobody", ""),
            ("Practitioner/a b", ""),
            ("", ""),
        ],
    )
    def test_who_signed_in_is_read_from_the_id_token(self, desk: Desk, user: str, known: str) -> None:
        claims = base64.urlsafe_b64encode(json.dumps({"fhirUser": user}).encode()).decode().rstrip("=")
        told = {"access_token": "t", "token_type": "Bearer", "scope": "launch", "patient": "p"}
        assert grant_of(told | {"id_token": f"e30.{claims}.x"}).user == known


FAULTS_OF_A_TABLE = [
    ('client_id = ""', "client_id must be a text"),
    ('client_id = "a b"', "client_id is missing, or no plain text"),
    ("scopes = []", "client_id is missing"),
    ('client_id = "x"\nscope = "launch"', "scope is not known"),
    ('client_id = "x"\nscopes = "launch"', "scopes must be a list of texts"),
    ('client_id = "x"\nscopes = ["launch openid"]', "scopes has a word that is no scope"),
    ('client_id = "x"\nframes = ["https://ehr.test/desk"]', "frames: a path where an origin belongs"),
    ('client_id = "x"\nframes = ["https://*.ehr.test"]', "frames: not a host name"),
    ('client_id = "x"\nredirect = "http://cds.test/callback"', "redirect: not https"),
    ('client_id = "x"\nauthorization_servers = ["ftp://ehr.test"]', "authorization_servers: neither https"),
    ('client_id = "x"\nclient_secret_file = "none"', "client_secret_file: none cannot be read"),
    ('client_id = "x"\nfhir_server = "https://other.test/fhir"', "fhir_server is not among the fhir_servers"),
    (
        'client_id = "x"\n[[client]]\nissuer = "https://b.test"\nfhir_servers = ["https://ehr.test/fhir/"]\n'
        '[client.smart]\nclient_id = "y"',
        "a FHIR server is that of two clients",
    ),
    (
        'client_id = "x"\n[[client]]\nissuer = "https://b.test"\n[client.smart]\nclient_id = "y"',
        "the client has no fhir_servers to launch from",
    ),
]


class TestTheClientsFile:
    @pytest.mark.parametrize(("table", "said"), FAULTS_OF_A_TABLE, ids=[row[1] for row in FAULTS_OF_A_TABLE])
    def test_a_table_with_a_fault_keeps_the_service_from_starting(self, tmp_path: Path, table: str, said: str) -> None:
        with pytest.raises(ConfigurationFault, match=f"smart: {said}"):
            load(written(tmp_path, f"[client.smart]\n{table}\n"))

    def test_an_app_is_at_every_server_of_its_client_and_framed_by_them(self, tmp_path: Path) -> None:
        (issuer,) = load(written(tmp_path, '[client.smart]\nclient_id = "x"\n')).values()
        assert [(one.address, one.frames) for one in issuer.smart] == [
            ("https://ehr.test/fhir", ("https://ehr.test",)),
            ("https://two.test/r4/", ("https://two.test",)),
        ]

    def test_servers_may_know_the_app_by_different_names(self, tmp_path: Path) -> None:
        tables = [
            f'[[client.smart]]\nclient_id = "{name}"\nfhir_server = "{server}"\n'
            for name, server in (("one", "https://ehr.test/fhir"), ("two", "https://two.test/r4/"))
        ]
        (issuer,) = load(written(tmp_path, "".join(tables))).values()
        assert {one.address: one.client_id for one in issuer.smart} == {
            "https://ehr.test/fhir": "one",
            "https://two.test/r4/": "two",
        }

    @pytest.mark.parametrize("second", ["", 'fhir_server = "https://ehr.test/fhir"\n'])
    def test_two_tables_without_a_server_of_their_own_are_refused(self, tmp_path: Path, second: str) -> None:
        first = '[[client.smart]]\nclient_id = "x"\nfhir_server = "https://ehr.test/fhir"\n'
        with pytest.raises(ConfigurationFault, match="several tables each need"):
            load(written(tmp_path, f'{first}[[client.smart]]\nclient_id = "y"\n{second}'))

    def test_the_secret_is_in_no_repr(self, tmp_path: Path) -> None:
        (tmp_path / "app.secret").write_text("s3cret")
        (tmp_path / "app.secret").chmod(0o600)
        (issuer,) = load(
            written(tmp_path, '[client.smart]\nclient_id = "x"\nclient_secret_file = "app.secret"\n')
        ).values()
        assert issuer.smart[0].secret == "s3cret"
        assert "s3cret" not in repr(issuer)


def written(folder: Path, tables: str) -> Path:
    """A clients file with one client at two servers."""
    file = folder / "clients.toml"
    servers = 'fhir_servers = ["https://ehr.test/fhir", "https://two.test/r4/"]'
    file.write_text(f'[[client]]\nissuer = "https://ehr.test"\n{servers}\n{tables}')
    return file


def test_every_reason_has_words_that_fit_a_page() -> None:
    for words in WORDS.values():
        assert 400 <= words.status < 600
        assert len(words.heading) < 80
        assert words.text.endswith(".")

"""Pages that refuse: what a sick record system, a database that is away, or shadow mode makes of a launch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import create_engine, text
from werkzeug.test import Client, TestResponse

from cds_service.app import create_app
from cds_service.errors import ConfigurationFault
from cds_service.settings import Settings
from cds_service.store.schema import upgrade
from tests.attack.charts import NAME, PATIENT, membranous
from tests.attack.field import settings_of
from tests.ehr import faults, wrong_answers
from tests.ehr.listener import Listener, listening
from tests.ehr.script import Fault
from tests.ehr.smart_server import App, SmartEhr
from tests.smart.ward import CLIENT_ID, charts, clients_file, parameters

BASE = "http://127.0.0.1:8080"


@dataclass(slots=True)
class Site:
    """The app in this process, and the record system on a socket."""

    ehr: SmartEhr
    listener: Listener
    folder: Path

    def client(self, change: str = "", **settings: object) -> Client:
        """A browser before a service with these settings. `change` is put into the client's table."""
        file = clients_file(self.folder, self.ehr)
        file.write_text(file.read_text().replace("[client.smart]", f"{change}\n[client.smart]"))
        given = {"clients_file": file, "database_url": self.database} | settings
        return Client(create_app(Settings(**given)))  # type: ignore[arg-type]

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'site.sqlite3'}"

    def opened(self, client: Client) -> TestResponse:
        """The page that a launch ends with."""
        told = urlencode({"iss": self.ehr.base, "launch": self.ehr.launch_of(PATIENT)})
        begun = client.get(f"/launch?{told}")
        assert begun.status_code == 303, begun.text
        granted = self.ehr.authorize(parameters(begun.headers["Location"]))
        back = client.get((granted.header("Location") or "").removeprefix(BASE))
        return client.get(back.headers["Location"]) if back.status_code == 303 else back


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    ehr = SmartEhr(charts())
    with listening(ehr.answer) as listener:
        ehr.origin = listener.url
        ehr.apps[CLIENT_ID] = App(CLIENT_ID, (f"{BASE}/callback",))
        yield Site(ehr, listener, tmp_path)


def said(page: TestResponse) -> tuple[int, str]:
    """Status and heading of a note, which is a page of its own kind and shows nobody."""
    assert page.content_type == "text/html; charset=utf-8"
    assert NAME not in page.text
    return page.status_code, page.text.partition("<h1")[2].partition(">")[2].partition("</h1>")[0]


@pytest.mark.parametrize("path", ["/launch", "/callback", "/app"])
def test_a_head_begins_and_uses_up_nothing(site: Site, path: str) -> None:
    assert site.client().head(path).status_code == 405


def test_with_the_record_system_in_order_it_shows_the_course(site: Site) -> None:
    shown = site.opened(site.client())
    assert shown.status_code == 200
    assert NAME in shown.text


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        (wrong_answers.status(500), "/Condition"),
        (wrong_answers.outcome_with_200(), "/Condition"),
        (wrong_answers.login_page(), "/Observation"),
        (faults.reset_at_once(), "/MedicationStatement"),
        (wrong_answers.status(404), "/Patient/"),
    ],
    ids=["500", "outcome", "log-in page", "reset", "no patient"],
)
def test_a_required_part_that_cannot_be_had_is_said_and_nothing_is_shown(site: Site, fault: Fault, path: str) -> None:
    site.listener.script.add(fault, path)
    assert said(site.opened(site.client())) == (502, "The record cannot be read in full")


def test_a_part_that_is_not_required_is_named_as_not_checked(site: Site) -> None:
    site.listener.script.add(wrong_answers.status(500), "/AllergyIntolerance")
    shown = site.opened(site.client())
    assert shown.status_code == 200
    assert "Not sent by the record system:</strong> allergies" in shown.text


def test_a_patient_whose_pages_do_not_end_in_time_is_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.app.COURSE_SECONDS", 0.5)
    site.listener.script.add(faults.hang(), "/Condition")
    page = site.opened(site.client(call_back_seconds=0.5))
    assert said(page) == (504, "The record system does not answer in time")


def test_a_client_in_shadow_mode_is_shown_nothing_and_not_read(site: Site) -> None:
    page = site.opened(site.client('mode = "shadow"'))
    assert said(page) == (403, "Not shown here yet")
    assert not site.listener.asked_for("Condition")


@pytest.mark.parametrize("table", ["sessions", "used_tokens"])
def test_without_its_database_it_says_not_now(site: Site, table: str) -> None:
    client = site.client()
    engine = create_engine(site.database)
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()
    page = site.opened(client)
    assert said(page) == (503, "Not now")
    assert int(page.headers["Retry-After"]) >= 1


def test_a_path_of_the_public_address_stands_before_every_address_of_the_app(site: Site) -> None:
    site.ehr.apps[CLIENT_ID] = App(CLIENT_ID, ("http://127.0.0.1/base/callback",))
    client = site.client(public_base_url="http://127.0.0.1/base")
    begun = client.get(f"/launch?{urlencode({'iss': site.ehr.base, 'launch': site.ehr.launch_of(PATIENT)})}")
    granted = site.ehr.authorize(parameters(begun.headers["Location"]))
    back = client.get((granted.header("Location") or "").removeprefix("http://127.0.0.1"))
    assert back.headers["Location"].startswith("/base/app?visit=")
    shown = client.get(back.headers["Location"])
    assert 'action="/base/logout"' in shown.text
    assert 'href="/base/assets/course.css"' in shown.text


@pytest.mark.parametrize(("wanted", "types"), [(None, ["absolute", "smart"]), (False, ["absolute"])])
def test_cards_lead_to_the_app_where_a_client_has_it_unless_told_otherwise(
    site: Site, wanted: bool | None, types: list[str]
) -> None:
    answer = site.client(smart_link=wanted).post("/cds-services/next-therapy", json=membranous())
    assert answer.json is not None
    assert [link["type"] for link in answer.json["cards"][0]["links"]] == types


def test_production_does_not_start_with_cards_that_lead_to_no_app(site: Site, tmp_path: Path) -> None:
    given = settings_of(tmp_path / "production", "", CDS_SMART_LINK="true")
    (tmp_path / "production" / "clients.toml").write_text(
        '[[client]]\nissuer = "https://ehr.test"\njku = "https://ehr.test/jwks.json"\n'
    )
    upgrade(given["CDS_DATABASE_URL"])
    values = {name.removeprefix("CDS_").lower(): value for name, value in given.items()}
    with pytest.raises(ConfigurationFault, match=r"CDS_SMART_LINK: no client in CDS_CLIENTS_FILE"):
        create_app(Settings(**values))  # type: ignore[arg-type]

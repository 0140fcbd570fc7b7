"""Cases SSRF-01 to SSRF-25, but for SSRF-16: servers that must not be called, by any name, link or redirect."""

from __future__ import annotations

import json

import pytest

from tests.attack.attacker import Attack
from tests.attack.case_table import field_case
from tests.attack.charts import TOKEN, Json, resources
from tests.attack.field import FAR_SERVER, PUBLIC_WARDS
from tests.attack.raid import Raid, treated, unfetched
from tests.ehr import wrong_answers
from tests.ehr.exchange import Connection, Request
from tests.ehr.hosts import PUBLIC_EVIL, Step
from tests.ehr.listener import listening
from tests.ehr.script import Truth
from tests.ehr.tls import BAD, Authority, Fault

EVIL = "https://evil.test/fhir"
PROTEINURIA = r"/Observation\?.*2889-4"
UNLISTED = (
    EVIL,
    FAR_SERVER,
    "https://ehr.test:8443/fhir",
    "https://ehr.test/other",
    "https://ehr.test/fhirs",
    "https://ehr.test/",
    "https://ehr.test.evil.test/fhir",
    "https://ehr.test./fhir",
    "https://sub.ehr.test/fhir",
)
INSIDE = (
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/fhir",
    "https://127.0.0.1/fhir",
    "https://localhost/fhir",
    "https://[::1]/fhir",
    "https://[::ffff:127.0.0.1]/fhir",
    "https://2130706433/fhir",
    "https://0x7f000001/fhir",
    "https://127.1/fhir",
    "https://0/fhir",
    "https://100.64.0.1/fhir",
)
UNPLAIN = (
    "https://ehr.test/fhir?x=",
    "https://ehr.test/fhir?",
    "https://ehr.test/fhir#",
    "https://ehr.test/fhir#x",
    "https://user@ehr.test/fhir",
    "https://ehr.test@evil.test/fhir",
    "https://evil.test\\@ehr.test/fhir",
    "https://ehr.test/fhir/../admin",
    "https://ehr.test/%66hir",
    "https://ehr.test:/fhir",
    "https://ehr.test:0/fhir",
    "https://ehr.test:99999/fhir",
    "https:ehr.test/fhir",
    "//ehr.test/fhir",
    "ftp://ehr.test/fhir",
    "file:///etc/passwd",
    "http://ehr.test/fhir",
    "https://ehr.tést/fhir",
    " https://ehr.test/fhir",
    "https://ehr.test/fhir\n",
    "",
    "x" * 5000,
)


def assert_nobody_was_called(raid: Raid) -> None:
    assert raid.asked() == []
    assert raid.field.far.requests == []
    network = raid.field.hospital.network
    assert [one for one in network.lookups if not raid.field.is_of_before(one.host)] == []
    assert network.strangers([PUBLIC_WARDS]) == []


@pytest.mark.conformance("FHA-6")
@field_case("SSRF-01")
@pytest.mark.parametrize("server", UNLISTED)
def test_a_server_that_is_not_on_the_list_is_not_called(raid: Raid, server: str) -> None:
    raid.send(unfetched(server), 412)
    assert_nobody_was_called(raid)


@field_case("SSRF-01")
def test_a_server_that_is_not_on_the_list_is_a_security_event_without_its_address(raid: Raid) -> None:
    raid.send(unfetched(f"{EVIL}?canary=1"), 412)
    raid.send(unfetched(EVIL), 412)
    assert raid.line.get("not_called") == "server_not_listed", raid.line
    assert "evil.test" not in json.dumps(raid.line)


@pytest.mark.conformance("FHA-2", "FHA-7")
@field_case("SSRF-01")
@pytest.mark.parametrize("server", ["https://ehr.test/fhir", "https://ehr.test/fhir/", "HTTPS://EHR.test:443/fhir"])
def test_a_server_on_the_list_is_called_with_the_token_and_gives_the_golden_answer(raid: Raid, server: str) -> None:
    said = raid.send(unfetched(server))
    assert raid.is_golden(said)
    assert {request.header("authorization") for request in raid.asked()} == {f"Bearer {TOKEN}"}
    assert {request.server_name for request in raid.asked()} == {"ehr.test"}
    assert raid.line["fetched"] == len(raid.asked())


@field_case("SSRF-03")
@pytest.mark.parametrize("server", [EVIL, FAR_SERVER])
def test_with_a_complete_prefetch_a_foreign_server_does_not_matter(raid: Raid, server: str) -> None:
    assert raid.is_golden(raid.send(treated() | {"fhirServer": server}))
    assert_nobody_was_called(raid)


@field_case("SSRF-04")
@pytest.mark.parametrize("server", INSIDE)
def test_an_address_inside_is_not_called(raid: Raid, server: str) -> None:
    raid.send(unfetched(server), 412)
    assert_nobody_was_called(raid)


@field_case("SSRF-07")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(raid: Raid, status: int) -> None:
    server = raid.field.ward()
    raid.field.wards.script.add(wrong_answers.redirect("https://evil.test/x", status))
    raid.send(unfetched(server), 412)
    assert raid.asked()


@field_case("SSRF-07")
def test_a_redirect_of_one_search_is_not_followed_either(raid: Raid) -> None:
    raid.field.hospital.ehr.script.add(wrong_answers.redirect("https://evil.test/x"), "/Condition")
    said = raid.send(unfetched(), 412)
    assert said.issue["details"]["text"].endswith(": conditions.")


@field_case("SSRF-07")
def test_a_redirect_to_the_server_itself_is_not_followed(raid: Raid) -> None:
    raid.field.hospital.ehr.script.add(wrong_answers.redirect("https://ehr.test/fhir/Other"), "/Condition")
    raid.send(unfetched(), 412)
    assert raid.field.hospital.ehr.asked_for("Other") == []


@field_case("SSRF-09")
@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.test/p2",
        f"https://{PUBLIC_EVIL}/fhir/p2",
        "https://ehr.test:8443/fhir/p2",
        "http://ehr.test/fhir/p2",
        "https://ehr.test/elsewhere/p2",
        "https://ehr.test/fhir/../elsewhere/p2",
        "https://ehr.test@evil.test/fhir/p2",
        "//evil.test/fhir/p2",
        "\\\\evil.test\\fhir",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_next_page_elsewhere_is_not_followed_and_the_card_says_so(raid: Raid, onward: str) -> None:
    raid.field.hospital.ehr.script.add(wrong_answers.edited(lambda bundle: with_next(bundle, onward)), PROTEINURIA)
    said = raid.send(unfetched())
    assert "further pages of proteinuria" in said.detail
    assert said.rule == "MN-07"
    assert [request for request in raid.asked() if "p2" in request.target] == []


def with_next(bundle: Json, address: str) -> None:
    bundle["link"] = [{"relation": "next", "url": address}]


def by_reference(reference: str) -> tuple[Json, list[Json]]:
    """The base call with its drug records pointing at this (% is a number), and the Medications they leave out."""
    call, drugs = treated(), []
    for one in resources(call):
        if code := one.pop("medicationCodeableConcept", None):
            drugs.append({"resourceType": "Medication", "id": f"drug-{len(drugs)}", "code": code})
            one["medicationReference"] = {"reference": reference.replace("%", drugs[-1]["id"])}
    return call, drugs


@field_case("SSRF-12")
@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.test/Medication/1",
        "https://ehr.test@evil.test/fhir/Medication/1",
        "https://ehr.test/fhir/../Medication/1",
        "Medication/../../admin",
        "Medication/1?x=https://evil.test",
        "urn:uuid:6f1d7e6e-5f3b-4a0c-9b52-4f9e3f2f3b11",
    ],
)
def test_a_drug_elsewhere_is_not_fetched_and_is_said_not_to_be_known(raid: Raid, reference: str) -> None:
    said = raid.send(by_reference(reference)[0])
    assert set(said.set_aside.values()) == {"MEDICATION_UNRESOLVED"}
    assert "which drug it is is not known" in said.detail or "MedicationStatement" in said.detail, said.detail
    assert_nobody_was_called(raid)


@field_case("SSRF-12")
@pytest.mark.parametrize("reference", ["Medication/%", "https://ehr.test/fhir/Medication/%"])
def test_a_drug_of_the_same_server_is_fetched(raid: Raid, reference: str) -> None:
    call, drugs = by_reference(reference)
    raid.field.twin.load(drugs)
    assert raid.send(call).rule == "MN-07"
    assert sorted(request.path for request in raid.asked()) == [f"/fhir/Medication/{one['id']}" for one in drugs]


@field_case("SSRF-14")
@pytest.mark.parametrize(
    "answers",
    [
        [("203.0.113.5",), ("127.0.0.1",)],
        [(PUBLIC_WARDS,), ("127.0.0.1",)],
        [("127.0.0.1",)],
        [(PUBLIC_WARDS, "127.0.0.1")],
        [("10.0.0.7",)],
        [("169.254.169.254",)],
        [("::1",)],
        [("::ffff:127.0.0.1",)],
        [("0.0.0.0",)],
    ],
    ids=str,
)
def test_a_name_that_answers_with_an_address_inside_is_not_dialled(raid: Raid, answers: list[tuple[str, ...]]) -> None:
    server, network = raid.field.ward(), raid.field.hospital.network
    network.resolve(host_of(server), *(Step(found) for found in answers))
    raid.field.wards.script.add(closing)
    first = raid.send(unfetched(server), {200, 412})
    if answers[0] != (PUBLIC_WARDS,):
        assert first.status == 412
    assert raid.send(unfetched(server), 412).issue["code"] == "transient"
    assert {one.address for one in network.connects} <= {PUBLIC_WARDS}


def closing(connection: Connection, _request: Request, truth: Truth) -> None:
    """The truth, and then the connection is closed: the next request needs another look-up."""
    told = truth()
    connection.send(told.head(keep_alive=False) + told.body)
    connection.close()
    connection.close()  # type: ignore[attr-defined]


def host_of(server: str) -> str:
    return server.removeprefix("https://").removesuffix("/fhir")


@field_case("SSRF-18")
@pytest.mark.parametrize("complete", [True, False], ids=["complete prefetch", "no prefetch"])
def test_a_token_without_a_server_is_malformed(raid: Raid, complete: bool) -> None:
    call = treated() if complete else unfetched()
    del call["fhirServer"]
    assert raid.send(call, 400).issue["expression"] == ["fhirServer"]
    assert_nobody_was_called(raid)


UNUSABLE: tuple[Json, ...] = (
    {"token_type": "MAC"},
    {"token_type": "bearer "},
    {"expires_in": 0},
    {"expires_in": -1},
    {"scope": ""},
    {"scope": "launch openid"},
    {"scope": "patient/*.write"},
)


@field_case("SSRF-20")
@pytest.mark.parametrize("members", UNUSABLE, ids=str)
def test_a_token_that_cannot_be_used_is_not_used(raid: Raid, members: Json) -> None:
    raid.send(unfetched(**members), 412)
    assert_nobody_was_called(raid)


@field_case("SSRF-20")
@pytest.mark.parametrize("members", UNUSABLE, ids=str)
def test_with_a_complete_prefetch_no_token_is_needed(raid: Raid, members: Json) -> None:
    call = treated()
    call["fhirAuthorization"] |= members
    assert raid.is_golden(raid.send(call))
    assert_nobody_was_called(raid)


@pytest.mark.conformance("FHA-1", "FHA-3")
@field_case("SSRF-20")
@pytest.mark.parametrize("missing", ["access_token", "token_type", "expires_in", "scope", "subject"])
def test_a_token_of_which_a_part_is_missing_is_not_used(raid: Raid, missing: str) -> None:
    call = unfetched()
    del call["fhirAuthorization"][missing]
    raid.send(call, 412)
    assert_nobody_was_called(raid)


@field_case("SSRF-20")
@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX-Evil: 1", f"{TOKEN} x", "", "tokén", "t" * 20_000], ids=range(5))
def test_a_token_that_is_no_token_is_not_used_and_holds_the_server_for_sick_for_nobody(raid: Raid, token: str) -> None:
    raid.send(unfetched(access_token=token), 412)
    assert_nobody_was_called(raid)
    assert raid.is_golden(Attack.send(raid, unfetched()))


@field_case("SSRF-22")
@pytest.mark.parametrize("fault", BAD)
def test_a_server_with_a_wrong_certificate_is_not_spoken_to(raid: Raid, fault: Fault, authority: Authority) -> None:
    server = raid.field.ward()
    host = host_of(server)
    with listening(raid.field.twin.answer, tls=authority.context(host, fault=fault)) as impostor:
        raid.field.hospital.network.place(host, PUBLIC_WARDS, impostor.port, 443)
        raid.unobtainable(unfetched(server))
        assert impostor.connections
        assert impostor.requests == []
        raid.field.place()


@field_case("SSRF-25")
@pytest.mark.parametrize("server", UNPLAIN, ids=lambda server: server[:40] or "empty")
def test_an_address_that_is_not_plain_is_not_called(raid: Raid, server: str) -> None:
    raid.send(unfetched(server), 412)
    assert_nobody_was_called(raid)

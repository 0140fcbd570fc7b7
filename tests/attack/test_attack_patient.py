"""Cases PAT-01 to PAT-20: data, references, encounters and users of somebody else."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from cds_service.stories.agreement import steady, without_uuids
from tests.attack.attacker import Attack, Said, post
from tests.attack.case_table import case
from tests.attack.charts import (
    FHIR_SERVER,
    OTHER,
    PROTEIN_24H,
    Json,
    add,
    found,
    lupus,
    membranous,
    newest,
    resources,
    subjects,
)
from tests.attack.fifth import in_r5, with_drafts_in_r5
from tests.conftest import running_server
from tests.contract.calls import NEXT_THERAPY
from tests.contract.wire import CheckedSession

LATEST = "Observation/s-01-10"


def assert_refused_as_mismatch(said: Said) -> None:
    assert said.status == 422
    assert said.issue["code"] == "conflict"


def members(said: Said) -> Json:
    return {name: said.half.get(name) for name in ("rule", "state", "action", "nextClass", "facts", "lines", "notes")}


@case("PAT-01")
@pytest.mark.parametrize("user", ["Practitioner/prac-1", "Patient/pat-a"], ids=["for a physician", "for the patient"])
def test_the_patient_of_the_prefetch_is_another(attack: Attack, user: str) -> None:
    call = membranous()
    call["prefetch"]["patient"]["id"] = OTHER
    call["context"]["userId"] = user
    assert_refused_as_mismatch(attack.send(call, 422))
    assert attack.line["fault"] == "PatientMismatch"


def with_stray() -> Json:
    """The base chart and one more result, 0.1 g/d of yesterday, of another patient."""
    call = membranous()
    stray = copy.deepcopy(newest(call, PROTEIN_24H)) | {"id": "stray", "effectiveDateTime": "2026-11-21"}
    stray["subject"] = {"reference": f"Patient/{OTHER}"}
    stray["valueQuantity"]["value"] = 0.1
    return add(call, "proteinuria", stray)


@case("PAT-02")
def test_one_result_of_another_patient_changes_nothing_and_is_said(attack: Attack) -> None:
    plain, said = attack.send(membranous()), attack.send(with_stray())
    assert members(said) == members(plain)
    assert said.set_aside == {"Observation/stray": "OTHER_PATIENT"}
    assert "belongs to another patient" in said.detail


@case("PAT-02")
def test_one_result_of_another_patient_leaves_a_safety_event(attack: Attack) -> None:
    attack.send(with_stray())
    assert "OTHER_PATIENT" in json.dumps(attack.line), f"the log says only: {attack.line}"


@case("PAT-02")
def test_a_diagnosis_of_another_patient_is_not_passed_over_by_an_empty_answer(attack: Attack) -> None:
    # The only stray is the one entry that decides whether there is a card to say it on.
    call = membranous()
    next(one for one in resources(call) if one["resourceType"] == "Condition")["subject"]["reference"] = "Patient/pat-b"
    said = attack.send(call, {200, 422})
    assert said.status == 422 or "belongs to another patient" in str(said.cards)


@case("PAT-05")
@pytest.mark.parametrize("server", [FHIR_SERVER, f"{FHIR_SERVER}/", "HTTPS://EHR.test/fhir"])
def test_references_may_be_absolute(attack: Attack, server: str) -> None:
    call = membranous() | {"fhirServer": server}
    for subject in subjects(call):
        subject["reference"] = f"{FHIR_SERVER}/Patient/pat-a"
    assert without_uuids(attack.send(call).json) == without_uuids(attack.send(membranous()).json)


@case("PAT-08")
@pytest.mark.parametrize("reference", ["Group/1", "Device/1", "https://other.test/fhir/Patient/pat-a"])
def test_what_is_about_something_else_is_left_out(attack: Attack, reference: str) -> None:
    call = membranous()
    newest(call, PROTEIN_24H)["subject"]["reference"] = reference
    said = attack.send(call)
    assert set(said.set_aside) == {LATEST}
    assert said.half["missing"] == ["PROTEINURIA"]


@case("PAT-08")
def test_a_reference_with_a_version_is_the_patient(attack: Attack) -> None:
    call = membranous()
    for subject in subjects(call):
        subject["reference"] = "Patient/pat-a/_history/3"
    assert without_uuids(attack.send(call).json) == without_uuids(attack.send(membranous()).json)


@case("PAT-10")
def test_a_search_answered_with_another_patients_results_is_refused_in_the_prefetch_too(attack: Attack) -> None:
    call = membranous()
    for one in found(call, PROTEIN_24H):
        one["subject"]["reference"] = f"Patient/{OTHER}"
    assert_refused_as_mismatch(attack.send(call, 422))


@case("PAT-15")
def test_one_patient_after_another_on_one_connection_says_what_a_fresh_service_says(
    attack: Attack, golden: Json, tmp_path: Path
) -> None:
    ours, other = membranous(), lupus(OTHER)
    cold = [steady(golden), answer_of_a_fresh_service(other, tmp_path / "log.txt")]
    with CheckedSession() as connection:
        for drafts, charts in (
            (as_they_are, (ours, other, ours)),
            (with_drafts_in_r5, map(in_r5, (ours, other, ours))),
        ):
            warm = [connection.post(attack.target.url + NEXT_THERAPY, json=call).json() for call in charts]
            assert [steady(answer) for answer in warm] == [drafts(cold[0]), drafts(cold[1]), drafts(cold[0])]
            assert warm[0] == warm[2]


def as_they_are(answer: Json) -> Json:
    return answer


def answer_of_a_fresh_service(call: Json, log: Path) -> Json:
    with running_server(log) as server:
        said = post(server.url, call)
    assert said.status == 200
    cold: Json = steady(said.json)
    return cold


@case("PAT-17")
def test_an_encounter_of_another_patient_is_refused(attack: Attack) -> None:
    call = membranous()
    call["context"]["encounterId"] = "enc-of-b"
    call["prefetch"]["encounter"] = {
        "resourceType": "Encounter",
        "id": "enc-of-b",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{OTHER}"},
    }
    assert_refused_as_mismatch(attack.send(call, 422))


@case("PAT-18")
@pytest.mark.parametrize("identifier", ["PAT-A", "Pat-A", "pat-a ", " pat-a", "pat-a\u00a0"])
def test_an_id_that_is_nearly_the_same_is_another(attack: Attack, identifier: str) -> None:
    call = membranous()
    call["prefetch"]["patient"]["id"] = identifier
    assert_refused_as_mismatch(attack.send(call, 422))


@case("PAT-18")
@pytest.mark.parametrize("reference", ["Patient/PAT-A", "Patient/pat-a ", "patient/pat-a"])
def test_a_reference_that_is_nearly_the_same_is_another(attack: Attack, reference: str) -> None:
    call = membranous()
    newest(call, PROTEIN_24H)["subject"]["reference"] = reference
    assert set(attack.send(call).set_aside) == {LATEST}


@case("PAT-20")
@pytest.mark.parametrize("user", ["Patient/pat-a", "RelatedPerson/mother-1"])
def test_who_is_no_health_professional_gets_no_card_and_the_log_says_why(attack: Attack, user: str) -> None:
    call = membranous()
    call["context"]["userId"] = user
    assert attack.send(call).cards == []
    assert attack.line["quiet"] == "user_not_health_professional"

"""Cases PAT-10 and PAT-12: what the FHIR server says is of somebody else; and the golden case read by call-back."""

from __future__ import annotations

import pytest

from tests.attack.case_table import field_case
from tests.attack.charts import OTHER, Json
from tests.attack.fifth import in_r5
from tests.attack.raid import Raid, treated, unfetched
from tests.attack.test_attack_addresses import PROTEINURIA
from tests.ehr import wrong_answers
from tests.ehr.charts import chart_of
from tests.ehr.fault_proxy import forwarding
from tests.ehr.fhir_server import FhirServer
from tests.ehr.r5_twin import R4, R5

in_each_release = pytest.mark.parametrize("version", [R4, R5], ids=["R4", "R5"])


def assert_refused_as_mismatch(raid: Raid, call: Json) -> None:
    assert raid.send(call, 422).issue["code"] == "conflict"
    assert raid.line["fault"] == "PatientMismatch"


@field_case("PAT-10")
@in_each_release
@pytest.mark.parametrize("search", [PROTEINURIA, "/Condition", "/MedicationStatement"])
def test_a_search_that_brings_somebody_elses_records_is_refused(raid: Raid, search: str, version: str) -> None:
    raid.field.hold(treated(), version)
    raid.field.hospital.ehr.script.add(wrong_answers.of_patient(OTHER), search)
    assert_refused_as_mismatch(raid, unfetched())


@field_case("PAT-10")
@in_each_release
def test_a_server_that_speaks_of_another_patient_throughout_is_refused(raid: Raid, version: str) -> None:
    raid.field.hold(treated(), version)
    raid.field.hospital.ehr.script.add(wrong_answers.of_patient(OTHER))
    assert_refused_as_mismatch(raid, unfetched())


@field_case("PAT-12")
@in_each_release
@pytest.mark.parametrize("name", [OTHER, "PAT-A", "pat-a "])
def test_the_read_of_the_patient_brings_another(raid: Raid, name: str, version: str) -> None:
    raid.field.hold(treated(), version)
    raid.field.hospital.ehr.script.add(wrong_answers.of_patient(name), "/Patient/")
    assert_refused_as_mismatch(raid, unfetched())


@field_case("PAT-12")
@in_each_release
def test_the_read_of_the_patient_brings_no_patient(raid: Raid, version: str) -> None:
    raid.field.hold(treated(), version)
    raid.field.hospital.ehr.script.add(
        wrong_answers.edited(lambda _: {"resourceType": "Group", "id": "pat-a"}), "/Patient/"
    )
    raid.send(unfetched(), {412, 422})


@field_case("PAT-12")
def test_a_token_for_another_patient_is_a_mix_up(raid: Raid) -> None:
    raid.send(unfetched(patient=OTHER), 422)
    assert raid.asked() == []


@pytest.mark.conformance("FHA-7")
@field_case("PAT-12")
@in_each_release
def test_a_part_of_the_prefetch_and_the_rest_by_call_back_is_the_golden_answer(raid: Raid, version: str) -> None:
    raid.field.hold(treated(), version)
    call = in_r5(treated()) if version == R5 else treated()
    for key in ("patient", "proteinuria", "statements"):
        del call["prefetch"][key]
    assert raid.is_golden(raid.send(call), version)
    assert raid.line["fetched"] == len(raid.asked()) == 3


@field_case("PAT-12")
def test_a_real_fhir_server_of_another_author_gives_the_golden_answer(raid: Raid, real_fhir_server: FhirServer) -> None:
    real_fhir_server.load(chart_of(treated()).resources)
    server = raid.field.ward()
    ours, raid.field.wards.handler = raid.field.wards.handler, forwarding(real_fhir_server.base)
    try:
        assert raid.is_golden(raid.send(unfetched(server, access_token=real_fhir_server.token)))
    finally:
        raid.field.wards.handler = ours

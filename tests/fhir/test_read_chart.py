"""From a prefetch to validated resources: what is read, what is not, and that every resource is in one bin."""

from __future__ import annotations

import copy
import time
from typing import Any, ClassVar

import pytest
from fhir_samples import (
    LOINC,
    ME,
    OURS,
    PROTEINURIA,
    RXNORM,
    TACROLIMUS,
    UACR,
    UPCR,
    add_up,
    administration,
    bundle,
    case,
    chart,
    chart_of,
    coded,
    condition,
    made,
    numbered,
    observation,
    patient,
    reasons,
    request,
    statement,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.fhir import codes, interned
from cds_service.fhir.bins import Repairs, reference_of, shown_text

LOCAL = "https://fhir.hospital.test/codeSet/72"


def read_ids(read: Any, kind: str = "Observation") -> list[str]:
    return sorted(reference.partition("/")[2] for reference, _ in read.resources.get(kind, ()))


UNREADABLE = {
    "an element nobody declared (JSON-32)": observation(foo=1),
    "a modifier extension": observation(modifierExtension=[{"url": "http://x", "valueBoolean": True}]),
    "implicit rules": observation(implicitRules="http://x"),
    "an unknown element in a value": observation(valueQuantity={"value": 7.6, "unit": "g/d", "foo": 1}),
    "a value that is a text": observation(valueQuantity="7.6"),
    "two values": observation(valueString="7.6 g/d"),
    "a day that does not exist": observation(effectiveDateTime="2026-02-30"),
    "a modifier extension in a dosage": statement(dosage=[{"modifierExtension": [{"url": "http://x"}]}]),
    "a dosage of another shape": statement(dosage=["daily"]),
}


@pytest.mark.parametrize("resource", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_one_bad_resource_is_named_and_the_others_are_used(resource: dict[str, Any]) -> None:
    read = chart(patient(), *numbered(observation(), resource))
    assert read_ids(read) == ["r1"]
    assert [item.reason for item in read.unread] == ["UNREADABLE"]
    assert read.unread[0].resource.endswith("/r2")


READABLE = {
    "an unknown element where we do not look": observation(referenceRange=[{"foo": 1}]),
    "a category that is an object (Epic)": observation(category={"text": "lab"}),
    "an id with an underscore": observation(id="lab_77"),
    "a numeric id": observation(id=77),
    "an id that is a path": observation(id="a/b"),
    "an extension of the date": observation(_effectiveDateTime={"extension": [{"url": "http://x", "valueCode": "y"}]}),
    "a contained resource of an unknown type": observation(contained=[{"resourceType": "Nonsense"}]),
}


@pytest.mark.parametrize("resource", READABLE.values(), ids=READABLE.keys())
def test_what_real_servers_send_is_read(resource: dict[str, Any]) -> None:
    assert len(chart(patient(), resource).resources["Observation"]) == 1


def test_a_reference_never_repeats_an_id_that_fhir_does_not_allow() -> None:
    assert reference_of(observation(id="<script>")) == "Observation/(no-id)"
    assert reference_of({"resourceType": "<b>", "id": "1"}) == "Resource/1"
    assert shown_text("a\u202eb\x00" + "x" * 500) == "a b " + "x" * 56


SELECTED = {
    "our code after a local one": (
        observation(code={"coding": [{"system": LOCAL, "code": "9"}, *coded(LOINC, UPCR)["coding"]]}),
        1,
    ),
    "an alias of the code system": (observation(code=coded("urn:oid:2.16.840.1.113883.6.1", PROTEINURIA)), 1),
    "another result": (observation(code=coded(LOINC, "4548-4", text="Hemoglobin A1c")), 0),
    "no code": (observation(code=None), 0),
    "a code of another shape": (observation(code=[LOINC, PROTEINURIA]), 0),
    "a coding without a system": (observation(code={"coding": [{"code": PROTEINURIA}]}), 0),
}


@pytest.mark.parametrize(("resource", "count"), SELECTED.values(), ids=SELECTED.keys())
def test_observations_are_selected_by_any_of_their_codes(resource: dict[str, Any], count: int) -> None:
    read = chart(patient(), resource)
    assert (len(read_ids(read)), read.not_relevant) == (count, 1 - count)


LOOKALIKES = {
    "a local mnemonic (CLIN-43)": (coded(LOCAL, "UPROT1"), "proteinuria_24h"),
    "a local display": (
        {"coding": [{"system": LOCAL, "code": "771", "display": "Protein/Creatinine Ratio, Urine"}]},
        "upcr",
    ),
    "a text": ({"text": "Anti-PLA2R antibody"}, "anti_pla2r_elisa"),
    "serum albumin": ({"text": "Albumin, serum"}, "albumin"),
    "creatinine": ({"text": "Creatinine"}, "creatinine"),
    "urine creatinine is not ours": ({"text": "Creatinine, urine"}, ""),
    "creatinine clearance is not ours": ({"text": "Creatinine clearance"}, ""),
    "microalbumin is not ours": ({"text": "Microalbumin"}, ""),
    "an albumin/creatinine ratio is not ours": ({"text": "Albumin/creatinine ratio, urine"}, ""),
    "sodium is not ours": ({"text": "Sodium"}, ""),
}


@pytest.mark.parametrize(("code", "concept"), LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_an_unmapped_result_that_looks_like_ours_is_said(code: dict[str, Any], concept: str) -> None:
    read = chart(patient(), observation(code=code))
    assert [(item.reason, item.concept) for item in read.unread] == ([("CODE_UNMAPPED", concept)] if concept else [])
    assert read.not_relevant == (0 if concept else 1)


def test_a_distractor_is_said_once_on_the_newest() -> None:
    days = ("2026-01-01", "2026-11-01", "2026-05-01")
    ratios = numbered(*(observation(3, "mg/g", UACR, effectiveDateTime=when) for when in days))
    read = chart(patient(), *ratios)
    assert [(item.resource, item.reason, item.concept) for item in read.unread] == [
        ("Observation/r2", "DISTRACTOR", "upcr")
    ]
    assert read.not_relevant == 2


def test_a_deprecated_code_is_refused_and_said_once_on_the_newest() -> None:
    """Terminology, roles: recognised and refused."""
    days = ("2026-01-01", "2026-11-01T23:30:00-05:00", "2026-11-01")
    results = numbered(*(observation(30, "[IU]/mL", "11563-4", effectiveDateTime=when) for when in days))
    for order in (results, results[::-1]):
        read = chart(patient(), *order)
        assert [(item.resource, item.reason, item.concept) for item in read.unread] == [
            ("Observation/r2", "CODE_EXCLUDED", "anti_dsdna")
        ]
        assert read.not_relevant == 2


def test_warnings_of_the_server_are_counted_and_said_and_are_no_records() -> None:
    """CLIN-49."""
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "informational"}]}
    read = case(observation(), warning, warning)
    assert [(item.resource, item.reason, item.shown) for item in read.set_aside] == [("Bundle", "SERVER_WARNING", "2")]
    assert (read.bins.total, read.bins.set_aside, add_up(read)) == (2, 0, True)
    assert case(observation()).set_aside == ()


STATUSES = {
    "final": None,
    "amended": None,
    "corrected": None,
    "preliminary": "STATUS_PRELIMINARY",
    "registered": "STATUS",
    "cancelled": "STATUS",
    "entered-in-error": "STATUS",
    "unknown": "STATUS",
    "bogus": "STATUS",
}


@pytest.mark.parametrize(("status", "reason"), STATUSES.items())
def test_only_released_results_count(status: str, reason: str | None) -> None:
    assert reasons(chart(patient(), observation(status=status))) == ([reason] if reason else [])


def test_a_result_without_a_status_does_not_count() -> None:
    assert reasons(chart(patient(), observation(status=None))) == ["STATUS"]


def meta(version: str) -> dict[str, Any]:
    return {"meta": {"versionId": version}}


LIS = {"system": "http://lab.test", "value": "77"}
COPIES = {
    "one id twice (CLIN-21)": ([observation(), observation()], 1),
    "one id, a later version": (
        [observation(3, **meta("1")), observation(7.6, **meta("12")), observation(4, **meta("9"))],
        1,
    ),
    "two ids, one identifier": (numbered(observation(identifier=[LIS]), observation(identifier=[LIS])), 1),
    "two ids": (numbered(observation(), observation()), 2),
    "one result, three names for it": (
        numbered(
            observation(identifier=[LIS]),
            observation(identifier=[{**LIS, "value": "78"}]),
            observation(identifier=[LIS, {**LIS, "value": "78"}]),
        ),
        1,
    ),
    "no ids": ([observation(id=None), observation(id=None)], 2),
    "one number without a system, two days": (
        numbered(
            observation(identifier=[{"value": "77"}]),
            observation(identifier=[{"value": "77"}], effectiveDateTime="2026-01-01"),
        ),
        2,
    ),
    "one order number for two infusions": (
        numbered(administration(identifier=[LIS]), administration(identifier=[LIS], effectiveDateTime="2026-05-05")),
        2,
    ),
    "one order number for one infusion": (
        numbered(administration(identifier=[LIS]), administration(identifier=[LIS])),
        1,
    ),
}


@pytest.mark.parametrize(("resources", "count"), COPIES.values(), ids=COPIES.keys())
def test_copies_count_once(resources: list[dict[str, Any]], count: int) -> None:
    read = chart(patient(), *resources)
    assert sum(len(kept) for kept in read.resources.values()) == count
    assert len(read.superseded) == len(resources) - count


def test_of_the_versions_of_a_result_the_latest_is_read() -> None:
    resources, _ = COPIES["one id, a later version"]
    [(_, kept)] = chart(patient(), *resources).resources["Observation"]
    assert float(kept.valueQuantity.value) == 7.6


def test_a_result_that_a_later_version_withdraws_is_not_used() -> None:
    read = chart(patient(), observation(**meta("1")), observation(status="entered-in-error", **meta("2")))
    assert (read.resources, reasons(read), len(read.superseded)) == ({}, ["STATUS"], 1)


class TestTheNewest:
    KEEP: ClassVar = {"proteinuria_24h": 2}

    def days(self, *written: str, **more: Any) -> list[dict[str, Any]]:
        return numbered(*(observation(effectiveDateTime=when, **more) for when in written))

    def test_are_kept_by_instant_and_not_by_their_letters(self) -> None:
        written = (
            "2026-11-12T23:30:00-05:00",
            "2026-11-13T01:00:00+09:00",
            "2026-11-12T20:00:00Z",
            "2026-11-12T23:00:00Z",
        )
        read = chart(patient(), *self.days(*written), keep=self.KEEP)
        assert (read_ids(read), read.not_relevant) == (["r1", "r4"], 2)

    def test_one_that_cannot_be_read_gives_its_place_to_the_next(self) -> None:
        resources = self.days("2026-11-12", "2026-11-11", "2026-11-10", "2026-11-09")
        resources[0]["foo"] = 1
        read = chart(patient(), *resources, keep=self.KEEP)
        assert (read_ids(read), reasons(read), read.not_relevant) == (["r2", "r3"], ["UNREADABLE"], 1)

    def test_a_withdrawn_one_takes_no_place(self) -> None:
        resources = self.days("2026-11-12", "2026-11-11", "2026-11-10")
        resources[0]["status"] = "cancelled"
        assert read_ids(chart(patient(), *resources, keep=self.KEEP)) == ["r2", "r3"]

    def test_one_result_sent_twice_takes_one_place(self) -> None:
        read = chart(patient(), *self.days("2026-11-12", "2026-11-12", "2026-11-11", "2026-11-10"), keep=self.KEEP)
        assert read_ids(read) == ["r1", "r2", "r3"]

    def test_undated_imprecise_and_future_ones_take_no_place_and_are_handed_on(self) -> None:
        resources = self.days("2026-11", "2036-11-12", "2026-11-11", "2026-11-10")
        assert read_ids(chart(patient(), *resources, keep=self.KEEP)) == ["r1", "r2", "r3", "r4"]

    def test_what_has_no_place_in_time_takes_no_place_and_is_handed_on(self) -> None:
        resources = self.days("2026-11-11", "2026-11-10", "9999-12-31T23:59:59-14:00", "soon and very soon")
        read = chart(patient(), *resources, keep=self.KEEP)
        assert (read_ids(read), reasons(read)) == (["r1", "r2", "r3"], ["UNREADABLE"])

    def test_without_a_cap_all_are_kept(self) -> None:
        assert len(read_ids(chart(patient(), *self.days("2020-01-01", "2021-01-01", "2022-01-01")))) == 3


def pointing(reference: str | None, **more: Any) -> dict[str, Any]:
    pointer = {name: value for name, value in {"reference": reference, **more}.items() if value}
    return request(medicationCodeableConcept=None, medicationReference=pointer)


DRUG = {"resourceType": "Medication", "id": "m1", "code": coded(RXNORM, TACROLIMUS)}
MIXTURE = {"resourceType": "Medication", "id": "m1", "ingredient": [{"itemCodeableConcept": coded(RXNORM, TACROLIMUS)}]}
REFERENCES = {
    "contained": ([{**pointing("#m1"), "contained": [DRUG]}], "Tac"),
    "elsewhere in the chart": ([pointing("Medication/m1"), DRUG], "Tac"),
    "elsewhere, versioned": ([pointing("Medication/m1/_history/2"), DRUG], "Tac"),
    "by absolute address on the server": ([pointing("https://ehr.test/fhir/Medication/m1"), DRUG], "Tac"),
    "a mixture known by its ingredient": ([pointing("Medication/m1"), MIXTURE], "Tac"),
    "not there, but named": ([pointing("Medication/m9", display="tacrolimus 1 MG Oral Capsule")], "name"),
    "not there, named, not ours (Epic)": ([pointing("Medication/m9", display="MITOMYCIN 40 MG IV SOLR")], ""),
    "not there": ([pointing("Medication/m9")], "MEDICATION_UNRESOLVED"),
    "on another host (SSRF-12)": ([pointing("https://evil.test/Medication/m1"), DRUG], "MEDICATION_UNRESOLVED"),
    "no reference at all": ([pointing(None)], "MEDICATION_UNRESOLVED"),
}


@pytest.mark.parametrize(("resources", "expected"), REFERENCES.values(), ids=REFERENCES.keys())
def test_a_medication_reference(resources: list[dict[str, Any]], expected: str) -> None:
    read = chart(patient(), *resources, fhir_server="https://ehr.test/fhir")
    kept = [resource.medicationCodeableConcept for _, resource in read.resources.get("MedicationRequest", ())]
    if expected == "Tac":
        assert kept[0].coding[0].code == TACROLIMUS
        assert read.supporting == (("Medication/m1",) if len(resources) > 1 else ())
    elif expected == "name":
        assert (kept[0].coding, kept[0].text) == (None, "tacrolimus 1 MG Oral Capsule")
    else:
        assert (kept, reasons(read)) == ([], [expected] if expected else [])


def test_the_case_works_without_a_finder_of_names() -> None:
    named = statement(medicationCodeableConcept={"text": "Prograf 1 mg"})
    assert len(chart(patient(), named, names=None).resources["MedicationStatement"]) == 1


ODD_REFERENCES = {
    "that is no object": "Medication/m1",
    "to something contained that is not there": {"reference": "#m9"},
    "that is endless": {"reference": "Medication/" + "m" * 5000},
}


@pytest.mark.parametrize("pointer", ODD_REFERENCES.values(), ids=ODD_REFERENCES.keys())
def test_a_medication_reference_of_an_odd_shape_is_unresolved(pointer: Any) -> None:
    record = request(medicationCodeableConcept=None, medicationReference=pointer)
    assert reasons(chart(patient(), record)) == ["MEDICATION_UNRESOLVED"]


def test_ten_thousand_copies_are_sorted_out_in_time() -> None:
    many = [observation(id=f"o{n % 5000}", identifier=[{**LIS, "value": str(n % 5000)}]) for n in range(10_000)]
    started = time.perf_counter()
    read = chart(patient(), *many, keep={"proteinuria_24h": 1})
    assert (len(read.superseded), time.perf_counter() - started < 2) == (5_000, True)


def test_the_memory_of_codes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_MOST_REMEMBERED", 3)
    memory = codes.Memory(lambda system, code: None)
    for number in range(10):
        assert memory["s", str(number)] is None
    assert len(memory) <= 3
    assert memory["s", "x" * 10_000] is None
    assert ("s", "x" * 10_000) not in memory


def test_the_memory_of_validated_parts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interned, "_MOST", 3)
    repairs = Repairs()
    for number in range(10):
        part = interned.codings_only({"coding": [{"system": "http://x", "code": f"c{number}"}]}, repairs)
        assert part.coding[0].code == f"c{number}"
    assert len(interned._kept) <= 3
    long = interned.codings_only({"coding": [{"system": "http://x", "display": "y" * 2000}]}, repairs)
    assert (long.coding[0].display[:2], len(interned._kept) <= 3) == ("yy", True)


def test_a_merged_record_is_known() -> None:
    link = [{"other": {"reference": "Patient/pat-c"}, "type": "replaced-by"}]
    assert chart(patient(link=link)).merged
    assert not chart(patient()).merged


def test_terminology_is_shared_between_requests_and_people_are_not() -> None:
    secret = {"status": "stopped", "statusReason": [{"text": "canary-of-the-patient"}]}
    chart(patient(), statement(**secret), observation(valueQuantity=None, valueString="canary-value"))
    assert "canary" not in repr(interned._kept)
    assert ME not in repr(interned._kept)


MIXED = (
    patient(),
    observation(),
    observation(code=coded(OURS, "ln_class"), valueQuantity=None, valueCodeableConcept={"text": "IV"}),
    observation(code={"text": "Protein/creatinine ratio"}),
    observation(code=coded(LOINC, UACR)),
    observation(status="cancelled"),
    statement(),
    administration(),
    request(intent="proposal"),
    condition(),
    condition(verificationStatus=coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")),
    made("AllergyIntolerance", "patient", code={"text": "Rituximab"}),
    made("Procedure", status="completed", code=coded("http://snomed.info/sct", "7246002")),
    made("Immunization", status="completed"),
    {**DRUG, "id": "m1"},
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(MIXED[1:]), max_size=12), st.data())
def test_every_resource_ends_in_one_bin_whatever_is_broken(
    resources: list[dict[str, Any]], data: st.DataObject
) -> None:
    broken = copy.deepcopy(numbered(*resources))
    for resource in broken:
        if resource["resourceType"] != "Medication" and data.draw(st.booleans()):
            name = data.draw(st.sampled_from(sorted(set(resource) - {"resourceType", "subject", "patient"})))
            resource[name] = data.draw(
                st.sampled_from((None, "", 7, [], {}, [None], [{}], "2026-11", True, {"coding": 7}))
            )
    read = case(*broken)
    assert add_up(read)
    assert read.bins.total == len(broken) + 1


@settings(max_examples=60, deadline=None)
@given(st.permutations(numbered(*MIXED[1:])))
def test_the_order_of_the_resources_changes_nothing(resources: list[dict[str, Any]]) -> None:
    def known(read: Any) -> Any:
        return (read.quantities, read.findings, sorted(read.exposures, key=str), sorted(read.set_aside, key=str))

    assert known(case(*resources)) == known(case(*numbered(*MIXED[1:])))


def test_one_bundle_and_many_keys_give_the_same_chart() -> None:
    resources = numbered(*MIXED[1:])
    one = chart(patient(), *resources)
    many = chart_of({"patient": patient(), **{str(n): bundle(resource) for n, resource in enumerate(resources)}})
    assert (one.total, one.not_relevant, set(one.unread)) == (many.total, many.not_relevant, set(many.unread))
    assert {kind: sorted(ref for ref, _ in kept) for kind, kept in one.resources.items()} == {
        kind: sorted(ref for ref, _ in kept) for kind, kept in many.resources.items()
    }


def test_only_what_is_relevant_is_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    from cds_service.fhir import validation

    read: list[str] = []
    original = validation.read_resource

    def counted(resource: dict[str, Any], *rest: Any) -> Any:
        read.append(resource["id"])
        return original(resource, *rest)

    monkeypatch.setattr(validation, "read_resource", counted)
    others = [observation(code=coded(LOINC, "4548-4"), id=f"hba1c-{number}") for number in range(100)]
    mine = [observation(id=f"p-{n}", effectiveDateTime=f"2026-{n:02d}-01") for n in range(1, 11)]
    chart(patient(), *others, *mine, keep={"proteinuria_24h": 4})
    assert len(read) == 4

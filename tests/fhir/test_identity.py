"""Whose chart it is (attack cases PAT-01 to PAT-18)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import ME, bundle, chart, chart_of, numbered, observation, patient, reasons

from cds_service.errors import PatientMismatch

SERVER = "https://ehr.test/fhir"


def of(reference: Any) -> dict[str, Any]:
    return observation(subject={"reference": reference})


MINE = {
    "relative": f"Patient/{ME}",
    "versioned": f"Patient/{ME}/_history/3",
    "absolute": f"{SERVER}/Patient/{ME}",
    "absolute, host in capitals": f"https://EHR.test/fhir/Patient/{ME}",
    "absolute and versioned": f"{SERVER}/Patient/{ME}/_history/3",
}
NOT_MINE = {
    "another id": ("Patient/pat-b", "OTHER_PATIENT"),
    "the id in capitals": (f"Patient/{ME.upper()}", "OTHER_PATIENT"),
    "the id on another server": (f"https://other.test/fhir/Patient/{ME}", "OTHER_PATIENT"),
    "a blank behind the id": (f"Patient/{ME} ", "NO_SUBJECT"),
    "a longer id": (f"Patient/{ME}x", "OTHER_PATIENT"),
    "a Group": ("Group/1", "NO_SUBJECT"),
    "a Device": (f"Device/{ME}", "NO_SUBJECT"),
    "a path that only ends well": (f"Group/1/Patient/{ME}", "NO_SUBJECT"),
    "an unresolved urn": ("urn:uuid:0d5e4a6c-0000-4000-8000-000000000000", "NO_SUBJECT"),
    "nothing": (None, "NO_SUBJECT"),
    "a number": (7, "NO_SUBJECT"),
    "a list": ([f"Patient/{ME}"], "NO_SUBJECT"),
    "a very long text": ("https://" + "Patient/" * 50_000, "NO_SUBJECT"),
}


@pytest.mark.parametrize("reference", MINE.values(), ids=MINE.keys())
def test_the_patient_is_recognised(reference: str) -> None:
    read = chart(patient(), of(reference), fhir_server=f"{SERVER}/")
    assert (len(read.resources["Observation"]), reasons(read)) == (1, [])


@pytest.mark.parametrize(("reference", "reason"), NOT_MINE.values(), ids=NOT_MINE.keys())
def test_a_single_stray_is_dropped_and_said(reference: Any, reason: str) -> None:
    read = chart(patient(), *numbered(observation(), of(reference)), fhir_server=SERVER)
    assert [reference for reference, _ in read.resources["Observation"]] == ["Observation/r1"]
    assert [(item.resource, item.reason) for item in read.unread] == [("Observation/r2", reason)]


def test_one_stray_of_twenty_is_dropped_and_said() -> None:
    """PAT-02: the others under its key are the patient's."""
    read = chart(patient(), *numbered(*(observation() for _ in range(19)), of("Patient/pat-b")))
    assert (len(read.resources["Observation"]), reasons(read)) == (19, ["OTHER_PATIENT"])


def test_what_names_nobody_alone_under_its_key_is_dropped_and_said() -> None:
    """That it is of another patient is not shown."""
    read = chart_of({"patient": patient(), "kidney": bundle(observation()), "labs": bundle(of("Group/1"))})
    assert reasons(read) == ["NO_SUBJECT"]


def test_any_server_will_do_when_none_is_known() -> None:
    assert reasons(chart(patient(), of(f"https://somewhere.test/r4/Patient/{ME}"))) == []


def test_a_resource_that_names_no_subject_is_dropped_and_said() -> None:
    assert reasons(chart(patient(), *numbered(observation(), observation(subject=None)))) == ["NO_SUBJECT"]


def test_a_urn_is_resolved_to_the_patient_entry() -> None:
    urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    entries = [{"fullUrl": urn, "resource": patient()}, {"resource": of(urn)}]
    read = chart_of({"all": {"resourceType": "Bundle", "type": "collection", "entry": entries}})
    assert len(read.resources["Observation"]) == 1


def test_an_address_that_names_another_patient_is_no_alias() -> None:
    url = f"{SERVER}/Patient/pat-b"
    entries = [{"fullUrl": url, "resource": patient()}, {"resource": of(url)}, {"resource": observation(id="o2")}]
    read = chart_of({"all": {"resourceType": "Bundle", "type": "collection", "entry": entries}})
    assert reasons(read) == ["OTHER_PATIENT"]


REFUSED = {
    "another patient (PAT-01)": {"patient": patient(id="pat-b")},
    "ids that differ in case (PAT-18)": {"patient": patient(id=ME.upper())},
    "ids that differ by a blank (PAT-18)": {"patient": patient(id=f"{ME} ")},
    "a patient without an id": {"patient": patient(id=None)},
    "a patient whose id is a list": {"patient": patient(id=[ME])},
    "nothing of this patient": {"patient": patient(), "labs": bundle(of("Patient/pat-b"))},
    "only resources without a subject": {"patient": patient(), "labs": bundle(observation(subject=None))},
    "a whole search for somebody else (PAT-10)": {
        "patient": patient(),
        "kidney": bundle(observation()),
        "labs": bundle(*numbered(of("Patient/pat-b"), of("Patient/pat-b"))),
    },
    "a search for somebody else that found one thing (PAT-02)": {
        "patient": patient(),
        "kidney": bundle(observation()),
        "labs": bundle(of("Patient/pat-b")),
    },
    "a search for somebody else, and something that names nobody": {
        "patient": patient(),
        "kidney": bundle(observation()),
        "labs": bundle(*numbered(of("Patient/pat-b"), of("Group/1"))),
    },
    "an encounter of somebody else (PAT-17)": {
        "patient": patient(),
        "encounter": {"resourceType": "Encounter", "id": "enc-of-b", "subject": {"reference": "Patient/pat-b"}},
    },
}


@pytest.mark.parametrize("prefetch", REFUSED.values(), ids=REFUSED.keys())
def test_the_call_is_refused_without_saying_ids(prefetch: dict[str, Any]) -> None:
    with pytest.raises(PatientMismatch) as refusal:
        chart_of(prefetch)
    assert "pat" not in refusal.value.message.replace("patient", "").replace("context.", "")

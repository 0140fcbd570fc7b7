"""FHIR R5 is validated by the models of R5 and handed on in the words of R4."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources import get_fhir_model_class
from fhir_samples import (
    LOINC,
    ME,
    administration,
    chart,
    coded,
    made,
    observation,
    patient,
    request,
    statement,
)
from pydantic import BaseModel

from cds_service.fhir import fifth_parts, resources
from cds_service.fhir.bins import Repairs
from cds_service.fhir.fifth_shapes import FIFTH
from cds_service.fhir.lean_models import LeanCodeableConcept
from cds_service.fhir.shapes import SHAPES
from tests.stories.fifth_release import as_r5

DAILY = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}, "code": coded("http://t.test", "BID")}
DOSAGE = {
    "text": "2.5 mg twice daily",
    "timing": DAILY,
    "route": coded("http://snomed.info/sct", "26643006"),
    "doseAndRate": [{"doseQuantity": {"value": 2.5, "unit": "mg"}}],
}
WHY = [coded("http://hl7.org/fhir/sid/icd-10-cm", "N04.2", text="x")]
SAMPLES = {
    "a drug": statement(dosage=[DOSAGE], dateAsserted="2026-05-01", reasonCode=WHY),
    "a drug that was stopped": statement(
        status="stopped", effectivePeriod={"start": "2026-01-01", "end": "2026-02-01"}, statusReason=WHY
    ),
    "a drug that is not taken": statement(status="not-taken", statusReason=[{"text": "nausea"}]),
    "a drug on hold": statement(status="on-hold"),
    "a drug of which nobody knows": statement(status="unknown"),
    "a drug recorded in error": statement(status="entered-in-error"),
    "a prescription": request(dosageInstruction=[DOSAGE], statusReason=WHY[0], doNotPerform=False, reasonCode=WHY),
    "a prescription that was reported": request(intent="plan", reportedBoolean=True),
    "a dose": administration(
        dosage={"dose": {"value": 1000, "unit": "mg"}, "route": DOSAGE["route"]},
        statusReason=WHY,
        request={"reference": "MedicationRequest/1"},
    ),
    "doses over a period": administration(
        effectiveDateTime=None, effectivePeriod={"start": "2026-11-12", "end": "2026-11-13T10:00:00+01:00"}
    ),
    "an operation": made("Procedure", status="completed", code=coded(LOINC, "x"), performedDateTime="2026-01"),
    "an operation over days": made(
        "Procedure", status="completed", code=coded(LOINC, "x"), performedPeriod={"start": "2026"}
    ),
    "an allergy": made(
        "AllergyIntolerance", "patient", code=coded(LOINC, "x"), type="intolerance", onsetDateTime="2025"
    ),
}
CODE = LeanCodeableConcept(text="x")
SUBJECT = resources.subject_reference(ME)


def value_of(part: Any) -> Any:
    """A value to compare: what two models hold, whatever classes they are of. An empty list says nothing."""
    if isinstance(part, BaseModel):
        held = {name: value_of(getattr(part, name)) for name in type(part).model_fields}
        return {name: value for name, value in held.items() if value not in (None, [])}
    if isinstance(part, list):
        return [value_of(item) for item in part]
    return part if part is None else (type(part), str(part))


def read(resource: dict[str, Any], later: Any = FIFTH) -> Any:
    return resources.read_resource(resource, CODE, SUBJECT, Repairs(), None, later)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_what_both_releases_can_say_is_handed_on_alike(sample: dict[str, Any]) -> None:
    there = as_r5(sample)
    get_fhir_model_class(there["resourceType"]).model_validate(copy.deepcopy(there))
    assert there != sample
    assert value_of(read(there)) == value_of(read(sample))
    assert type(read(there)) is type(read(sample))


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_what_is_written_as_usual_takes_the_quick_way(sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if sample["resourceType"] == "AllergyIntolerance":
        sample = {**sample, "participant": []}
    monkeypatch.setattr(resources, "_mended_and_read", lambda *_: None)
    assert read(as_r5(sample)) is not None


def test_types_that_stand_for_each_other_are_alike_in_all_that_is_read() -> None:
    """Elements of the same name have the same type; what only one release has is known here."""
    only_in_one = {
        "Dosage": {"asNeededBoolean", "asNeededCodeableConcept", "asNeeded", "asNeededFor"},
        "Extension": {
            "valueAvailability",
            "valueExtendedContactDetail",
            "valueInteger64",
            "valueMeta",
            "valueContributor",
        },
        "ObservationComponent": {"valueAttachment", "valueReference"},
    }
    never_read = {("Dosage", "maxDosePerPeriod")}
    for fifth, fourth in fifth_parts.ALIKE.items():
        names = {name.removesuffix("__ext") for name in fifth.model_fields.keys() ^ fourth.model_fields.keys()}
        assert names == only_in_one.get(fifth.__name__, set()), fifth
        for name in fifth.model_fields.keys() & fourth.model_fields.keys():
            if (fifth.__name__, name) in never_read:
                continue
            mine, theirs = fifth.model_fields[name], fourth.model_fields[name]
            assert kind_of(mine.annotation) == kind_of(theirs.annotation), (fifth, name)
            assert mine.is_required() == theirs.is_required(), (fifth, name)


def kind_of(annotation: Any) -> str:
    return str(annotation).replace(".R4B", "")


REPLACEMENTS: tuple[Any, ...] = (
    *(None, "", "x", 7, True, [], [None], {}, {"text": "x"}, [{}], {"concept": {"text": 1}}, "2026-13-01", "2026-11"),
    *({"coding": [None]}, {"coding": [{}]}, {"value": "7.6"}, [{"concept": {"coding": "x"}}], [{"reference": {}}]),
    *({"code": {"coding": [{"code": "taking"}]}}, {"reason": {"text": "x"}}, [{"modifierExtension": [{"url": "x"}]}]),
)
NOT_ALL_READ = {"dosage", "dosageInstruction", "medication"}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_what_is_read_without_mending_the_models_of_r5_accept(sample: dict[str, Any]) -> None:
    there = as_r5(sample)
    if there["resourceType"] == "AllergyIntolerance":
        there = {**there, "participant": []}
    model = get_fhir_model_class(there["resourceType"])
    refused = 0
    for path in paths({name: value for name, value in there.items() if name not in NOT_ALL_READ}):
        if path[0] in ("resourceType", "subject", "patient", "id", "code", "participant"):
            continue
        for value in REPLACEMENTS:
            data, repairs = changed(there, path, value), Repairs()
            found = resources.read_resource(data, CODE, SUBJECT, repairs)
            refused += found is None
            if found is not None and not repairs:
                model.model_validate(copy.deepcopy(data))
    assert refused > 10


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_both_ways_lead_to_the_same_whatever_is_changed(
    sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = as_r5(sample)
    for path in paths(there):
        if path == ("resourceType",):
            continue
        for value in REPLACEMENTS:
            data = changed(there, path, value)
            quick = value_of(read(data))
            with monkeypatch.context() as patched:
                for shape in (SHAPES[there["resourceType"]], FIFTH[there["resourceType"]]):
                    patched.setattr(type(shape.plans), "__getitem__", lambda plans, names: None)
                assert quick == value_of(read(data)), (path, value)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in pairs:
        yield from paths(part, (*path, name))


def changed(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(data)
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return whole


UNREADABLE = {
    "elements of two releases": as_r5(administration()) | {"effectiveDateTime": "2026-01-01"},
    "an element nobody declared": as_r5(administration()) | {"foo": 1},
    "a modifier extension": as_r5(statement()) | {"modifierExtension": [{"url": "http://x", "valueBoolean": True}]},
    "a modifier of adherence": as_r5(statement())
    | {"adherence": {"code": {"text": "taking"}, "modifierExtension": [{}]}},
    "adherence without a code": as_r5(statement()) | {"adherence": {"reason": {"text": "nausea"}}},
    "two times": as_r5(administration()) | {"occurencePeriod": {"start": "2026-01-01"}},
    "no time of a dose": {k: v for k, v in as_r5(administration()).items() if k != "occurenceDateTime"},
    "no status": {k: v for k, v in as_r5(statement()).items() if k != "status"},
    "as needed in the words of R4": as_r5(statement(dosage=[{"asNeededBoolean": True}])),
}


@pytest.mark.parametrize("resource", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_r5_does_not_allow_is_named_and_not_read(resource: dict[str, Any]) -> None:
    found = chart(patient(), observation(id="good"), resource)
    assert [item.reason for item in found.unread] == ["UNREADABLE"]
    assert resource["resourceType"] not in found.resources

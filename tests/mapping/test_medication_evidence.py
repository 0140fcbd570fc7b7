"""What a medication record says beside drug and dates: for what, how well taken, how much, given at all.

The records are read from whole models here, so that these tests do not depend on what the reader projects.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.medicationadministration import MedicationAdministration
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.medicationstatement import MedicationStatement
from fhir_samples import (
    ICD10CM,
    LISINOPRIL,
    MYCOPHENOLATE,
    ON,
    RITUXIMAB,
    RXNORM,
    SNOMED,
    TACROLIMUS,
    Resource,
    administration,
    coded,
    day,
    request,
    statement,
    terminology,
)

from cds_service.case.model import Allergy, Dose, Exposure, NotTaken, SetAside
from cds_service.mapping.medications import READERS, orders_not_carried_out
from cds_service.mapping.readings import Reading, without_exposure

MODELS: dict[str, Any] = {
    "MedicationStatement": MedicationStatement,
    "MedicationRequest": MedicationRequest,
    "MedicationAdministration": MedicationAdministration,
}
ADHERENCE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medication-adherence"
ARTHRITIS = coded(ICD10CM, "M05.79")
SUBCUTANEOUS_RITUXIMAB, METHYLPREDNISOLONE = "1927884", "6902"


def validated(record: Resource) -> Any:
    return MODELS[record["resourceType"]].model_validate(record)


def read(record: Resource) -> Reading:
    kind = record["resourceType"]
    return READERS[kind](f"{kind}/1", validated(record), terminology(), ON.toordinal())


def exposure(record: Resource) -> Exposure:
    [found] = [fact for fact in read(record).facts if isinstance(fact, Exposure)]
    return found


# -- for what ----------------------------------------------------------------------------------------------

FOR_ANOTHER_DISEASE = {
    "an infusion for arthritis": (administration(reasonCode=[ARTHRITIS]), "rheumatoid arthritis"),
    "an order for lymphoma": (request(RITUXIMAB, reasonCode=[coded(ICD10CM, "C83.30")]), "lymphoma"),
    "a statement, after a transplant": (statement(reasonCode=[coded(ICD10CM, "Z94.4")]), "transplantation"),
    "a reason in words": (statement(reasonCode=[{"text": "Multiple sclerosis"}]), "multiple sclerosis"),
    "a drug known by name": (
        statement(medicationCodeableConcept={"text": "Truxima"}, reasonCode=[ARTHRITIS]),
        "rheumatoid arthritis",
    ),
}


@pytest.mark.parametrize(("record", "disease"), FOR_ANOTHER_DISEASE.values(), ids=FOR_ANOTHER_DISEASE.keys())
def test_a_drug_for_another_disease_is_no_exposure_of_ours_and_is_said(record: Resource, disease: str) -> None:
    """Traps 31 to 33, 57."""
    found = read(record)
    assert found.facts == ()
    [told] = found.set_aside
    assert (told.reason, told.shown, told.day) == ("OTHER_INDICATION", disease, day("2026-04-21"))
    assert told.concept in ("rituximab", "tacrolimus")


@pytest.mark.parametrize(("record", "disease"), FOR_ANOTHER_DISEASE.values(), ids=FOR_ANOTHER_DISEASE.keys())
def test_it_stays_an_exposure_for_safety(record: Resource, disease: str) -> None:
    """The same in every part as if it had been given for nothing said."""
    said_for_nothing = {name: part for name, part in record.items() if name != "reasonCode"}
    assert read(record).elsewhere == (exposure(said_for_nothing),), disease
    assert read(said_for_nothing).elsewhere == ()


def test_a_dose_for_another_disease_that_is_not_read_is_said_too() -> None:
    found = read(administration(reasonCode=[ARTHRITIS], dosage={"text": "500 mg once"}))
    assert [(told.reason, told.shown) for told in found.set_aside] == [
        ("OTHER_INDICATION", "rheumatoid arthritis"),
        ("DOSE_AS_TEXT", "500 mg once"),
    ]


OURS = {
    "no reason": {},
    "our disease": {"reasonCode": [coded(ICD10CM, "N04.20")]},
    "our disease beside another": {"reasonCode": [ARTHRITIS, coded(ICD10CM, "N04.20")]},
    "a reason that nobody knows": {"reasonCode": [{"text": "immunosuppression"}]},
}


@pytest.mark.parametrize("reason", OURS.values(), ids=OURS.keys())
def test_a_drug_for_our_disease_or_for_nothing_said_counts(reason: dict[str, Any]) -> None:
    assert exposure(administration(**reason)).agent == "rituximab"


@pytest.mark.parametrize("code", [LISINOPRIL, METHYLPREDNISOLONE])
def test_what_never_makes_a_line_counts_for_whatever_it_is_given(code: str) -> None:
    """An ACE inhibitor for hypertension protects the kidney all the same; a steroid is background."""
    assert exposure(statement(code, reasonCode=[ARTHRITIS])).start == day("2026-04-21")


def test_intolerance_stays_true_for_every_disease() -> None:
    ended = {"status": "stopped", "statusReason": [{"text": "intolerance"}]}
    found = read(statement(RITUXIMAB, reasonCode=[ARTHRITIS], **ended))
    [fact] = found.facts
    assert fact == Allergy("rituximab", "intolerance", "MedicationStatement/1", day("2026-04-21"))
    assert [told.reason for told in found.set_aside] == ["OTHER_INDICATION"]


# -- how well taken ----------------------------------------------------------------------------------------


def adherence(answer: Resource, when: str | None = "2026-11-01T08:00:00Z") -> dict[str, Any]:
    parts: list[Resource] = [{"url": "medicationAdherence", "valueCodeableConcept": answer}]
    parts += [{"url": "dateAsserted", "valueDateTime": when}] if when else []
    return {"extension": [{"url": "http://else.example", "valueBoolean": True}, {"url": ADHERENCE, "extension": parts}]}


TAKEN = {
    "partly": (adherence(coded(SNOMED, "275928001")), "2026-11-01"),
    "not at all": (adherence(coded(SNOMED, "266710000")), "2026-11-01"),
    "in words": (adherence({"text": "non-adherent"}), "2026-11-01"),
    "nobody says when": (adherence(coded(SNOMED, "7058009"), None), None),
}


@pytest.mark.parametrize(("extension", "when"), TAKEN.values(), ids=TAKEN.keys())
@pytest.mark.parametrize("record", [request, statement], ids=["order", "statement"])
def test_the_us_core_extension_that_says_otherwise_is_evidence_beside_the_exposure(
    record: Any, extension: dict[str, Any], when: str | None
) -> None:
    written = record(**extension)
    source = f"{written['resourceType']}/1"
    taken, refused = read(written).facts
    assert isinstance(taken, Exposure)
    assert refused == NotTaken("tacrolimus", source, day(when) if when else None)


NOTHING_SAID = {
    "as directed": adherence(coded(SNOMED, "1156699004")),
    "a code that nobody listed": adherence(coded("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK")),
    "no answer": {"extension": [{"url": ADHERENCE, "extension": [{"url": "dateAsserted", "valueDateTime": "2026"}]}]},
    "another extension": {"extension": [{"url": "http://else.example", "valueString": "non-adherent"}]},
}


@pytest.mark.parametrize("extension", NOTHING_SAID.values(), ids=NOTHING_SAID.keys())
def test_an_extension_that_does_not_say_otherwise_changes_nothing(extension: dict[str, Any]) -> None:
    assert read(request(**extension)) == read(request())


# -- how much ----------------------------------------------------------------------------------------------


def dosed(*amounts: Resource, **dosage: Any) -> Resource:
    return statement(dosage=[{**({"doseAndRate": list(amounts)} if amounts else {}), **dosage}])


def milligrams(value: float, unit: str = "mg") -> Resource:
    return {"doseQuantity": {"value": value, "unit": unit}}


DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
NOT_READ = {
    "a text": (dosed(text="3 mg twice daily"), ("DOSE_AS_TEXT", "3 mg twice daily")),
    "capsules": (dosed(milligrams(2, "{capsule}"), timing=DAILY), ("DOSE_NOT_READ", "2 {capsule}")),
    "capsules, and a text": (dosed(milligrams(2, "{capsule}"), text="2 x 1 mg"), ("DOSE_NOT_READ", "2 {capsule}")),
    "millilitres of an infusion": (
        administration(dosage={"dose": {"value": 50, "unit": "mL"}}),
        ("DOSE_NOT_READ", "50 mL"),
    ),
    "a text of an infusion": (
        administration(dosage={"text": "500 mg over 4 h"}),
        ("DOSE_AS_TEXT", "500 mg over 4 h"),
    ),
    "as needed": (dosed(milligrams(1), asNeededCodeableConcept={"text": "pain"}), ("DOSE_NOT_READ", "1 mg")),
    "less than": (
        dosed({"doseQuantity": {"value": Decimal("1.5"), "unit": "mg", "comparator": "<"}}),
        ("DOSE_NOT_READ", "<1.5 mg"),
    ),
}


@pytest.mark.parametrize(("record", "said"), NOT_READ.values(), ids=NOT_READ.keys())
def test_a_dose_that_is_no_milligrams_is_kept_and_said_and_never_read(record: Resource, said: tuple[str, str]) -> None:
    assert exposure(record).dose is None
    found = exposure(record)
    assert read(record).set_aside == (SetAside(found.source, said[0], found.agent, found.start, said[1]),)


SILENT = {
    "a dose that was read": dosed(milligrams(3), text="3 mg"),
    "nothing said of a dose": statement(),
    "a background drug": statement(LISINOPRIL, dosage=[{"text": "10 mg daily"}]),
}


@pytest.mark.parametrize("record", SILENT.values(), ids=SILENT.keys())
def test_otherwise_nothing_is_said_of_the_dose(record: Resource) -> None:
    assert read(record).set_aside == ()


SCHEDULES: dict[str, tuple[dict[str, Any], float | None]] = {
    "QD": ({"code": {"text": "QD"}}, 1),
    "BID": ({"code": {"text": "BID"}}, 2),
    "Q12H": ({"code": coded("http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "Q12H")}, 2),
    "a display": ({"code": {"coding": [{"code": "307469008", "display": "Twice daily"}]}}, 2),
    "every other day": ({"code": {"text": "every other day"}}, 0.5),
    "weekly": ({"code": {"text": "WK"}}, 1 / 7),
    "a code that nobody listed": ({"code": {"text": "as directed"}}, None),
    "every 6 to 8 hours: the longer": ({"repeat": {"frequency": 1, "period": 6, "periodMax": 8, "periodUnit": "h"}}, 3),
    "daily on three days of the week": (
        {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "wed", "fri"]}},
        3 / 7,
    ),
    "three times a week": (
        {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "wed", "fri"]}},
        3 / 7,
    ),
    "morning and evening": ({"repeat": {"when": ["MORN", "EVE"]}}, 2),
    "with meals": ({"repeat": {"when": ["C"]}}, None),
    "at two times of the day": ({"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}, 2),
    "a single time": ({"repeat": {"count": 1, "frequency": 1, "period": 1, "periodUnit": "d"}}, None),
}


@pytest.mark.parametrize(("timing", "times"), SCHEDULES.values(), ids=SCHEDULES.keys())
def test_a_schedule_in_times_per_day(timing: dict[str, Any], times: float | None) -> None:
    dose = exposure(dosed(milligrams(7), timing=timing)).dose
    assert dose == (Dose(7, "administration") if times is None else Dose(round(7 * times, 6), "day"))


AMOUNTS = {
    "ordered by surface and calculated: the milligrams": ([milligrams(375, "mg/m2"), milligrams(700)], 700),
    "two that differ: never more than is sure": ([milligrams(1000), milligrams(500)], 500),
    "one of two cannot be read": ([milligrams(50, "mL"), milligrams(500)], 500),
}


@pytest.mark.parametrize(("amounts", "mg"), AMOUNTS.values(), ids=AMOUNTS.keys())
def test_several_amounts_are_one(amounts: list[Resource], mg: float) -> None:
    assert exposure(dosed(*amounts)).dose == Dose(mg, "administration")


UNDER_THE_SKIN = {
    "by its product": administration(SUBCUTANEOUS_RITUXIMAB, dosage={"dose": {"value": 1400, "unit": "mg"}}),
    "by its route": administration(dosage={"dose": {"value": 1400, "unit": "mg"}, "route": coded(SNOMED, "34206005")}),
    "by its name": administration(
        medicationCodeableConcept={"text": "Rituxan Hycela"}, dosage={"dose": {"value": 1.4, "unit": "g"}}
    ),
}


@pytest.mark.parametrize("record", UNDER_THE_SKIN.values(), ids=UNDER_THE_SKIN.keys())
def test_rituximab_under_the_skin_counts_as_the_infusion_it_replaces(record: Resource) -> None:
    """Trap 42: 1400 mg replace 375 mg/m2, which are 0.7 g (3.4). Half a course, not a whole one."""
    assert exposure(record).dose == Dose(700, "administration")
    assert exposure(record).route == "parenteral"


# -- given at all ------------------------------------------------------------------------------------------


def test_a_capsule_onto_the_skin_is_refused_and_said() -> None:
    found = read(statement("198377", dosage=[{"route": coded(SNOMED, "6064005")}]))
    assert (found.facts, [told.reason for told in found.set_aside]) == ((), ["ROUTE_CONFLICT"])


def test_a_code_under_the_name_of_another_of_our_drugs_is_refused() -> None:
    """Terminology 3.1: believe the code only after display agreement."""
    concept = {**coded(RXNORM, TACROLIMUS), "text": "mycophenolate mofetil 500 mg tablet"}
    found = read(statement(medicationCodeableConcept=concept))
    assert (found.facts, [told.reason for told in found.set_aside]) == ((), ["CODE_CONFLICT"])


BESIDE = {
    "its own name": (coded(RXNORM, TACROLIMUS, text="Prograf 1 mg"), True),
    "another salt of the same drug": (coded(RXNORM, MYCOPHENOLATE, text="mycophenolic acid"), True),
    "a name of none of our drugs": (coded(RXNORM, TACROLIMUS, text="see list"), True),
    "a name of the ointment": (coded(RXNORM, TACROLIMUS, text="tacrolimus 0.1 % topical ointment"), False),
}


@pytest.mark.parametrize(("concept", "counts"), BESIDE.values(), ids=BESIDE.keys())
def test_a_name_beside_a_code(concept: Resource, counts: bool) -> None:
    found = read(statement(medicationCodeableConcept=concept))
    assert [fact.coded for fact in found.facts if isinstance(fact, Exposure)] == ([True] if counts else [])
    assert found.set_aside == ()


def test_a_text_of_two_of_our_drugs_is_refused_and_said() -> None:
    found = read(statement(medicationCodeableConcept={"text": "rituximab and cyclophosphamide"}))
    assert (found.facts, [told.reason for told in found.set_aside]) == ((), ["CODE_CONFLICT"])


def infusion(status: str, order: str | None) -> tuple[str, Any]:
    pointer: dict[str, Any] = {"request": {"reference": order}} if order else {}
    return "MedicationAdministration/1", validated(administration(status=status, **pointer))


ORDERS: dict[str, tuple[list[tuple[str, str | None]], set[str]]] = {
    "not done": ([("not-done", "MedicationRequest/1")], {"MedicationRequest/1"}),
    "done": ([("completed", "MedicationRequest/1")], set()),
    "one of two done": ([("completed", "MedicationRequest/1"), ("not-done", "MedicationRequest/1")], set()),
    "not done, of no order": ([("not-done", None)], set()),
    "on hold is not said to be not done": ([("on-hold", "MedicationRequest/1")], set()),
}


@pytest.mark.parametrize(("given", "orders"), ORDERS.values(), ids=ORDERS.keys())
def test_an_order_that_was_not_carried_out(given: list[tuple[str, str | None]], orders: set[str]) -> None:
    """Trap 36."""
    assert orders_not_carried_out([infusion(*one) for one in given]) == orders


def test_it_is_no_exposure_and_is_said() -> None:
    found = without_exposure(read(request(RITUXIMAB)))
    assert (found.facts, [told.reason for told in found.set_aside]) == ((), ["STATUS"])
    other = without_exposure(read(request(RITUXIMAB, reasonCode=[ARTHRITIS])))
    assert (other.elsewhere, [told.reason for told in other.set_aside]) == ((), ["STATUS"])
    nothing = read(statement("2055021"))
    assert without_exposure(nothing) == nothing


STEPS = {
    "from the first step to the last": (["2026-04-01/2026-05-31", "2026-06-01/2026-09-30"], "2026-04-01", "2026-09-30"),
    "whatever their order": (["2026-06-01/2026-09-30", "2026-04-01/2026-05-31"], "2026-04-01", "2026-09-30"),
    "the last step goes on": (["2026-04-01/2026-05-31", "2026-06-01/"], "2026-04-01", None),
}


@pytest.mark.parametrize(("steps", "start", "end"), STEPS.values(), ids=STEPS.keys())
def test_an_order_in_steps_lasts_from_the_first_to_the_last(steps: list[str], start: str, end: str | None) -> None:
    bounds = [dict(zip(("start", "end"), step.split("/"), strict=True)) for step in steps]
    written = [
        {"timing": {"repeat": {"boundsPeriod": {name: when for name, when in step.items() if when}}}} for step in bounds
    ]
    found = exposure(request(dosageInstruction=written))
    assert (found.start, found.end) == (day(start), day(end) if end else None)

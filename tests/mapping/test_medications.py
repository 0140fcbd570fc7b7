"""Medication records to exposure (clinical-spec 3.2; R-09 to R-27; attack case CLIN-15)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import (
    ICD10CM,
    LISINOPRIL,
    MYCOPHENOLATE,
    RITUXIMAB,
    RXNORM,
    SNOMED,
    TACROLIMUS,
    administration,
    case,
    coded,
    day,
    numbered,
    reasons,
    request,
    statement,
)

from cds_service.case.model import Dose, Exposure, NotTaken

LINE_END = "https://nextline-cds.org/CodeSystem/line-end"
STOPPED = {"status": "stopped"}


def period(start: str | None = None, end: str | None = None) -> dict[str, Any]:
    return {"effectivePeriod": {name: when for name, when in (("start", start), ("end", end)) if when}}


def bounds(start: str | None = None, end: str | None = None, **repeat: Any) -> dict[str, Any]:
    written = {name: when for name, when in (("start", start), ("end", end)) if when}
    return {"dosageInstruction": [{"timing": {"repeat": {**({"boundsPeriod": written} if written else {}), **repeat}}}]}


def only(read: Any) -> Exposure:
    [exposure] = read.exposures
    return exposure


COURSES: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "taken since April": (statement(), "2026-04-21", None),
    "taken until June": (
        statement(status="completed", **period("2026-04-21", "2026-06-30")),
        "2026-04-21",
        "2026-06-30",
    ),
    "active with an end in the past": (statement(**period("2026-04-21", "2026-06-30")), "2026-04-21", "2026-06-30"),
    "active with a planned end": (statement(**period("2026-04-21", "2027-06-30")), "2026-04-21", None),
    "stopped with an end ahead: over by today": (
        statement(**STOPPED, **period("2026-04-21", "2027-06-30")),
        "2026-04-21",
        "2026-11-22",
    ),
    "stopped without an end: never open": (statement(**STOPPED), "2026-04-21", "2026-04-21"),
    "on hold: not exposure now": (statement(status="on-hold"), "2026-04-21", "2026-04-21"),
    "since a month: its last day": (statement(**period("2026-04")), "2026-04-30", None),
    "since a month, and over within it": (
        statement(**STOPPED, **period("2026-04", "2026-04-20")),
        "2026-04-20",
        "2026-04-20",
    ),
    "until a month: its first day": (
        statement(**STOPPED, **period("2026-04-21", "2026-06")),
        "2026-04-21",
        "2026-06-01",
    ),
    "within one month: one day is sure": (
        statement(**STOPPED, **period("2026-04", "2026-04")),
        "2026-04-30",
        "2026-04-30",
    ),
    "at one time, and active": (statement(effectivePeriod=None, effectiveDateTime="2026-04-21"), "2026-04-21", None),
    "asserted, and active": (statement(effectivePeriod=None, dateAsserted="2026-04-21"), "2026-04-21", None),
    "only its end is known": (statement(**STOPPED, **period(None, "2026-06-30")), "2026-06-30", "2026-06-30"),
    "ordered in April": (request(), "2026-04-21", None),
    "ordered with bounds": (request(**bounds("2026-05-01", "2026-06-30")), "2026-05-01", "2026-06-30"),
    "ordered for a length of time": (
        request(status="completed", **bounds(boundsDuration={"value": 4, "code": "wk"})),
        "2026-04-21",
        "2026-05-19",
    ),
    "an order that ran out without saying when": (request(status="completed"), "2026-04-21", "2026-04-21"),
    "an order that was stopped": (request(**STOPPED, **bounds("2026-04-21", "2026-06-30")), "2026-04-21", "2026-06-30"),
    "an infusion ordered is one dose": (request(RITUXIMAB), "2026-04-21", "2026-04-21"),
    "an infusion given": (administration(), "2026-04-21", "2026-04-21"),
    "an infusion over midnight": (
        administration(effectiveDateTime=None, **period("2026-04-21T22:00:00Z", "2026-04-22T02:00:00Z")),
        "2026-04-21",
        "2026-04-21",
    ),
    "an infusion broken off": (administration(**STOPPED), "2026-04-21", "2026-04-21"),
}


@pytest.mark.parametrize(("record", "start", "end"), COURSES.values(), ids=COURSES.keys())
def test_from_when_to_when(record: dict[str, Any], start: str, end: str | None) -> None:
    exposure = only(case(record))
    assert (exposure.start, exposure.end) == (day(start), day(end) if end else None)


ASSERTED = {"effectivePeriod": None, "dateAsserted": "2026-04-21"}


def test_of_a_start_that_is_not_told_to_the_day_it_is_said_that_no_day_was_stated() -> None:
    assert only(case(statement())).start_stated
    for told in (period("2026-04"), {"effectivePeriod": {"end": "2026-05-01"}}, ASSERTED):
        assert not only(case(statement(**told))).start_stated


IMPRECISE: dict[str, dict[str, Any]] = {
    "since a year": statement(**period("2026")),
    "since an earlier year": statement(**period("2024")),
    "since the month that is not over": statement(**period("2026-11")),
    "an order of a year": request(authoredOn="2025"),
    "an infusion of a year": administration(effectiveDateTime="2025"),
}


@pytest.mark.parametrize("record", IMPRECISE.values(), ids=IMPRECISE.keys())
def test_a_start_that_places_nothing_is_set_aside_with_its_drug(record: dict[str, Any]) -> None:
    """CLIN-28: used only as an interval, never as a day that nobody wrote."""
    read = case(record)
    assert read.exposures == ()
    [said] = read.set_aside
    assert (said.reason, said.day) == ("DATE_IMPRECISE", None)
    assert said.concept in ("tacrolimus", "rituximab")


NOT_EXPOSURE: dict[str, tuple[dict[str, Any], str]] = {
    **{f"a statement that is {word}": (statement(status=word), "STATUS") for word in ("intended", "unknown", "bogus")},
    **{
        f"an order that is {word}": (request(status=word), "STATUS")
        for word in ("draft", "cancelled", "unknown", "bogus", "entered-in-error")
    },
    **{
        f"an administration that is {word}": (administration(status=word), "STATUS")
        for word in ("not-done", "on-hold", "unknown", "preparation", "entered-in-error")
    },
    **{f"a {word}": (request(intent=word), "STATUS") for word in ("proposal", "plan", "option", "directive")},
    "an order not to give it": (request(doNotPerform=True), "STATUS"),
    "an infusion order that was stopped (CLIN-15)": (request(RITUXIMAB, **STOPPED), "STATUS"),
    "a course that begins next month": (statement(**period("2026-12-21")), "FUTURE"),
    "a course that ended before it began": (
        statement(**STOPPED, **period("2026-04-21", "2026-01-01")),
        "DATE_REVERSED",
    ),
    "an active course without any date": (statement(effectivePeriod=None), "DATE_MISSING"),
    "a past course without any date": (statement(**STOPPED, effectivePeriod=None), "DATE_MISSING"),
    "an infusion order without a date": (request(RITUXIMAB, authoredOn=None), "DATE_MISSING"),
    "an order without an intent": (request(intent=None), "UNREADABLE"),
    "two codes of two drugs": (
        statement(
            medicationCodeableConcept={
                "coding": [*coded(RXNORM, TACROLIMUS)["coding"], *coded(RXNORM, MYCOPHENOLATE)["coding"]]
            }
        ),
        "CODE_CONFLICT",
    ),
}


@pytest.mark.parametrize(("record", "reason"), NOT_EXPOSURE.values(), ids=NOT_EXPOSURE.keys())
def test_what_is_not_exposure_is_said(record: dict[str, Any], reason: str) -> None:
    read = case(record)
    assert (read.exposures, read.not_taken, reasons(read)) == ((), (), [reason])


def test_not_taken_is_evidence_and_not_exposure() -> None:
    read = case(statement(status="not-taken", **period("2026-04-21", "2026-06-30")))
    assert (read.exposures, read.not_taken) == (
        (),
        (NotTaken("tacrolimus", "MedicationStatement/med-1", day("2026-06-30")),),
    )


REPORTED = {
    "reported by the patient": ({"reportedBoolean": True}, "statement"),
    "reported by somebody": ({"reportedReference": {"reference": "RelatedPerson/7"}}, "statement"),
    "not reported": ({"reportedBoolean": False}, None),
}


@pytest.mark.parametrize(("elements", "kind"), REPORTED.values(), ids=REPORTED.keys())
def test_a_plan_counts_as_a_statement_when_it_is_reported(elements: dict[str, Any], kind: str | None) -> None:
    assert [exposure.kind for exposure in case(request(intent="plan", **elements)).exposures] == (
        [kind] if kind else []
    )


def amount(value: float | None, unit: str, **timing: Any) -> dict[str, Any]:
    dosage: dict[str, Any] = {"doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}]}
    return {"dosage": [{**dosage, "timing": {"repeat": timing}} if timing else dosage]}


DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}
DOSES: dict[str, tuple[dict[str, Any], Dose | None]] = {
    "6 mg once a day": (amount(6, "mg", **DAILY), Dose(6, "day")),
    "1 g twice a day": (amount(1, "g", frequency=2, period=1, periodUnit="d"), Dose(2000, "day")),
    "500 mg every 12 hours": (amount(500, "mg", frequency=1, period=12, periodUnit="h"), Dose(1000, "day")),
    "35 mg a week": (amount(35, "mg", frequency=1, period=1, periodUnit="wk"), Dose(5, "day")),
    "every second day": (amount(10, "mg", frequency=1, period=2, periodUnit="d"), Dose(5, "day")),
    "morning and evening": (amount(3, "mg", timeOfDay=["08:00:00", "20:00:00"]), Dose(6, "day")),
    "a dose per day written as a unit": (amount(6, "mg/d"), Dose(6, "day")),
    "a single dose": (amount(500, "mg"), Dose(500, "administration")),
    "per body surface": (amount(375, "mg/m2"), Dose(375, "administration-m2")),
    "per body surface every day has no certain milligrams": (amount(50, "mg/m2", **DAILY), None),
    "per kilogram has none": (amount(1, "mg/kg", **DAILY), None),
    "tablets have none": (amount(2, "{tbl}", **DAILY), None),
    "micrograms": (amount(500, "ug", **DAILY), Dose(0.5, "day")),
    "no number": (amount(None, "mg", **DAILY), None),
    "a negative dose": (amount(-6, "mg", **DAILY), None),
    "an absurd dose": (amount(1e12, "mg", **DAILY), None),
    "as needed": ({"dosage": [{**amount(6, "mg", **DAILY)["dosage"][0], "asNeededBoolean": True}]}, None),
    "only a text": ({"dosage": [{"text": "6 mg daily"}]}, None),
    "a timing code": (
        {"dosage": [{**amount(3, "mg")["dosage"][0], "timing": {"code": coded("http://x", "BID")}}]},
        Dose(6, "day"),
    ),
    "a range: never more than is sure": (
        {
            "dosage": [
                {
                    "timing": {"repeat": DAILY},
                    "doseAndRate": [
                        {"doseRange": {"low": {"value": 4, "unit": "mg"}, "high": {"value": 6, "unit": "mg"}}}
                    ],
                }
            ]
        },
        Dose(4, "day"),
    ),
    "a code and a unit that contradict each other": (
        {"dosage": [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg", "code": "g"}}]}]},
        None,
    ),
    "a morning and an evening dose add up": (
        {"dosage": [*amount(3, "mg", **DAILY)["dosage"], *amount(2, "mg", **DAILY)["dosage"]]},
        Dose(5, "day"),
    ),
    "of a sequence of steps the first": (
        {
            "dosage": [
                {**amount(6, "mg", **DAILY)["dosage"][0], "sequence": 1},
                {**amount(2, "mg", **DAILY)["dosage"][0], "sequence": 2},
            ]
        },
        Dose(6, "day"),
    ),
    "a rate per day": ({"dosage": [{"doseAndRate": [{"rateQuantity": {"value": 6, "unit": "mg/d"}}]}]}, Dose(6, "day")),
    "a rate per hour": ({"dosage": [{"doseAndRate": [{"rateQuantity": {"value": 6, "unit": "mg/h"}}]}]}, None),
    "two doses, one of them in tablets": (
        {"dosage": [*amount(3, "mg", **DAILY)["dosage"], *amount(2, "{tbl}", **DAILY)["dosage"]]},
        Dose(3, "day"),
    ),
    "a timing of an odd shape": ({"dosage": [{"timing": {"event": ["2026-01-01"]}}]}, None),
    "none": ({}, None),
}


@pytest.mark.parametrize(("elements", "dose"), DOSES.values(), ids=DOSES.keys())
def test_a_dose_in_milligrams(elements: dict[str, Any], dose: Dose | None) -> None:
    assert only(case(statement(**elements))).dose == dose


def test_an_administered_dose() -> None:
    assert only(case(administration())).dose == Dose(1000, "administration")
    assert only(case(administration(dosage=None))).dose is None
    in_grams = {"dosage": {"dose": {"value": 1, "unit": "g"}}}
    assert only(case(administration(**in_grams))).dose == Dose(1000, "administration")


def given_by(code: str = "", display: str = "", text: str = "") -> dict[str, Any]:
    coding = {"system": SNOMED, **({"code": code} if code else {}), **({"display": display} if display else {})}
    return {"dosage": [{"route": {"coding": [coding], **({"text": text} if text else {})}}]}


ROUTES: dict[str, tuple[dict[str, Any], str | None]] = {
    "by mouth": (statement(**given_by("26643006")), "oral"),
    "into a vein": (statement(**given_by("47625008")), "parenteral"),
    "under the skin": (statement(**given_by("34206005")), "parenteral"),
    "a name beside an unknown code": (statement(**given_by("999", "Oral use")), "oral"),
    "not said": (statement(), ""),
    "said in a word we do not know": (statement(**given_by("999", "Intraperitoneal")), ""),
    "said as a text": (statement(dosage=[{"route": {"text": "IV infusion"}}]), "parenteral"),
    "onto the skin": (statement(**given_by("6064005")), None),
    "into the eye, in words": (statement(**given_by("999", "Ophthalmic route")), None),
    "an ointment by its code (trap 27)": (statement("313189"), None),
    "eye drops by their code (trap 28)": (statement("2055021"), None),
}


@pytest.mark.parametrize(("record", "route"), ROUTES.values(), ids=ROUTES.keys())
def test_a_local_route_is_no_exposure(record: dict[str, Any], route: str | None) -> None:
    read = case(record)
    assert [exposure.route for exposure in read.exposures] == ([route] if route is not None else [])
    assert (read.bins.not_relevant, reasons(read)) == (1 if route is None else 0, [])


def test_a_record_that_is_about_no_drug_is_not_relevant() -> None:
    as_condition = coded("http://snomed.info/sct", "722119002")
    for record in (statement, request, administration):
        read = case(record(medicationCodeableConcept=as_condition))
        assert (read.exposures, read.bins.not_relevant) == ((), 1)


NAMES: dict[str, tuple[dict[str, Any], str | None]] = {
    "a brand": ({"text": "Prograf 1 mg capsule"}, "tacrolimus"),
    "a name beside a local code": (
        {"coding": [{"system": "http://local", "code": "7", "display": "Rituximab-abbs 500 mg/50 mL IV solution"}]},
        "rituximab",
    ),
    "an ointment by name": ({"text": "Tacrolimus 0.1 % ointment"}, None),
    "another drug": ({"text": "Metformin 500 mg"}, None),
    "a level is no drug": ({"text": "tacrolimus level"}, None),
}


@pytest.mark.parametrize(("concept", "agent"), NAMES.values(), ids=NAMES.keys())
def test_a_drug_known_by_name_only_is_marked(concept: dict[str, Any], agent: str | None) -> None:
    read = case(statement(medicationCodeableConcept=concept))
    assert [(exposure.agent, exposure.coded) for exposure in read.exposures] == ([(agent, False)] if agent else [])
    assert read.bins.not_relevant == (0 if agent else 1)


REASONS = {
    "our own code": ([coded(LINE_END, "ineffective")], "ineffective"),
    "our own code and a text": ([coded(LINE_END, "intolerance", text="intolerance")], "intolerance"),
    "a code of HL7": (
        [coded("http://terminology.hl7.org/CodeSystem/medicationrequest-status-reason", "sintol")],
        "intolerance",
    ),
    "the second of two": ([coded("http://x", "y"), coded(LINE_END, "remission")], "remission"),
    "words": ([{"text": "ineffective"}], "ineffective"),
    "words that are not listed": ([{"text": "insurance"}], ""),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("stated", "reason"), REASONS.values(), ids=REASONS.keys())
def test_why_it_ended(stated: list[dict[str, Any]] | None, reason: str) -> None:
    ended = {**STOPPED, **period("2026-01-01", "2026-06-01")}
    assert only(case(statement(statusReason=stated, **ended))).reason == reason
    single = {"statusReason": stated[-1]} if stated else {}
    assert only(case(request(**STOPPED, **bounds("2026-01-01", "2026-06-01"), **single))).reason == reason


def test_every_counting_record_is_handed_over() -> None:
    read = case(*numbered(request(RITUXIMAB), administration(), statement(RITUXIMAB, **period("2026-04-21"))))
    assert sorted(exposure.kind for exposure in read.exposures) == ["administration", "request", "statement"]


LYMPHOMA, MEMBRANOUS = {"reasonCode": [coded(ICD10CM, "C83.30")]}, {"reasonCode": [coded(ICD10CM, "N04.20")]}
BY_ORDER = {"request": {"reference": "MedicationRequest/order"}}
ORDERED = {
    # what the infusion says of itself, what its order says, for what disease it counts ("" for ours)
    "nothing, a lymphoma": ({}, LYMPHOMA, "lymphoma"),
    "a word that tells nothing, a lymphoma": ({"reasonCode": [{"text": "infusion"}]}, LYMPHOMA, "lymphoma"),
    "our disease, a lymphoma": (MEMBRANOUS, LYMPHOMA, ""),
    "nothing, our disease": ({}, MEMBRANOUS, ""),
    "nothing, nothing": ({}, {}, ""),
}


@pytest.mark.parametrize(("own", "ordered", "disease"), ORDERED.values(), ids=ORDERED.keys())
def test_an_infusion_was_given_for_what_it_was_ordered_for(
    own: dict[str, Any], ordered: dict[str, Any], disease: str
) -> None:
    read = case(request(RITUXIMAB, id="order", **ordered), administration(id="given", **BY_ORDER, **own))
    said = [(item.resource, item.shown) for item in read.set_aside if item.reason == "OTHER_INDICATION"]
    assert (("MedicationAdministration/given", disease) in said) is bool(disease)
    counted = [one.source for one in read.exposures]
    assert ("MedicationAdministration/given" in counted) is not bool(disease)
    assert ("MedicationAdministration/given" in [one.source for one in read.elsewhere]) is bool(disease)


def test_an_order_that_is_not_in_the_chart_says_nothing_of_what_it_was_for() -> None:
    read = case(request(RITUXIMAB, id="another", **LYMPHOMA), administration(id="given", **BY_ORDER))
    assert [one.source for one in read.exposures] == ["MedicationAdministration/given"]


def test_a_steroid_for_another_disease_counts_all_the_same() -> None:
    steroid = "6902"
    read = case(request(steroid, id="order", **LYMPHOMA), administration(steroid, id="given", **BY_ORDER))
    assert "MedicationAdministration/given" in [one.source for one in read.exposures]


def test_background_drugs_are_exposure_too() -> None:
    assert only(case(statement(LISINOPRIL))).agent == "acei"


def test_an_order_of_an_infused_drug_with_an_open_period_goes_on() -> None:
    written = request(RITUXIMAB, **bounds("2026-04-21"))
    assert only(case(written)).end is None


def test_a_stopped_infusion_order_counts_when_it_says_why_what_was_given_ended() -> None:
    ended = {"statusReason": coded(LINE_END, "ineffective"), **STOPPED, **bounds("2026-01-10", "2026-06-30")}
    assert only(case(request(RITUXIMAB, **ended))).reason == "ineffective"
    assert case(request(RITUXIMAB, **STOPPED, **bounds("2026-01-10", "2026-06-30"))).exposures == ()


def test_an_end_that_is_not_told_is_remembered() -> None:
    assert not only(case(statement(**STOPPED))).end_stated
    assert only(case(statement())).end_stated
    assert only(case(request(RITUXIMAB))).end_stated

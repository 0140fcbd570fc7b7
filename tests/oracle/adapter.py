"""A vignette as the engine's Case, without FHIR: status filters, units and R-04 are applied here as mapping would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cds_service.case.model import (
    Allergy,
    Case,
    Condition,
    Dose,
    Exposure,
    Finding,
    NotTaken,
    Patient,
    Procedure,
    Quantity,
    SetAside,
    Span,
)
from tests.oracle.facts import (
    CLASS_OF,
    DROPPED_MEDICATION,
    EPS,
    INDEX,
    KEPT_OBSERVATION,
    NUMBERS,
    ORDER_INTENTS,
    WORDS,
    what_is_told,
)

KINDS: dict[str, Any] = {
    "MedicationAdministration": "administration",
    "MedicationStatement": "statement",
    "MedicationRequest": "request",
}
CANONICAL = {measure: next(u for u, f in units.items() if f == 1) for measure, (_, _, units) in NUMBERS.items()}
PER: dict[str, Any] = {
    "mg/d": "day",
    "g/d": "day",
    "mg": "administration",
    "g": "administration",
    "mg/m2": "administration-m2",
}


def ordinal(offset: int) -> int:
    return INDEX.toordinal() + offset


def build_case(vignette: dict[str, Any]) -> Case:
    """Every fact in the place where the engine looks for it."""
    patient = vignette["patient"]
    born = (INDEX.replace(year=INDEX.year - patient["age"]) - timedelta(days=100)).toordinal()
    numbers: dict[str, dict[int, Quantity]] = {}
    doubles: list[Quantity] = []
    words: dict[str, dict[int, Finding]] = {}
    aside: list[SetAside] = []
    facts = [(f"{fact['r']}/{i}", fact) for i, fact in enumerate(vignette["facts"])]
    for source, fact in facts:
        if fact["r"] == "Observation" and fact.get("status", "final") in KEPT_OBSERVATION:
            add_observation(numbers, words, (aside, doubles), source, fact)
    return Case(
        patient=Patient(sex=patient["sex"], born=Span(born, born), source="Patient/1"),
        quantities={m: tuple(days[d] for d in sorted(days)) for m, days in numbers.items()},
        findings={m: tuple(days[d] for d in sorted(days)) for m, days in words.items()},
        conditions=tuple(condition(s, f) for s, f in facts if f["r"] == "Condition" and holds(f)),
        procedures=tuple(
            Procedure(f["concept"], s, ordinal(f["day"]))
            for s, f in facts
            if f["r"] == "Procedure" and f.get("status", "completed") == "completed"
        ),
        exposures=tuple(exposure(s, f) for s, f in facts if f["r"] in KINDS and counts(f) and placed(f)),
        not_taken=tuple(
            NotTaken(f["concept"], s, ordinal(f.get("start", f.get("day", 0))))
            for s, f in facts
            if f["r"] in KINDS and f.get("status") == "not-taken"
        ),
        allergies=tuple(
            Allergy(f["concept"], "allergy", s)
            for s, f in facts
            if f["r"] == "AllergyIntolerance"
            and f.get("clinical") == "active"
            and f.get("verification") in {"confirmed", "unconfirmed"}
        ),
        set_aside=(*aside, *(not_placed(s, f) for s, f in facts if not placed(f))),
        disagreements=tuple(pair for other in doubles for pair in pairs(numbers[other.measure][other.day], other)),
    )


def pairs(kept: Quantity, other: Quantity) -> list[tuple[Quantity, Quantity]]:
    low, high = sorted((kept.value, other.value))
    return [(kept, other)] if high - low > 0.2 * low else []


def placed(fact: dict[str, Any]) -> bool:
    return fact.get("told") not in {"nothing", "no name"}


def not_placed(source: str, fact: dict[str, Any]) -> SetAside:
    if fact["told"] == "nothing":
        return SetAside(source, "DATE_MISSING", fact["concept"])
    return SetAside(source, "MEDICATION_UNRESOLVED")


def holds(fact: dict[str, Any]) -> bool:
    return fact.get("verification", "") not in {"refuted", "entered-in-error"}


def counts(fact: dict[str, Any]) -> bool:
    if fact["concept"] not in CLASS_OF or fact.get("status", "completed") in DROPPED_MEDICATION:
        return False
    return fact["r"] != "MedicationRequest" or fact.get("intent", "order") in ORDER_INTENTS


def add_observation(
    numbers: dict[str, dict[int, Quantity]],
    words: dict[str, dict[int, Finding]],
    lost: tuple[list[SetAside], list[Quantity]],
    source: str,
    fact: dict[str, Any],
) -> None:
    concept, day = fact["concept"], ordinal(fact["day"])
    aside, doubles = lost
    if concept in WORDS:
        words.setdefault(concept, {})[day] = Finding(concept, day, str(fact["value"]), source)
        return
    if concept not in NUMBERS:
        return
    low, high, units = NUMBERS[concept]
    factor = units.get(fact.get("unit", ""))
    if factor is None:
        aside.append(SetAside(source, "UNIT_REJECTED", concept, day))
        return
    value = fact["value"] * factor
    if not low - EPS <= value <= high + EPS:
        aside.append(SetAside(source, "PLAUSIBILITY_REJECTED", concept, day))
        return
    method = fact.get("method", "")
    if concept == "albumin" and method in {"BCP", "immunometric"}:
        value += 5
    quantity = Quantity(concept, day, float(value), CANONICAL[concept], source, method=method)
    days = numbers.setdefault(concept, {})
    doubles += [days[day]] if day in days else []
    days[day] = quantity


def condition(source: str, fact: dict[str, Any]) -> Condition:
    onset = None if fact.get("onset") is None else Span(ordinal(fact["onset"]), ordinal(fact["onset"]))
    return Condition(
        fact["concept"], source, onset, clinical=fact.get("clinical", ""), verification=fact.get("verification", "")
    )


def exposure(source: str, fact: dict[str, Any]) -> Exposure:
    start = fact["day"] if "day" in fact else fact["start"]
    end = start if "day" in fact else fact.get("end")
    told = what_is_told(fact)
    if told == "start":
        end = start
    if told == "end" and end is not None:
        start = end
    dose = None
    if fact.get("dose") is not None:
        unit = fact.get("dose_unit", "")
        dose = Dose(float(fact["dose"]) * (1000 if unit.startswith("g") else 1), PER.get(unit, ""))
    return Exposure(
        fact["concept"],
        KINDS[fact["r"]],
        ordinal(start),
        None if end is None else ordinal(end),
        source,
        dose,
        reason=fact.get("reason", ""),
        end_stated=told != "start",
        start_stated=told != "end",
    )

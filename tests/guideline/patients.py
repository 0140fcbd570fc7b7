"""Patients in a few readable words: `resistant_mn(albumin(-10, 36))` is the standard patient with one fact changed.

Days are offsets from the day of the assessment, negative in the past. A fact replaces the standard patient's
fact of the same measure and day (or of the same problem); `without("albumin")` takes away all of a measure,
problem, procedure or drug.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
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

ON = date(2026, 11, 22)
TODAY = ON.toordinal()
UNITS = {
    "proteinuria_24h": "g/d",
    "upcr": "g/g",
    "albumin": "g/L",
    "creatinine": "umol/L",
    "egfr": "mL/min/1.73m2",
    "anti_pla2r_elisa": "RU/mL",
    "cd19_count": "cells/uL",
    "igg": "g/L",
    "c3": "g/L",
    "sbp": "mm[Hg]",
    "dbp": "mm[Hg]",
    "wbc": "10*9/L",
    "neutrophils": "10*9/L",
    "kidney_length": "cm",
    "cyc_cumulative_prior": "g",
    "crescents_pct": "%",
}


@dataclass(frozen=True)
class Without:
    names: tuple[str, ...]


@dataclass(frozen=True)
class Elsewhere:
    """A drug that was given for another disease."""

    exposure: Exposure


Fact = Any  # one value of the case model, a Without, or a tuple of these


def without(*names: str) -> Without:
    return Without(names)


# -- single facts ---------------------------------------------------------------------------------------


def patient(sex: str = "male", age: int = 52, days_past_birthday: int = 100) -> Patient:
    born = date(ON.year - age, ON.month, ON.day).toordinal() - days_past_birthday
    return Patient(sex, Span(born, born), source="Patient/1")  # type: ignore[arg-type]


def number(measure: str, day: int, value: float, bound: str = "", method: str = "") -> Quantity:
    unit = UNITS.get(measure, "ng/mL" if measure.endswith("trough") else "")
    source = f"Observation/{measure}{day}"
    return Quantity(measure, TODAY + day, value, unit, source, f"{bound}{value:g}", bound, method=method)  # type: ignore[arg-type]


def proteinuria(day: int, value: float) -> Quantity:
    return number("proteinuria_24h", day, value)


def upcr(day: int, value: float) -> Quantity:
    return number("upcr", day, value)


def albumin(day: int, value: float) -> Quantity:
    return number("albumin", day, value)


def egfr(day: int, value: float) -> Quantity:
    return number("egfr", day, value)


def creatinine(day: int, value: float) -> Quantity:
    return number("creatinine", day, value)


def elisa(day: int, value: float, bound: str = "") -> Quantity:
    return number("anti_pla2r_elisa", day, value, bound)


def trough(day: int, value: float, agent: str = "tacrolimus") -> Quantity:
    return number(f"{agent}_trough", day, value)


def cd19(day: int, value: float) -> Quantity:
    return number("cd19_count", day, value)


def word(measure: str, day: int, answer: str) -> Finding:
    return Finding(measure, TODAY + day, answer, f"Observation/{measure}{day}")


def iif(day: int, answer: str) -> Finding:
    return word("anti_pla2r_iif", day, answer)


def problem(
    concept: str, onset: int | None = None, clinical: str = "active", verification: str = "confirmed"
) -> Condition:
    span = None if onset is None else Span(TODAY + onset, TODAY + onset)
    return Condition(concept, f"Condition/{concept}", span, clinical=clinical, verification=verification)


def mn(onset: int | None = -700, clinical: str = "active", verification: str = "confirmed") -> Condition:
    return problem("membranous_nephropathy", onset, clinical, verification)


def ln(onset: int | None = -1500, clinical: str = "active", verification: str = "confirmed") -> Condition:
    return problem("lupus_nephritis", onset, clinical, verification)


def procedure(concept: str, day: int) -> Procedure:
    return Procedure(concept, f"Procedure/{concept}{day}", TODAY + day)


def biopsy(day: int) -> Procedure:
    return procedure("kidney_biopsy", day)


def lupus_class(day: int, answer: str) -> tuple[Fact, ...]:
    return (without("ln_class", "kidney_biopsy"), word("ln_class", day, answer), biopsy(day))


def allergy(agent: str, kind: str = "allergy") -> Allergy:
    return Allergy(agent, kind, f"AllergyIntolerance/{agent}")  # type: ignore[arg-type]


def refused(agent: str, day: int) -> NotTaken:
    return NotTaken(agent, f"MedicationStatement/{agent}{day}", TODAY + day)


def set_aside(reason: str, concept: str = "albumin") -> SetAside:
    return SetAside("Observation/aside", reason, concept, TODAY - 5)


# -- treatment ------------------------------------------------------------------------------------------


def drug(agent: str, start: int, end: int | None = None, mg: float | None = None, reason: str = "") -> Exposure:
    """A statement: taken from a day on, daily."""
    dose = None if mg is None else Dose(mg, "day")
    last = None if end is None else TODAY + end
    return Exposure(agent, "statement", TODAY + start, last, f"MedicationStatement/{agent}{start}", dose, "", reason)


def tacrolimus(start: int, end: int | None = None, mg: float | None = 6, reason: str = "") -> Exposure:
    return drug("tacrolimus", start, end, mg, reason)


def mycophenolate(start: int, end: int | None = None, mg: float | None = 2000, reason: str = "") -> Exposure:
    return drug("mycophenolate_mofetil", start, end, mg, reason)


def infusion(agent: str, day: int, mg: float | None = 1000, per: str = "administration", reason: str = "") -> Exposure:
    dose = None if mg is None else Dose(mg, per)  # type: ignore[arg-type]
    source = f"MedicationAdministration/{agent}{day}"
    return Exposure(agent, "administration", TODAY + day, TODAY + day, source, dose, "iv", reason)


def rituximab(day: int, mg: float | None = 1000, reason: str = "", agent: str = "rituximab") -> tuple[Exposure, ...]:
    """One course: two infusions two weeks apart."""
    return (infusion(agent, day, mg), infusion(agent, day + 14, mg, reason=reason))


def pulses(first: int, count: int = 6, mg: float | None = 750, every: int = 30, reason: str = "") -> tuple[Fact, ...]:
    """Cyclophosphamide pulses."""
    days = [first + every * index for index in range(count)]
    return tuple(infusion("cyclophosphamide", d, mg, reason=reason if d == days[-1] else "") for d in days)


def elsewhere(exposures: Exposure | tuple[Exposure, ...]) -> tuple[Elsewhere, ...]:
    """The same drug records, given for another disease."""
    return tuple(map(Elsewhere, exposures if isinstance(exposures, tuple) else (exposures,)))


def by_name(exposures: Exposure | tuple[Exposure, ...]) -> tuple[Exposure, ...]:
    """The same drug records with a name and without a code."""
    return tuple(replace(e, coded=False) for e in (exposures if isinstance(exposures, tuple) else (exposures,)))


# -- cases ----------------------------------------------------------------------------------------------


def flat(facts: Iterable[Fact]) -> list[Fact]:
    return [one for fact in facts for one in (flat(fact) if isinstance(fact, tuple) else [fact])]


def _key(fact: Fact) -> tuple[object, ...]:
    """Facts with one key replace each other."""
    if isinstance(fact, Quantity | Finding):
        return (fact.measure, fact.day)
    if isinstance(fact, Condition):
        return ("problem", fact.concept)
    return ("patient",) if isinstance(fact, Patient) else (id(fact),)


def _name(fact: Fact) -> str:
    return str(getattr(fact, "measure", "") or getattr(fact, "concept", "") or getattr(fact, "agent", ""))


def changed(standard: Iterable[Fact], *changes: Fact) -> tuple[Fact, ...]:
    """The facts of a standard patient with some taken away, replaced or added, in the order given."""
    facts: dict[tuple[object, ...], Fact] = {}
    for fact in (*flat(standard), *flat(changes)):
        if isinstance(fact, Without):
            facts = {key: kept for key, kept in facts.items() if _name(kept) not in fact.names}
        else:
            facts[_key(fact)] = fact
    return tuple(facts.values())


def case_of(facts: Iterable[Fact]) -> Case:
    every = flat(facts)

    def kind(*types: type) -> list[Fact]:
        return [fact for fact in every if isinstance(fact, types)]

    def series(of: type) -> dict[str, tuple[Fact, ...]]:
        ordered = sorted(kind(of), key=lambda fact: fact.day)
        return {f.measure: tuple(x for x in ordered if x.measure == f.measure) for f in ordered}

    return Case(
        patient=next(iter(kind(Patient)), Patient()),
        quantities=series(Quantity),
        findings=series(Finding),
        conditions=tuple(kind(Condition)),
        procedures=tuple(kind(Procedure)),
        exposures=tuple(kind(Exposure)),
        not_taken=tuple(kind(NotTaken)),
        allergies=tuple(kind(Allergy)),
        elsewhere=tuple(one.exposure for one in kind(Elsewhere)),
        set_aside=tuple(kind(SetAside)),
    )

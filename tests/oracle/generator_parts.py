"""Pieces of invented charts: courses of drugs, numbers on and beside thresholds, safety facts, awkward records."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

Facts = list[dict[str, Any]]
REASONS = ["ineffective", "intolerance", "non-adherence", "remission", "completed"]


@dataclass(slots=True)
class Course:
    """One planned line: its facts, and the days it spans (`end` None = ongoing)."""

    start: int
    end: int | None
    facts: Facts = field(default_factory=list)


def near(rng: random.Random, low: float, high: float, *edges: float) -> float:
    """A number in a range; every fifth time one of the edges, or just beside it."""
    if edges and rng.random() < 0.2:
        return round(rng.choice(edges) + rng.choice([0, 0, 0.01, -0.01]), 2)
    return round(rng.uniform(low, high), 2)


def line_start(rng: random.Random) -> int:
    """How long ago the last line began; often exactly on a limit of the specification."""
    if rng.random() < 0.25:
        return -rng.choice([119, 120, 121, 179, 180, 181, 364, 365, 366, 729, 730, 731])
    spans = [(10, 119), (120, 179), (180, 364), (365, 730), (731, 1500)]
    low, high = rng.choices(spans, [1, 2, 5, 3, 1.5])[0]
    return -rng.randint(low, high)


def observation(concept: str, day: int, value: float | str, unit: str = "", **more: Any) -> dict[str, Any]:
    fact: dict[str, Any] = {"r": "Observation", "concept": concept, "day": min(day, 0), "value": value}
    if unit:
        fact["unit"] = unit
    return fact | more


def statement(
    concept: str, start: int, end: int | None, dose: float | None, unit: str, reason: str = ""
) -> dict[str, Any]:
    status = "active" if end is None else "completed"
    fact: dict[str, Any] = {
        "r": "MedicationStatement",
        "concept": concept,
        "start": start,
        "end": end,
        "status": status,
    }
    if dose is not None:
        fact |= {"dose": dose, "dose_unit": unit}
    if reason:
        fact["reason"] = reason
    return fact


def infusion(concept: str, day: int, dose: float | None, unit: str = "mg", reason: str = "") -> dict[str, Any]:
    fact: dict[str, Any] = {
        "r": "MedicationAdministration",
        "concept": concept,
        "day": min(day, 0),
        "status": "completed",
    }
    if dose is not None:
        fact |= {"dose": dose, "dose_unit": unit}
    if reason:
        fact["reason"] = reason
    return fact


def rituximab(rng: random.Random, start: int, reason: str = "", agent: str = "rituximab") -> Course:
    kind = rng.choices(
        ["two", "one", "four-m2", "two-m2", "no-dose", "re-dose", "statement", "small"], [10, 1, 1, 1, 1, 2, 1, 1]
    )[0]
    days = {"one": [0], "four-m2": [0, 7, 14, 21], "re-dose": [0, 14, 180]}.get(kind, [0, 14])
    days = [start + d for d in days if start + d <= 0]
    if kind == "statement":
        return Course(start, days[-1], [statement(agent, start, days[-1], None, "", reason)])
    dose, unit = {
        "four-m2": (375, "mg/m2"),
        "two-m2": (375, "mg/m2"),
        "no-dose": (None, "mg"),
        "small": (500, "mg"),
    }.get(kind, (1000, "mg"))
    facts = [infusion(agent, day, dose, unit, reason if day == days[-1] else "") for day in days]
    return Course(start, days[-1], facts)


def cyclophosphamide(rng: random.Random, start: int, reason: str = "", disease: str = "MN") -> Course:
    kind = rng.choices(["oral", "ponticelli", "pulses", "short", "few", "no-dose"], [3, 4, 5, 1, 1, 1])[0]
    facts: Facts = []
    if kind == "ponticelli" and disease == "MN":
        for month in (0, 60, 120):
            if start + month <= -1:
                facts.append(infusion("methylprednisolone", start + month, 1000))
            if start + month + 30 <= -1:
                end = min(start + month + 59, 0)
                facts.append(statement("cyclophosphamide", start + month + 30, end, 150, "mg/d"))
    elif kind in {"pulses", "few", "no-dose"}:
        count = {"pulses": 6, "few": rng.randint(2, 5), "no-dose": rng.choice([5, 6])}[kind]
        step, dose = rng.choice([(14, 500), (14, 500), (28, 750)])
        for i in range(count):
            if start + step * i <= 0:
                facts.append(infusion("cyclophosphamide", start + step * i, None if kind == "no-dose" else dose))
    else:
        length = rng.randint(20, 79) if kind == "short" else rng.choice([79, 80, 90, 120, 180])
        dose_d = rng.choice([100, 150]) if rng.random() < 0.95 else 400
        facts.append(statement("cyclophosphamide", start, min(start + length - 1, 0), dose_d, "mg/d"))
    drug = [f for f in facts if f["concept"] == "cyclophosphamide"]
    if not drug:
        drug = [statement("cyclophosphamide", start, 0, 150, "mg/d")]
        facts += drug
    if reason:
        drug[-1]["reason"] = reason
    return Course(start, drug[-1].get("end", drug[-1].get("day")), facts)


def continuous(
    rng: random.Random, concept: str, start: int, end: int | None, dose: float | None, unit: str, reason: str
) -> Course:
    """One record, or two that meet (a dose change or a short gap)."""
    last = 0 if end is None else end
    if last - start > 60 and rng.random() < 0.2:
        turn = rng.randint(start + 20, last - 20)
        gap = rng.choice([1, 1, 20, 89, 90, 91])
        if turn + gap < last:
            first = statement(concept, start, turn, dose, unit)
            return Course(start, end, [first, statement(concept, turn + gap, end, dose, unit, reason)])
    return Course(start, end, [statement(concept, start, end, dose, unit, reason)])


def egfr_course(rng: random.Random, reference_day: int, level: float, disease: str) -> Facts:
    """Stable, declining, unconfirmed or unknown against the reference; sometimes as creatinine or missing."""
    now = -rng.choice([1, 5, 10, 28, 60, 89, 90, 91]) if rng.random() < 0.4 else -rng.randint(1, 40)
    kind = rng.choices(["stable", "declining", "unconfirmed", "edge", "no-reference", "absent"], [10, 4, 2, 1, 1, 0.3])[
        0
    ]
    if kind == "absent":
        return []
    drop = {
        "stable": rng.uniform(-0.1, 0.15),
        "declining": rng.uniform(0.22, 0.5),
        "edge": rng.choice([0.2, 0.3, 0.15]),
    }
    last = round(level * (1 - drop.get(kind, rng.uniform(0.2, 0.4))), 1)
    unit = "mL/min/1.73m2"
    facts = [observation("egfr", now, last, unit)]
    before = now - rng.choice([13, 14, 30, 60, 100, 180, 181])
    if before > reference_day:
        middle = last if kind in {"declining", "edge"} else level
        facts.insert(0, observation("egfr", before, round(middle, 1), unit))
    if kind != "no-reference":
        facts.insert(0, observation("egfr", reference_day, round(level, 1), unit))
    return facts


def safety(rng: random.Random, sex: str, age: int, disease: str) -> Facts:
    """Section 7, each trigger now and then; half of the charts are plain."""
    facts: Facts = []
    rare = rng.random() < 0.5
    for concept in ("hbsag", "anti_hbc"):
        if not rare or rng.random() < 0.8:
            value = "positive" if rare and rng.random() < 0.2 else "negative"
            facts.append(observation(concept, -rng.choice([20, 100, 300, 365, 366 if rare else 365]), value))
    if disease == "LN" and rng.random() < 0.85:
        facts.append(statement("hydroxychloroquine", -600, None, 400, "mg/d"))
    if rng.random() < 0.6:
        facts.append(statement(rng.choice(["acei", "arb"]), -500, None, 10, "mg/d"))
    if sex == "female" and rng.random() < 0.4:
        facts.append(observation("pregnancy_test", -rng.choice([2, 10, 30, 31]), "negative"))
    if sex == "female" and 18 <= age <= 45 and rng.random() < 0.12:
        facts.append(condition("pregnancy", -rng.randint(40, 200)))
    if rare:
        facts += rare_safety(rng)
    return facts


def condition(
    concept: str, onset: int | None, clinical: str = "active", verification: str = "confirmed"
) -> dict[str, Any]:
    fact: dict[str, Any] = {"r": "Condition", "concept": concept, "clinical": clinical, "verification": verification}
    return fact if onset is None else fact | {"onset": onset}


def rare_safety(rng: random.Random) -> Facts:
    def blood_pressure() -> Facts:
        sbp, dbp = near(rng, 110, 180, 165, 166), near(rng, 60, 110, 105, 106)
        return [observation("sbp", -5, sbp, "mm[Hg]"), observation("dbp", -5, dbp, "mm[Hg]")]

    agents = ["rituximab", "obinutuzumab", "cyclophosphamide", "tacrolimus", "mycophenolate_mofetil", "belimumab",
              "azathioprine", "hydroxychloroquine"]  # fmt: skip
    allergy = {"r": "AllergyIntolerance", "concept": rng.choice(agents),
               "clinical": rng.choice(["active"] * 4 + ["inactive"]),
               "verification": rng.choice(["confirmed", "unconfirmed", "refuted"]), "criticality": "high"}  # fmt: skip
    choices: list[tuple[float, Facts]] = [
        (0.08, [condition("serious_infection", -10, rng.choice(["active", "active", "resolved"]))]),
        (
            0.08,
            [condition("malignancy", -rng.choice([10, 200, 900, 2000]), rng.choice(["active", "active", "resolved"]))],
        ),
        (0.08, [condition("acute_kidney_injury", -8)]),
        (0.15, [observation("igg", -rng.choice([20, 180, 181]), near(rng, 2, 9, 4, 6), "g/L")]),
        (0.12, [observation("wbc", -rng.choice([5, 30, 31]), near(rng, 2, 9, 3), "10*9/L")]),
        (0.08, [observation("neutrophils", -5, near(rng, 1, 5, 1.5), "10*9/L")]),
        (0.15, blood_pressure()),
        (0.12, [observation("fertility_wish", -40, rng.choice(["yes", "yes", "no"]))]),
        (0.12, [observation("cyc_cumulative_prior", -900, near(rng, 1, 36, 4, 7, 13, 22, 30, 33), "g")]),
        (0.12, [allergy]),
        (0.06, [statement("hbv_antiviral", -50, rng.choice([None, -5]), 0.5, "mg/d")]),
        (0.05, [observation("adherence", -rng.choice([20, 180, 181]), rng.choice(["non-adherent", "adherent"]))]),
        (0.05, [observation("urine_albumin_creatinine_ratio", -3, 900, "mg/g")]),
    ]
    return [fact for chance, facts in choices if rng.random() < chance for fact in facts]

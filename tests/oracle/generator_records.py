"""How real charts spoil good records: other kinds, duplicates, drafts, other units, wrong units, missing values."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.generator_parts import Facts, condition, observation

OTHER_UNITS: dict[str, list[tuple[str, float]]] = {
    "proteinuria_24h": [("mg/d", 1000)],
    "upcr": [("mg/g", 1000), ("mg/mg", 1), ("mg/mmol", 113.12)],
    "albumin": [("g/dL", 0.1), ("umol/L", 1 / 0.0665)],
    "igg": [("mg/dL", 100)],
    "wbc": [("/uL", 1000)],
    "cd19_count": [("10*9/L", 0.001)],
    "tacrolimus_trough": [("ug/L", 1)],
    "creatinine": [("mg/dL", 1 / 88.4)],
}


def spoil(rng: random.Random, facts: Facts) -> Facts:
    """The same chart with some awkward records; most charts stay clean."""
    if rng.random() < 0.6:
        return facts
    spoiled: Facts = []
    for fact in facts:
        spoiled += spoil_one(rng, dict(fact))
    if rng.random() < 0.15 and spoiled:
        spoiled.pop(rng.randrange(len(spoiled)))
    return spoiled


def spoil_one(rng: random.Random, fact: dict[str, Any]) -> Facts:
    chance = rng.random()
    if fact["r"] == "Observation":
        return spoil_observation(rng, fact, chance)
    if fact["r"] == "MedicationStatement":
        if chance < 0.08:
            return [as_request(fact)]
        if chance < 0.12:
            return [fact, as_request(fact)]
        if chance < 0.14:
            return [fact, as_request(fact) | {"intent": rng.choice(["proposal", "plan"]), "start": fact["start"] - 40}]
        if chance < 0.15:
            return [fact | {"status": rng.choice(["not-taken", "intended", "entered-in-error", "on-hold"])}]
    if fact["r"] == "MedicationAdministration":
        if chance < 0.06:
            return [fact, order_of(fact)]
        if chance < 0.07:
            return [fact | {"status": "not-done"}]
    if fact["r"] == "Condition" and fact["concept"] in {"membranous_nephropathy", "lupus_nephritis"}:
        return spoil_diagnosis(rng, fact, chance)
    return [fact]


def spoil_observation(rng: random.Random, fact: dict[str, Any], chance: float) -> Facts:
    units = OTHER_UNITS.get(fact["concept"], [])
    if chance < 0.06 and units:
        unit, factor = rng.choice(units)
        return [fact | {"unit": unit, "value": round(fact["value"] * factor, 4)}]
    if chance < 0.08:
        return [fact | {"status": rng.choice(["preliminary", "entered-in-error", "cancelled"])}]
    if chance < 0.10:
        return [fact | {"status": rng.choice(["amended", "corrected"])}]
    if chance < 0.11 and fact.get("unit"):
        return [{k: v for k, v in fact.items() if k != "unit"}]
    if chance < 0.12 and fact["concept"] == "anti_pla2r_elisa":
        return [fact | {"unit": "U/mL"}]
    if chance < 0.13 and fact["concept"] in {"proteinuria_24h", "creatinine", "albumin"}:
        return [fact, fact | {"value": 9000}]
    if chance < 0.15 and isinstance(fact["value"], int | float):
        return [fact, fact | {"value": round(fact["value"] * 1.1, 2)}]
    if chance < 0.20 and fact["concept"] == "albumin":
        return [fact | {"method": rng.choice(["BCG", "BCP", "immunometric"])}]
    if chance < 0.25 and fact["concept"] == "proteinuria_24h":
        return [fact | {"concept": "upcr", "unit": "g/g"}]
    if chance < 0.30 and fact["concept"] == "proteinuria_24h":
        spot = observation(
            "upcr", min(0, fact["day"] + rng.choice([0, 3, 14, 15])), round(fact["value"] * 0.7, 2), "g/g"
        )
        return [fact, spot]
    return [fact]


def as_request(fact: dict[str, Any]) -> dict[str, Any]:
    status = "active" if fact.get("end") is None else "completed"
    return fact | {"r": "MedicationRequest", "status": status, "intent": "order"}


def order_of(fact: dict[str, Any]) -> dict[str, Any]:
    """The order of an infusion that was given the same day."""
    order = {k: v for k, v in fact.items() if k not in {"day", "reason"}}
    return order | {"r": "MedicationRequest", "start": fact["day"], "end": fact["day"], "intent": "order"}


def spoil_diagnosis(rng: random.Random, fact: dict[str, Any], chance: float) -> Facts:
    if chance < 0.04:
        return [fact | {"verification": rng.choice(["provisional", "unconfirmed"])}]
    if chance < 0.05:
        return [fact | {"verification": "refuted"}]
    if chance < 0.06:
        return [fact | {"clinical": rng.choice(["inactive", "resolved"])}]
    if chance < 0.10:
        return [fact | {"clinical": rng.choice(["remission", "relapse", "recurrence"])}]
    if chance < 0.13:
        other = "lupus_nephritis" if fact["concept"] == "membranous_nephropathy" else "membranous_nephropathy"
        return [fact, condition(other, -900, "active", rng.choice(["provisional", "confirmed", "refuted"]))]
    if chance < 0.15:
        return [fact, fact | {"onset": fact["onset"] - 200}]
    return [fact]

"""What real charts have and the stories mostly do not: bounds, doubles, drafts, gaps. A blemish changes the facts.

A pair is a chart with its blemishes, and the same chart respelled: what is set aside must not depend on the
spelling either.
"""

from __future__ import annotations

from random import Random

from tests.properties.spellings.chart import (
    Chart,
    Entry,
    Resource,
    Spelling,
    Which,
    chosen,
    one_by_one,
    replaced,
    without,
)
from tests.properties.spellings.tables import code_of


def bounded(observation: Resource, dice: Random) -> Resource | None:
    """`< 14` for 14."""
    quantity = observation.get("valueQuantity")
    bound = {"comparator": dice.choice(["<", "<=", ">", ">="])}
    return replaced(observation, "valueQuantity", valueQuantity={**quantity, **bound}) if quantity else None


def measured_twice(chart: Chart, dice: Random, which: Which) -> None:
    """A second result of the day, released earlier or later (R-04)."""
    able = [(key, e) for key, entries in chart.keys.items() for e in entries if _is_a_dated_number(e["resource"])]
    for key, entry in chosen(able, dice, dice.randrange(60) if which is None else which):
        first = entry["resource"]
        day, quantity = first["effectiveDateTime"], first["valueQuantity"]
        entry["resource"] = {**first, "issued": f"{day}T12:00:00Z"}
        value = {**quantity, "value": round(quantity["value"] * dice.choice([0.7, 1.1, 1.5]), 4)}
        hour = dice.choice(["08", "16"])
        second = {**first, "id": f"{first['id']}-{hour}", "valueQuantity": value, "issued": f"{day}T{hour}:00:00Z"}
        chart.keys[key].append({"resource": second, "search": {"mode": "match"}})


def _is_a_dated_number(resource: Resource) -> bool:
    return "valueQuantity" in resource and len(resource.get("effectiveDateTime", "")) == 10 and "issued" not in resource


def with_another_status(resource: Resource, dice: Random) -> Resource | None:
    """Not final, not given, not confirmed."""
    kind = resource["resourceType"]
    if kind == "Observation":
        return {
            **resource,
            "status": dice.choice(["preliminary", "entered-in-error", "cancelled", "amended", "corrected"]),
        }
    if kind == "Condition":
        code = dice.choice(["refuted", "provisional", "unconfirmed"])
        return {**resource, "verificationStatus": {"coding": [{"code": code}]}}
    statuses = {
        "MedicationStatement": ["not-taken", "unknown", "on-hold"],
        "MedicationAdministration": ["not-done", "stopped"],
    }
    return {**resource, "status": dice.choice(statuses[kind])} if kind in statuses else None


def without_its_unit(observation: Resource, dice: Random) -> Resource | None:
    quantity = observation.get("valueQuantity")
    return {**observation, "valueQuantity": without(quantity, "unit", "code", "system")} if quantity else None


def without_its_day(resource: Resource, dice: Random) -> Resource | None:
    """Known to the month only, or not at all."""
    name = next((n for n in ("effectiveDateTime", "onsetDateTime", "performedDateTime") if n in resource), None)
    if name is None:
        return None
    return {**resource, name: resource[name][:7]} if dice.random() < 0.6 else without(resource, name)


def without_its_value(observation: Resource, dice: Random) -> Resource | None:
    """Taken, and no result: haemolysed."""
    if not {"valueQuantity", "valueCodeableConcept"} & observation.keys():
        return None
    absent = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error"}]}
    return {**without(observation, "valueQuantity", "valueCodeableConcept"), "dataAbsentReason": absent}


def by_bromocresol_purple(observation: Resource, dice: Random) -> Resource | None:
    """An albumin that reads 5 g/L low (clinical-spec 2.1)."""
    code = code_of(observation["code"])
    is_albumin = code is not None and code.concept == "albumin" and not code.implies
    return {**observation, "method": {"text": "Bromocresol purple (BCP)"}} if is_albumin else None


def with_strangers(chart: Chart, dice: Random, which: Which) -> None:
    """Results nobody asked for: a lookalike without a known code, a distractor, something of another trade."""
    results: list[Entry] = [e for e in chart.facts() if e["resource"]["resourceType"] == "Observation"]
    loinc = {"system": "http://loinc.org"}
    codes = [
        {"text": "Protein/creatinine ratio, urine"},
        {"coding": [{**loinc, "code": "9318-7", "display": "Albumin/Creatinine [Mass Ratio] in Urine"}]},
        {"coding": [{**loinc, "code": "2345-7", "display": "Glucose [Mass/volume] in Serum or Plasma"}]},
        {"coding": [{"system": "https://hospital.example/codes", "code": "UPROT1"}]},
    ]
    for number, code in enumerate(dice.sample(codes, dice.randrange(1, 4))):
        like = dice.choice(results)["resource"]
        stranger = {**without(like, "component", "method"), "id": f"stranger-{number}", "code": code}
        stranger |= {"valueQuantity": {"value": 3, "unit": "mg/mg"}}
        key = next(key for key, entries in chart.keys.items() if any(e["resource"] is like for e in entries))
        chart.keys[key].append({"resource": without(stranger, "valueCodeableConcept"), "search": {"mode": "match"}})


_DATED = ("Observation", "Condition", "Procedure", "MedicationAdministration")
_JUDGED = ("Observation", "Condition", "MedicationStatement", "MedicationAdministration")
BLEMISHES: dict[str, Spelling] = {
    "bounded": one_by_one(bounded, "Observation"),
    "measured twice": measured_twice,
    "with another status": one_by_one(with_another_status, *_JUDGED),
    "without its unit": one_by_one(without_its_unit, "Observation"),
    "without its day": one_by_one(without_its_day, *_DATED),
    "without its value": one_by_one(without_its_value, "Observation"),
    "by bromocresol purple": one_by_one(by_bromocresol_purple, "Observation"),
    "with strangers": with_strangers,
}

"""The same exposure as another record: who points at the drug, which resource type, how the dose is written.

Equal evidence by clinical-spec 3.2, R-09, R-18 and R-22: an order stands for a statement where it stands alone;
what a patient reports as a plan is a statement; an order or a dispense beside what was given adds nothing. An
infusion is never moved: a dose that was given is more than one that was ordered (R-27).
"""

from __future__ import annotations

from decimal import Decimal
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

DRUGS = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")
INFUSED = {"rituximab", "obinutuzumab", "ofatumumab", "cyclophosphamide", "belimumab", "daratumumab", "bortezomib"}
ON_RECORD = {"active", "completed", "stopped", "on-hold"}
CONCEPT, REFERENCE = "medicationCodeableConcept", "medicationReference"


def as_a_contained_medication(record: Resource, dice: Random) -> Resource | None:
    """A contained Medication with the code, or a mixture that has only an ingredient (Epic, Oracle)."""
    if CONCEPT not in record:
        return None
    concept = record[CONCEPT]
    drug: Resource = {"resourceType": "Medication", "id": "drug", "code": concept}
    if dice.random() < 0.3:
        drug = {**without(drug, "code"), "ingredient": [{"itemCodeableConcept": concept}]}
    pointer = {"reference": "#drug", **({"display": concept["text"]} if "text" in concept else {})}
    return {**replaced(record, CONCEPT, **{REFERENCE: pointer}), "contained": [drug]}


def as_an_included_medication(chart: Chart, dice: Random, which: Which) -> None:
    """A Medication of its own, under the key of the record or under one of the client's."""
    able = [e for e in chart.facts() if CONCEPT in e["resource"]]
    for entry in chosen(able, dice, which):
        record = entry["resource"]
        name, server = f"m-{record['id']}", "https://stories.nextline-cds.org/fhir/Medication"
        drug = {"resourceType": "Medication", "id": name, "code": record[CONCEPT]}
        url, reference = dice.choice(
            [(f"{server}/{name}", f"Medication/{name}"), (f"urn:uuid:{name}", f"urn:uuid:{name}")]
        )
        key = dice.choice(["medications", *(key for key, entries in chart.keys.items() if entry in entries)])
        if chart.whole or key == "medications" or key in chart.keys:
            chart.keys.setdefault(key, []).append({"fullUrl": url, "resource": drug, "search": {"mode": "include"}})
        entry["resource"] = replaced(record, CONCEPT, **{REFERENCE: {"reference": reference}})


def as_an_order(chart: Chart, dice: Random, which: Which) -> None:
    """All statements of an agent as orders, where nothing else tells of that agent."""
    by_agent: dict[str, list[Entry]] = {}
    for entry in chart.facts():
        agent = _agent(entry["resource"])
        if agent and agent not in INFUSED:
            by_agent.setdefault(agent, []).append(entry)
    able = [group for group in by_agent.values() if all(_can_be_ordered(entry["resource"]) for entry in group)]
    for group in chosen(able, dice, which):
        for entry in group:
            entry["resource"] = _order(entry["resource"])


def as_the_patient_reports_it(statement: Resource, dice: Random) -> Resource | None:
    """A plan that the patient reports counts as a statement (R-18)."""
    if not _can_be_ordered(statement) or _agent(statement) in INFUSED:
        return None
    return {**_order(statement), "intent": "plan", "reportedBoolean": True}


def with_its_order(chart: Chart, dice: Random, which: Which) -> None:
    """The order, or the dispense, of what was given or taken stands beside it (R-09, trap 38)."""
    able = [(key, e["resource"]) for key, entries in chart.keys.items() for e in entries if _was_ordered(e["resource"])]
    for key, record in chosen(able, dice, which):
        beside = _dispense(record) if dice.random() < 0.3 else {**_order(record), "id": f"{record['id']}-order"}
        chart.keys[key].append({"resource": beside, "search": {"mode": "match"}})


def with_the_dose_in_grams(record: Resource, dice: Random) -> Resource | None:
    """2 g for 2000 mg, and the other way round."""
    return _redosed(record, _other_mass)


def with_the_dose_in_parts(record: Resource, dice: Random) -> Resource | None:
    """Twice a day the half."""
    dosages = record.get("dosage") or record.get("dosageInstruction")
    if record["resourceType"] == "MedicationAdministration" or not dosages or len(dosages) != 1:
        return None
    repeat = dosages[0].get("timing", {}).get("repeat", {})
    if (repeat.get("frequency"), repeat.get("period"), repeat.get("periodUnit")) != (1, 1, "d"):
        return None
    member = "dosage" if "dosage" in record else "dosageInstruction"
    halved = _redosed(record, lambda quantity: {**quantity, "value": quantity["value"] / 2})
    if halved is None:
        return None
    dosage = halved[member][0]
    timing = {**dosage["timing"], "repeat": {**dosage["timing"]["repeat"], "frequency": 2}}
    return {**halved, member: [{**dosage, "timing": timing}]}


def _agent(record: Resource) -> str:
    code = code_of(record.get(CONCEPT, {})) if record["resourceType"] in DRUGS else None
    return code.concept if code else ""


def _can_be_ordered(record: Resource) -> bool:
    period = record.get("effectivePeriod", {})
    is_course = all("timing" in dosage for dosage in record.get("dosage", ()))
    counts = record["resourceType"] == "MedicationStatement" and record["status"] in ON_RECORD
    return counts and is_course and len(record.get("dosage", ())) < 2 and "start" in period


def _was_ordered(record: Resource) -> bool:
    if record["resourceType"] == "MedicationAdministration":
        return record["status"] == "completed" and bool(_agent(record)) and "effectiveDateTime" in record
    return _can_be_ordered(record) and _agent(record) not in INFUSED | {""}


def _order(record: Resource) -> Resource:
    period = record.get("effectivePeriod")
    order = without(record, "effectivePeriod", "effectiveDateTime", "dosage", "statusReason", "identifier")
    order |= {"resourceType": "MedicationRequest", "intent": "order"}
    order["authoredOn"] = period["start"] if period else record["effectiveDateTime"]
    if period:
        dosage = record.get("dosage", [{}])[0]
        timing = dosage.get("timing", {})
        repeat = {**timing.get("repeat", {}), "boundsPeriod": period}
        order["dosageInstruction"] = [{**dosage, "timing": {**timing, "repeat": repeat}}]
    elif "dose" in record.get("dosage", {}):
        order["dosageInstruction"] = [{"doseAndRate": [{"doseQuantity": record["dosage"]["dose"]}]}]
    if "statusReason" in record:
        order["statusReason"] = record["statusReason"][0]
    return order


def _dispense(record: Resource) -> Resource:
    when = record.get("effectiveDateTime") or record["effectivePeriod"]["start"]
    return {
        "resourceType": "MedicationDispense",
        "id": f"{record['id']}-dispense",
        "status": "completed",
        CONCEPT: record[CONCEPT],
        "subject": record["subject"],
        "whenHandedOver": when if len(when) > 10 else f"{when}T09:00:00Z",
    }


def _redosed(record: Resource, change: object) -> Resource | None:
    assert callable(change)
    if record["resourceType"] == "MedicationAdministration":
        dose = record.get("dosage", {}).get("dose")
        changed = change(dose) if dose else None
        return {**record, "dosage": {**record["dosage"], "dose": changed}} if changed else None
    member = "dosage" if "dosage" in record else "dosageInstruction"
    dosages = record.get(member, [])
    if len(dosages) != 1 or "doseAndRate" not in dosages[0]:
        return None
    changed = change(dosages[0]["doseAndRate"][0]["doseQuantity"])
    return {**record, member: [{**dosages[0], "doseAndRate": [{"doseQuantity": changed}]}]} if changed else None


def _other_mass(quantity: Resource) -> Resource | None:
    other = {"mg": ("g", Decimal("0.001")), "g": ("mg", Decimal(1000))}.get(quantity.get("unit", ""))
    if other is None:
        return None
    value = float(Decimal(repr(quantity["value"])) * other[1])
    return {**quantity, "value": value, "unit": other[0], "code": other[0]}


SPELLINGS: dict[str, Spelling] = {
    "as a contained medication": one_by_one(as_a_contained_medication, *DRUGS),
    "as an included medication": as_an_included_medication,
    "as an order": as_an_order,
    "as the patient reports it": one_by_one(as_the_patient_reports_it, "MedicationStatement"),
    "with its order": with_its_order,
    "with the dose in grams": one_by_one(with_the_dose_in_grams, *DRUGS),
    "with the dose in parts": one_by_one(with_the_dose_in_parts, *DRUGS),
}

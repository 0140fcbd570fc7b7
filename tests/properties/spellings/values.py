"""A result in another element: text, answer code, interpretation, component (R-20, terminology.md 3.2)."""

from __future__ import annotations

import re
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
from tests.properties.spellings.tables import INTERPRETATION, answers, code_of

_PLAIN_UNIT = re.compile(r"[A-Za-z%/{\[].*", re.ASCII)
_CLASS = "ln_class"
_VALUES = ("valueQuantity", "valueCodeableConcept", "valueString", "valueInteger", "interpretation")


def as_text(observation: Resource, dice: Random) -> Resource | None:
    """`7.6 g/d` for the number and its unit; the bound in front where there is one."""
    quantity = observation.get("valueQuantity", {})
    unit = quantity.get("unit") or quantity.get("code", "")
    number = repr(quantity.get("value", "")).removesuffix(".0")
    is_plain = re.fullmatch(r"\d{1,9}(\.\d{1,9})?", number) and _PLAIN_UNIT.fullmatch(unit)
    if not is_plain or quantity.get("code", unit) != unit or len(unit) > 40:
        return None
    text = f"{quantity.get('comparator', '')}{dice.choice(['', ' '])}{number} {unit}".strip()
    return replaced(observation, "valueQuantity", valueString=text)


def as_an_integer(observation: Resource, dice: Random) -> Resource | None:
    """A score needs no unit."""
    code, quantity = code_of(observation["code"]), observation.get("valueQuantity", {})
    if code is None or code.concept not in {"ln_activity_index", "ln_chronicity_index"} or "comparator" in quantity:
        return None
    value = quantity.get("value", 0.5)
    is_whole = value == int(value)
    return replaced(observation, "valueQuantity", valueInteger=int(value)) if is_whole else None


def in_other_words(observation: Resource, dice: Random) -> Resource | None:
    """A listed answer: text in either element, a code of SNOMED CT or LOINC, an interpretation."""
    code, word = code_of(observation["code"]), observation.get("valueCodeableConcept", {}).get("text")
    if code is None or word is None:
        return None
    system, answer = dice.choice(answers(code.concept, word) or (("", word),))
    if not system:
        if code.concept == _CLASS:
            answer = _spoken_class(word, dice)
        text = dice.choice([answer, answer.upper(), answer.capitalize(), f" {answer}"])
        spoken = {"valueString": text} if dice.random() < 0.5 else {"valueCodeableConcept": {"text": text}}
        return {**without(observation, "valueCodeableConcept"), **spoken}
    coding = {"coding": [{"system": system, "code": answer}]}
    if system == INTERPRETATION:
        return replaced(observation, "valueCodeableConcept", interpretation=[coding])
    local = {"system": "https://hospital.example/answers", "code": "A1"}
    codings = [local, *coding["coding"]] if dice.random() < 0.3 else coding["coding"]
    return {**observation, "valueCodeableConcept": {"coding": codings}}


def as_a_panel(chart: Chart, dice: Random, which: Which) -> None:
    """Results of one day as the components of one Observation under a local panel code."""
    for key, entries in chart.keys.items():
        days: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            if _can_be_a_part(entry["resource"]):
                place = entry["resource"]["effectiveDateTime"], entry["resource"]["status"]
                days.setdefault(place, []).append(entry)
        for group in chosen([group for group in days.values() if _are_different(group)], dice, which):
            chart.keys[key] = [e for e in chart.keys[key] if not any(e is part for part in group)]
            chart.keys[key].append({"resource": _panel([part["resource"] for part in group])})


def apart(chart: Chart, dice: Random, which: Which) -> None:
    """The components of a panel as Observations of their own."""
    able = [(key, e) for key, entries in chart.keys.items() for e in entries if "component" in e["resource"]]
    for key, entry in chosen(able, dice, which):
        panel = entry["resource"]
        chart.keys[key] = [e for e in chart.keys[key] if e is not entry]
        for number, part in enumerate(panel["component"]):
            result = {**without(panel, "component", "identifier"), "id": f"{panel['id']}-{number}", **part}
            chart.keys[key].append({"resource": result, "search": {"mode": "match"}})


def _can_be_a_part(resource: Resource) -> bool:
    """A plain result: a component has no method, no time and no status of its own."""
    known = resource["resourceType"] == "Observation" and code_of(resource["code"]) is not None
    plain = not {"method", "component", "issued", "identifier", "contained"} & resource.keys()
    return known and plain and "effectiveDateTime" in resource and any(name in resource for name in _VALUES)


def _are_different(group: list[Entry]) -> bool:
    concepts = [code.concept for entry in group if (code := code_of(entry["resource"]["code"])) is not None]
    return len(group) > 1 and len(set(concepts)) == len(concepts)


def _panel(parts: list[Resource]) -> Resource:
    first = parts[0]
    kept = {name: first[name] for name in ("resourceType", "status", "subject", "effectiveDateTime")}
    components = [{"code": part["code"], **{name: part[name] for name in _VALUES if name in part}} for part in parts]
    panel = {**kept, "id": f"{first['id']}-panel", "code": {"text": "Results of one sample"}}
    return {**panel, "component": components}


def _spoken_class(word: str, dice: Random) -> str:
    spoken = word.replace("+", dice.choice(["+", " + ", " / ", " and "]))
    return dice.choice(["{}", "Class {}", "ISN/RPS class {}", "Lupus nephritis class {}"]).format(spoken)


SPELLINGS: dict[str, Spelling] = {
    "as text": one_by_one(as_text, "Observation"),
    "as an integer": one_by_one(as_an_integer, "Observation"),
    "in other words": one_by_one(in_other_words, "Observation"),
    "as a panel": as_a_panel,
    "apart": apart,
}

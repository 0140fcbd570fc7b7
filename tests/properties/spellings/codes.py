"""The same thing under another code (terminology.md 3.2, 3.3 and section 6)."""

from __future__ import annotations

from random import Random

from tests.properties.spellings.chart import Resource, Spelling, one_by_one, replaced
from tests.properties.spellings.tables import ICD10CM, ICD10WHO, SNOMED, Code, aliases, code_of, synonyms

KINDS = ("Observation", "Condition", "Procedure", "AllergyIntolerance")
DRUGS = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")
LOCAL = ("urn:oid:2.16.840.1.113883.19.4711", "https://hospital.example/codes")
# A SNOMED code says in its name whether it is a problem or something that is done.
_NOT_AS = {"Condition": "(procedure)", "Procedure": ("(disorder)", "(finding)", "(situation)")}
_DONE = ("http://www.cms.gov/Medicare/Coding/",)


def by_a_synonym(resource: Resource, dice: Random) -> Resource | None:
    """Another verified code alone, without display or text."""
    other = _synonym(resource, dice)
    return _coded(resource, {"coding": [_bare(other)]}) if other else None


def by_two_codes(resource: Resource, dice: Random) -> Resource | None:
    """A verified synonym before or behind: SNOMED CT beside ICD, RxNorm beside ATC."""
    other, concept = _synonym(resource, dice), _concept(resource)
    if other is None or concept is None:
        return None
    codings = concept["coding"]
    return _coded(resource, {**concept, "coding": dice.sample([_bare(other), *codings], len(codings) + 1)})


def behind_a_local_code(resource: Resource, dice: Random) -> Resource | None:
    """A local code first, as Oracle and Epic send it: all codings are looked at."""
    concept = _concept(resource)
    if concept is None:
        return None
    local = {"system": dice.choice(LOCAL), "code": f"L{dice.randrange(10_000)}"}
    if "text" in concept and dice.random() < 0.5:
        local["display"] = concept["text"]
    return _coded(resource, {**concept, "coding": [local, *concept["coding"]]})


def by_an_alias(resource: Resource, dice: Random) -> Resource | None:
    """The code system under another of its names."""
    concept = _concept(resource)
    if concept is None:
        return None
    codings = [{**c, "system": dice.choice(aliases().get(c["system"], (c["system"],)))} for c in concept["coding"]]
    return _coded(resource, {**concept, "coding": codings})


def without_dots(resource: Resource, dice: Random) -> Resource | None:
    """N0421 for N04.21; with a dot at the end where there is none inside (terminology.md 3.3)."""
    concept = _concept(resource)
    if concept is None or not any(c["system"] in {ICD10CM, ICD10WHO} for c in concept["coding"]):
        return None
    codings = [
        {**c, "code": dice.choice(_dots(c["code"]))} if c["system"] in {ICD10CM, ICD10WHO} else c
        for c in concept["coding"]
    ]
    return _coded(resource, {**concept, "coding": codings})


def _dots(code: str) -> tuple[str, ...]:
    bare = code.replace(".", "")
    return (bare, f"{bare}.") if len(bare) == 3 else (bare,)


def _member(resource: Resource) -> str:
    return "medicationCodeableConcept" if resource["resourceType"] in DRUGS else "code"


def _concept(resource: Resource) -> Resource | None:
    concept = resource.get(_member(resource))
    return concept if concept and concept.get("coding") else None


def _coded(resource: Resource, concept: Resource) -> Resource:
    return replaced(resource, _member(resource), **{_member(resource): concept})


def _synonym(resource: Resource, dice: Random) -> Code | None:
    concept = _concept(resource)
    code = code_of(concept) if concept else None
    if code is None:
        return None
    fitting = [other for other in synonyms()[code.meaning] if _fits(other, code, resource["resourceType"])]
    return dice.choice(fitting) if fitting else None


def _fits(other: Code, code: Code, kind: str) -> bool:
    if other == code or other.dimension != code.dimension:
        return False
    if kind == "Condition" and other.system.startswith(_DONE):
        return False
    if kind == "Procedure" and other.system in {ICD10CM, ICD10WHO}:
        return False
    return other.system != SNOMED or kind not in _NOT_AS or not other.display.endswith(_NOT_AS[kind])


def _bare(code: Code) -> Resource:
    return {"system": code.system, "code": code.code}


SPELLINGS: dict[str, Spelling] = {
    "by a synonym": one_by_one(by_a_synonym, *KINDS, *DRUGS),
    "by two codes": one_by_one(by_two_codes, *KINDS, *DRUGS),
    "behind a local code": one_by_one(behind_a_local_code, *KINDS, *DRUGS),
    "by an alias": one_by_one(by_an_alias, *KINDS, *DRUGS),
    "without dots": one_by_one(without_dots, "Condition"),
}

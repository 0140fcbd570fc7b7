"""Which of our agents a medication record is about: by code, else by name (terminology.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cds_service.case.drug_classes import CLASS_OF, NEVER_A_LINE
from cds_service.mapping.readings import Reading, about, refused
from cds_service.mapping.routes import NOT_SYSTEMIC
from cds_service.mapping.terminology import Terminology

_ONE_DRUG = ({"mycophenolate_mofetil", "mycophenolic_acid"},)


@dataclass(frozen=True, slots=True)
class Drug:
    """An agent, and the route its product implies. `coded` is False when only a name says so."""

    agent: str
    route: str
    coded: bool


def drug_told(source: str, record: Any, terminology: Terminology) -> Drug | Reading:
    """The agent, or the Reading of a record that is about none, or about which one cannot be told.

    A code counts when the name beside it names no other of our agents: charts have codes under wrong names
    (terminology.md 3.1). What is not taken for its systemic effect is not relevant.
    """
    concept = record.medicationCodeableConcept
    meant = about(concept, terminology)
    if meant.fault and meant.meaning is not None:
        return refused(source, meant.fault, concept=meant.meaning.concept)
    named = terminology.drug_by_name(concept.text) if concept is not None and concept.text else None
    if meant.meaning is None:
        return _by_name(source, named) if named is not None and not meant.distracted else Reading(source)
    if meant.meaning.kind != "medication" or meant.distracted:
        return Reading(source)
    agent, route = meant.meaning.concept, meant.meaning.route
    if named is None or not named[0]:
        return Drug(agent, route, coded=True)
    if named[0] != agent and not _may_be_one(named[0], agent):
        return refused(source, "CODE_CONFLICT", concept=agent)
    # An ingredient has no route of its own: the name beside it may say that it is an ointment (trap 27).
    return Drug(agent, named[1] if named[1] in NOT_SYSTEMIC and not route else route or named[1], coded=True)


def _may_be_one(one: str, other: str) -> bool:
    """Two salts of one drug; or two of a class of which it does not matter which: prednisone, prednisolone."""
    classes = {CLASS_OF.get(one, one), CLASS_OF.get(other, other)}
    return {one, other} in _ONE_DRUG or (len(classes) == 1 and classes <= NEVER_A_LINE)


def _by_name(source: str, named: tuple[str, str]) -> Drug | Reading:
    agent, route = named
    return Drug(agent, route, coded=False) if agent else refused(source, "CODE_CONFLICT")

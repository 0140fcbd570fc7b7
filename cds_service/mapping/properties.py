"""The property of a code against the dimension of its units: mass or moles (terminology.md section 3.2).

Real charts carry a code of moles with mg/dL. Such a result is refused when it is read, but only where the
tables say what a code and a unit are: here the tables are held to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cds_service.mapping.codes import CodeTable, Meaning
from cds_service.mapping.concepts import Concept
from cds_service.mapping.damage import Fault
from cds_service.mapping.tables import Tables
from cds_service.mapping.units import Factor, UnitTable

# Long names of LOINC carry the property: Albumin [Mass/volume] in Serum or Plasma.
_NAMED = re.compile(r"\[(Mass|Moles)/")
_MOLES = re.compile(r"mol(?![a-z])", re.IGNORECASE)
_MASS = re.compile(r"(?:[munk]|mc|d)?gm?(?=/|$)", re.IGNORECASE)


def check_properties(tables: Tables, codes: CodeTable, concepts: Mapping[str, Concept], units: UnitTable) -> None:
    """Keep a problem for every code and every unit whose mass or moles contradict each other, or are not said."""
    dimensions = _dimensions(units)
    for meaning in codes.known.values():
        if meaning.role == "include" and (meaning.property or meaning.unit_default or meaning.display):
            _keep(tables, meaning.row, _faults_of_code(meaning, concepts, dimensions, units))
    for (concept, unit), entry in units.exact.items():
        if isinstance(entry, Factor) and concept in dimensions:
            _keep(tables, entry.row, _faults_of_unit(unit, entry))


def _dimensions(units: UnitTable) -> dict[str, set[str]]:
    """Concept to the dimensions of its units, where these are told apart. A unit that is refused was thought of too."""
    found: dict[str, set[str]] = {}
    for (concept, _), entry in units.exact.items():
        if isinstance(entry, Factor) and entry.dimension:
            found.setdefault(concept, set()).add(entry.dimension)
    for (concept, unit), entry in units.exact.items():
        if not isinstance(entry, Factor) and concept in found:
            found[concept].add(_seen(unit))
    return found


def _faults_of_code(
    meaning: Meaning, concepts: Mapping[str, Concept], dimensions: Mapping[str, set[str]], units: UnitTable
) -> Iterator[Fault]:
    stated, known = meaning.property, dimensions.get(meaning.concept, set())
    if stated and not concepts[meaning.concept].unit:
        yield Fault(f"{meaning.concept} is no measure, it has no {stated}", "leave property empty")
    elif stated and stated not in known:
        advice = "add a unit with that dimension (or one that is refused, with the reason), or mend the property"
        yield Fault(f"the property is {stated}, and no unit of {meaning.concept} is", advice)
    named = _NAMED.search(meaning.display)
    if named is not None and known and named[1].lower() != stated:
        told = f"the name says {named[1].lower()}, the property {stated or 'nothing'}"
        yield Fault(told, f"write {named[1].lower()} into property, or mend the code")
    default = units.convert(meaning.concept, meaning.unit_default) if meaning.unit_default else None
    if stated and isinstance(default, Factor) and default.dimension and default.dimension != stated:
        told = f"a code of {stated} cannot have the default unit {meaning.unit_default}, which is {default.dimension}"
        yield Fault(told, "ask the laboratory which of the two is right")


def _faults_of_unit(unit: str, entry: Factor) -> Iterator[Fault]:
    seen = _seen(unit)
    if seen and seen != entry.dimension:
        told = f"{unit} is {seen}, the dimension says {entry.dimension or 'nothing'}"
        yield Fault(told, f"write {seen} into dimension")


def _seen(unit: str) -> str:
    return "moles" if _MOLES.search(unit) else "mass" if _MASS.match(unit) else ""


def _keep(tables: Tables, place: str, faults: Iterator[Fault]) -> None:
    path, _, line = place.rpartition(":")
    for fault in faults:
        tables.fault(path, int(line), *fault)

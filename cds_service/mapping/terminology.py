"""Codes, units, answers and drug names to our words: everything the mapping data say, loaded once.

The data are the tables under `mappings/`; this is the only way to them. Codes are matched on
(system, code), never on a display (terminology.md section 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cds_service.errors import ConfigurationFault
from cds_service.mapping import ndc, systems
from cds_service.mapping.codes import LOCAL_ROUTES, Meaning, read_codes
from cds_service.mapping.concepts import Concept, read_concepts
from cds_service.mapping.drug_names import DrugNames, read_drug_names
from cds_service.mapping.indications import Indications, other_indication, read_indications
from cds_service.mapping.overlay import lay_over, site_exists
from cds_service.mapping.properties import check_properties
from cds_service.mapping.routes import RouteTable, Way, read_routes, route_of
from cds_service.mapping.tables import Problem, Tables
from cds_service.mapping.units import Factor, Rejection, UnitTable, read_units
from cds_service.mapping.words import Words, read_words

__all__ = [
    "LOCAL_ROUTES",
    "Concept",
    "Factor",
    "MappingFault",
    "Meaning",
    "Problem",
    "Rejection",
    "Terminology",
    "load",
]


class MappingFault(ConfigurationFault):
    """The mapping data are wrong. `problems` holds every one, each with file, line and reason."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(str(problem) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Terminology:
    """The mapping data of one site, immutable.

    `known` is keyed by (canonical system, code) with the code as the system writes it; `systems`
    leads from every spelling of a system to the canonical one; `prefixes` holds the rows for whole
    branches (`A40*`), without dots. `version` is a digest over every
    file that was read, the site's overlay included.
    """

    concepts: Mapping[str, Concept]
    systems: Mapping[str, str]
    known: Mapping[tuple[str, str], Meaning]
    prefixes: Mapping[tuple[str, str], Meaning] = field(repr=False)
    version: str
    knowledge: str
    _dotless: Mapping[tuple[str, str], Meaning] = field(repr=False)
    _units: UnitTable = field(repr=False)
    _words: Words = field(repr=False)
    _drug_names: DrugNames = field(repr=False)
    _routes: RouteTable = field(repr=False)
    _indications: Indications = field(repr=False)
    _products: Mapping[str, Meaning] = field(repr=False)

    def look_up(self, system: str, code: str) -> Meaning | None:
        """What the code means, or None. Any spelling of the system; ICD with or without dots."""
        canonical = self.systems.get(system, system)
        found = self.known.get((canonical, code))
        if found is not None:
            return found
        return self._look_closer(self.canonical_system(system), code.strip())

    def canonical_system(self, system: str) -> str:
        """The canonical URI; an unknown system comes back as it is, without blanks around it."""
        bare = system.strip()
        return self.systems.get(bare) or self.systems.get(bare.lower(), bare)

    def convert(self, concept: str, unit: str) -> Factor | Rejection | None:
        """The factor to the canonical unit, a named rejection, or None for a string nobody listed."""
        return self._units.convert(concept, unit)

    def answer(self, concept: str, text_or_code: str, system: str = "") -> str | None:
        """The word of a finding. Without a system it is read as text. None: not listed, set it aside."""
        known = self.concepts.get(concept)
        return self._words.answer(known, text_or_code, self.canonical_system(system)) if known else None

    def method(self, text: str) -> str | None:
        """BCG, BCP or immunometric when the text names exactly one albumin method."""
        return self._words.method(text)

    def reason(self, system: str, code: str) -> str | None:
        """The line-end reason of a statusReason coding; with an empty system the code is read as text."""
        return self._words.reason(self.canonical_system(system), code)

    @property
    def reasons(self) -> Mapping[tuple[str, str], str]:
        """Every known reason by (system, code), and the texts under an empty system."""
        return self._words.reasons

    def drug_by_name(self, text: str) -> tuple[str, str] | None:
        """(agent, route) of the one drug a text names: low confidence, never coded evidence. Empty agent: several."""
        return self._drug_names.find(text)

    def way(self, stated: Any, by_product: str) -> Way:
        """How a drug was given: as a dosage states (a CodeableConcept or None), else as its product implies."""
        return route_of(stated, by_product, self.canonical_system, self._routes)

    def other_indication(self, reasons: Iterable[Any]) -> str:
        """The other disease that the reasons of a record name; empty when none does, or one names ours."""
        return other_indication(reasons, self.look_up, self.canonical_system, self._indications)

    def codes_of(self, concept: str, system: str | None = None, role: str = "include") -> tuple[tuple[str, str], ...]:
        """All (system, code) of a concept, sorted. Prefix rows (`A40*`) are value sets and not among them."""
        wanted = self.canonical_system(system) if system is not None else None
        return tuple(
            sorted(
                key
                for key, meaning in self.known.items()
                if meaning.concept == concept and meaning.role == role and wanted in (None, key[0])
            )
        )

    def prefixes_of(self, concept: str, role: str = "include") -> tuple[tuple[str, str], ...]:
        """All (system, prefix) that stand for every code beginning so, sorted, the dots left out."""
        found = (key for key, meaning in self.prefixes.items() if (meaning.concept, meaning.role) == (concept, role))
        return tuple(sorted(found))

    def units_of(self, concept: str) -> dict[str, Factor | Rejection]:
        """Every unit string of a concept, in the order of the tables."""
        return {unit: entry for (key, unit), entry in self._units.exact.items() if key == concept}

    def _look_closer(self, system: str, code: str) -> Meaning | None:
        found = self.known.get((system, code))
        if found is None and system == systems.NDC:
            return ndc.look_up(self._products, code)
        if found is not None or system not in systems.HIERARCHICAL or len(code) > 20:
            return found
        bare = code.replace(".", "").upper()
        found = self.known.get((system, bare)) or self._dotless.get((system, bare))
        lengths = range(len(bare), 1, -1) if found is None else ()
        return next((hit for n in lengths if (hit := self.prefixes.get((system, bare[:n])))), found)


def load(root: Path, site: str | None = None, *, optional: bool = True) -> Terminology:
    """Read and check everything under `root`.

    `site` lays `sites/<site>/` over it. `optional` adds the licence-bound tables of `optional/`.
    Raises MappingFault with every problem found, so that one start shows them all.
    """
    tables = Tables(root)
    terminology = read_all(tables, site, optional=optional)
    if tables.problems:
        raise MappingFault(tables.problems)
    return terminology


def read_all(tables: Tables, site: str | None, *, optional: bool) -> Terminology:
    """What the tables say as far as it can be read; every problem on the way is kept in `tables`."""
    concepts = read_concepts(tables)
    aliases = systems.read_systems(tables)
    knowledge = _knowledge_edition(tables)
    overlay = site if site is not None and site_exists(tables, site) else None
    codes = read_codes(tables, concepts, optional=optional)
    units = read_units(tables, {key: concept.unit for key, concept in concepts.items() if concept.unit}, overlay)
    if overlay is not None:
        lay_over(tables, overlay, codes, concepts, aliases, units)
    check_properties(tables, codes, concepts, units)
    words = read_words(tables, concepts, aliases)
    routes = read_routes(tables, aliases, optional=optional)
    drug_names = read_drug_names(tables, concepts, routes)
    indications = read_indications(tables, aliases)
    return Terminology(
        concepts=MappingProxyType(concepts),
        systems=MappingProxyType(aliases),
        known=MappingProxyType(codes.known),
        prefixes=MappingProxyType(codes.prefixes),
        version=tables.version(),
        knowledge=knowledge,
        _dotless=codes.dotless,
        _units=units,
        _words=words,
        _drug_names=drug_names,
        _routes=routes,
        _indications=indications,
        _products=ndc.by_product(codes),
    )


def _knowledge_edition(tables: Tables) -> str:
    """The edition of the clinical knowledge these tables belong to: the line `knowledge: ...` of VERSION."""
    for number, line in enumerate(tables.text("VERSION").splitlines(), start=1):
        name, _, value = line.partition(":")
        if name == "knowledge":
            if not value.strip():
                tables.fault("VERSION", number, "the knowledge edition is empty", "write knowledge: and the edition")
            return value.strip()
    tables.fault("VERSION", 0, "has no line `knowledge: ...`", "add it, as the shipped file has it")
    return ""

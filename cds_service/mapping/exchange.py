"""The mapping data as FHIR resources for other systems: ValueSets and our own CodeSystems, in R4 or R5.

The tables stay the source; this is generated, always the same bytes from the same tables. What may be said
of each code system stands in `copyright`. Drafts: no clinician has signed them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from cds_service.mapping import systems
from cds_service.mapping.concept_maps import concept_maps
from cds_service.mapping.exchange_head import Edition, Json, Release, head
from cds_service.mapping.notices import OWN, Notices, copyright_of, notices_in
from cds_service.mapping.terminology import Concept, Meaning, Terminology
from cds_service.mapping.words import REASONS

_BEFORE_THE_DOT = 3
_KINDS = {
    "measure": "results with a number",
    "finding": "results that are a word",
    "condition": "problems",
    "procedure": "procedures",
    "medication": "medications",
}
_ENDS = {
    "ineffective": "stopped because it did not work",
    "intolerance": "stopped because it was not tolerated",
    "non-adherence": "stopped because it was not taken as agreed",
    "remission": "stopped because the goal was reached",
    "completed": "ended as planned",
}


def export(terminology: Terminology, notice: str, release: Release, site: str = "") -> dict[str, Json]:
    """File name to resource, in the order of the names. `notice` is the text of mappings/NOTICE."""
    notices = notices_in(notice)
    edition = Edition(f"{terminology.knowledge}+{terminology.version.removeprefix('sha256:')[:12]}", release, site)
    found = [_finding_system(terminology, edition), _line_end_system(edition)]
    for concept in terminology.concepts.values():
        found += _value_set(terminology, concept, notices, edition)
    found += concept_maps(terminology, notices, edition)
    return {f"{one['resourceType']}-{one['id']}.json": one for one in sorted(found, key=_name)}


def _name(resource: Json) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


def _value_set(terminology: Terminology, concept: Concept, notices: Notices, edition: Edition) -> Iterator[Json]:
    """Every code that means the concept. A branch (`C0*`) is a filter on the code, because it names no code."""
    rows = {key: terminology.known[key] for key in terminology.codes_of(concept.key)}
    branches = {key: terminology.prefixes[key] for key in terminology.prefixes_of(concept.key)}
    if not rows and not branches:
        return
    text = f"Codes that Nextline CDS reads as {concept.key} ({_KINDS[concept.kind]}). Generated from mappings/."
    include = [*_code_lists(rows), *_branch_filters(branches)]
    found = head("ValueSet", concept.key, concept.key.replace("_", " "), text, edition)
    statement = copyright_of((row.row for row in (*rows.values(), *branches.values())), notices)
    yield {**found, **({"copyright": statement} if statement else {}), "compose": {"include": include}}


def _code_lists(rows: Mapping[tuple[str, str], Meaning]) -> Iterator[Json]:
    for system in sorted({system for system, _ in rows}):
        listed = [(code, row.display) for (where, code), row in rows.items() if where == system]
        yield {"system": system, "concept": [{"code": code, **_named(display)} for code, display in listed]}


def _branch_filters(branches: Iterable[tuple[str, str]]) -> Iterator[Json]:
    """Of one include several filters are all to hold, so the branches of a system are one pattern."""
    for system, listed in groupby(branches, key=itemgetter(0)):
        pattern = "|".join(_pattern(system, prefix) for _, prefix in listed)
        yield {"system": system, "filter": [{"property": "code", "op": "regex", "value": pattern}]}


def _pattern(system: str, prefix: str) -> str:
    dotted = system in systems.DOTTED and len(prefix) > _BEFORE_THE_DOT
    stem = f"{prefix[:_BEFORE_THE_DOT]}\\.?{prefix[_BEFORE_THE_DOT:]}" if dotted else prefix
    return f"{stem}.*"


def _named(display: str) -> Json:
    return {"display": display} if display else {}


def _finding_system(terminology: Terminology, edition: Edition) -> Json:
    """One code for each concept, under its key."""
    text = "Facts that have no standard code, by the concept key of Nextline CDS. Any concept may travel under its key."
    own = sorted(key for key in terminology.known if key[0] == systems.FINDING)
    listed = [{"code": key[1], **_named(terminology.known[key].display)} for key in own]
    found = head("CodeSystem", "finding", "Findings of Nextline CDS", text, edition)
    return _complete(found, listed)


def _line_end_system(edition: Edition) -> Json:
    text = "Why a line of treatment ended, as statusReason of a medication record."
    listed = [{"code": code, "display": _ENDS[code]} for code in REASONS]
    return _complete(head("CodeSystem", "line-end", "Ends of treatment lines", text, edition), listed)


def _complete(found: Json, listed: list[Json]) -> Json:
    rest = {"caseSensitive": True, "content": "complete", "count": len(listed), "concept": listed}
    return {**found, "copyright": OWN, **rest}

"""ConceptMaps: from the codes of others to our own code systems.

R4 says the `equivalence` of the target to the source, R5 the `relationship` of the source to the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cds_service.mapping import systems
from cds_service.mapping.exchange_head import Edition, Json, head
from cds_service.mapping.notices import Notices, copyright_of
from cds_service.mapping.overlay import SITES
from cds_service.mapping.terminology import Meaning, Terminology

_INSIDE: Mapping[str, Json] = {
    "R4": {"equivalence": "wider"},
    "R5": {"relationship": "source-is-narrower-than-target"},
}
_APART: Mapping[str, Json] = {"R4": {"equivalence": "disjoint"}, "R5": {"relationship": "not-related-to"}}
_LOOKS_LIKE_IT = "Looks like it and is not: never read as this."
_LONGEST_SITE = 50  # of the 64 characters that an id may have
Rows = Mapping[tuple[str, str], Meaning]


def concept_maps(terminology: Terminology, notices: Notices, edition: Edition) -> Iterator[Json]:
    """Standard codes to findings, reasons to ends of lines, and the codes of a site where one is laid over."""
    shipped = {key: row for key, row in terminology.known.items() if not row.row.startswith(f"{SITES}/")}
    local = {key: row for key, row in terminology.known.items() if key not in shipped}
    text = "What codes of published systems mean to Nextline CDS. Generated from mappings/."
    yield _map_of("finding", "Standard codes to findings", text, shipped, notices, edition)
    yield _map_of_reasons(terminology, notices, edition)
    if local:
        text = f"What the codes of the site {edition.site} mean to Nextline CDS. Generated from its overlay."
        yield _map_of(
            f"site-{edition.site.lower()[:_LONGEST_SITE]}", f"Codes of {edition.site}", text, local, notices, edition
        )


def _map_of(name: str, title: str, text: str, rows: Rows, notices: Notices, edition: Edition) -> Json:
    said = {key: row for key, row in rows.items() if key[0] != systems.FINDING and row.role != "exclude"}
    elements = ((*key, row.display, _target(row, edition)) for key, row in sorted(said.items(), key=lambda one: one[0]))
    statement = copyright_of((row.row for row in said.values()), notices)
    return {
        **head("ConceptMap", name, title, text, edition),
        **({"copyright": statement} if statement else {}),
        "group": _groups(elements, systems.FINDING),
    }


def _target(row: Meaning, edition: Edition) -> Json:
    if row.role == "include":
        return {"code": row.concept, **_INSIDE[edition.release]}
    return {"code": row.concept, **_APART[edition.release], "comment": _LOOKS_LIKE_IT}


def _map_of_reasons(terminology: Terminology, notices: Notices, edition: Edition) -> Json:
    text = "What reasons of medication records say about the end of a line of treatment. Generated from mappings/."
    elements = (
        (system, code, "", {"code": end, **_INSIDE[edition.release]})
        for (system, code), end in sorted(terminology.reasons.items())
        if system not in ("", systems.LINE_END)
    )
    return {
        **head("ConceptMap", "line-end", "Reasons to ends of treatment lines", text, edition),
        "copyright": copyright_of(["reasons.csv:0"], notices),
        "group": _groups(elements, systems.LINE_END),
    }


def _groups(elements: Iterable[tuple[str, str, str, Json]], target: str) -> list[Json]:
    """One group for each source system; the elements come sorted by it. A blank cannot be in an address."""
    groups: dict[str, list[Json]] = {}
    for system, code, display, meant in elements:
        named = {"display": display} if display else {}
        groups.setdefault(system.replace(" ", "%20"), []).append({"code": code, **named, "target": [meant]})
    return [{"source": system, "target": target, "element": listed} for system, listed in groups.items()]

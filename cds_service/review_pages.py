"""Writes the pages that clinicians and EHR teams review: `python -m cds_service.review_pages [--check]`.

docs/guidelines/*.md and docs/data-elements.md are generated from the code, the mappings and the stories.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from cds_service.guideline.needs import NEEDS, Need
from cds_service.guideline.tables import GENERATED, Stories, guideline_page, safety_page
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import Terminology, load
from cds_service.stories.vignette import load_vignettes

CHECKOUT = Path(__file__).resolve().parent.parent
STATUSES: Mapping[str, str] = {
    "Patient": "any; `deceased` gets no card",
    "Condition": "clinical: not inactive, resolved; verification: not refuted, entered-in-error, differential",
    "Observation": "final, amended, corrected",
    "MedicationStatement": "active, completed, stopped; on-hold is a gap; not-taken is non-adherence",
    "MedicationRequest": "active, completed, stopped; intent order, original-, filler-, instance-order",
    "MedicationAdministration": "completed, in-progress, stopped",
    "Procedure": "completed, in-progress",
    "AllergyIntolerance": "active, and confirmed or unconfirmed",
}


def pages() -> dict[str, str]:
    """Every generated page by its path below docs/."""
    stories = _stories_by_rule()
    terminology = load(mappings_root())
    return {
        "guidelines/membranous-nephropathy.md": guideline_page("MN", stories),
        "guidelines/lupus-nephritis.md": guideline_page("LN", stories),
        "guidelines/safety.md": safety_page(stories),
        "data-elements.md": "\n".join(_data_elements(terminology)) + "\n",
    }


def _stories_by_rule() -> Stories:
    found: dict[str, list[tuple[str, str]]] = {}
    for vignette in load_vignettes(CHECKOUT / "fixtures" / "vignettes"):
        found.setdefault(vignette.expected.rule, []).append((vignette.name, vignette.title))
    return found


def _data_elements(terminology: Terminology) -> Iterator[str]:
    yield "# Data elements"
    yield ""
    yield GENERATED
    yield ""
    yield "What is read, from where, and how old it may be. A key is a prefetch key; the templates in discovery"
    yield "derive from this list. Without a required key the call is refused with 412; the others are said to be"
    yield "unchecked. Each element may also come under `https://nextline-cds.org/CodeSystem/finding`, by name."
    for need in NEEDS:
        yield ""
        yield f"## `{need.key}`: {need.resource}"
        yield ""
        kind = "Required" if need.required else "Optional"
        yield f"{kind}; for {need.why}. Accepted statuses: {STATUSES[need.resource]}."
        yield f"Newest values read per element: {'all' if need.keep is None else need.keep}."
        if need.concepts:
            yield ""
            yield from _elements(need, terminology)


def _elements(need: Need, terminology: Terminology) -> Iterator[str]:
    yield "| element | unit | plausible range | at most days old | codes |"
    yield "|---|---|---|---|---|"
    for name in need.concepts:
        concept = terminology.concepts[name]
        codes = [
            f"{system.rsplit('/', 1)[-1]} {code}"
            for system, code in terminology.codes_of(name)
            if "nextline-cds.org" not in system
        ]
        plausible = " to ".join(f"{limit:g}" for limit in (concept.low, concept.high) if limit is not None)
        age = "" if concept.max_age_days is None else str(concept.max_age_days)
        yield f"| {name} | {concept.unit or ''} | {plausible} | {age} | {', '.join(codes)} |"


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say which are stale and exit with 1."""
    docs = CHECKOUT / "docs"
    stale = []
    for name, text in pages().items():
        path = docs / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{'stale' if '--check' in arguments else 'written'}: docs/{name}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""story.md: the patient in a paragraph, the right answer and why, the facts as a table."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.stories.agreement import CYC_PRIMARY, STOP_CNI
from cds_service.stories.resources import day_text
from cds_service.stories.vignette import NO_CARD, Expected, Fact, Vignette

_IN_WORDS = {CYC_PRIMARY: "CYC_GC as first choice", STOP_CNI: "stopping the CNI"}
_DISEASES = {"MN": "membranous nephropathy", "LN": "lupus nephritis"}


def story_text(vignette: Vignette) -> str:
    """The whole page. The first lines carry the title and the vignette id; the catalogue reads them."""
    paragraphs = [
        f"# {vignette.title}",
        f"Vignette `{vignette.id}` · {_DISEASES[vignette.disease]} · {vignette.sex}, {vignette.age} years",
        vignette.story,
        "## The right answer",
        f"{_answer(vignette.expected)}\n\n{vignette.expected.why}",
    ]
    if vignette.doubt:
        paragraphs.append(f"What the specification leaves open: {vignette.doubt}.")
    paragraphs += ["## The facts", "\n".join(_table(vignette.facts))]
    return "\n\n".join(paragraphs) + "\n"


def _answer(expected: Expected) -> str:
    if expected.action == NO_CARD:
        return f"No card (rule {expected.rule})."
    lines = [
        f"- state `{expected.state}`, rule {expected.rule}, severity {expected.indicator}",
        f"- action `{expected.action}`" + (f": **{expected.next_class}**" if expected.next_class else ""),
    ]
    if expected.alternatives:
        lines.append(f"- alternatives, in order: {', '.join(expected.alternatives)}")
    if expected.missing:
        lines.append(f"- asked for: {', '.join(expected.missing)}")
    if expected.safety_notes:
        lines.append(f"- notes that must be there: {', '.join(expected.safety_notes)}")
    if expected.forbidden:
        lines.append(f"- must not be offered: {', '.join(_IN_WORDS.get(f, f) for f in expected.forbidden)}")
    return "\n".join(lines)


def _table(facts: tuple[Fact, ...]) -> Iterator[str]:
    yield "| date | day | what | value |"
    yield "|---|---:|---|---|"
    for fact in sorted(facts, key=lambda fact: fact.since):
        dated = fact.r != "AllergyIntolerance"
        when = f"{day_text(fact.since)} | {fact.since}" if dated else " | "
        yield f"| {when} | {fact.concept.replace('_', ' ')} | {_value(fact)} |"


def _value(fact: Fact) -> str:
    words = [
        f"{fact.value} {fact.unit}".strip() if fact.value is not None else "",
        f"{fact.method} assay" if fact.method else "",
        f"{fact.dose:g} {fact.dose_unit}" if fact.dose is not None else "",
        _until(fact),
        f"ended: {fact.reason}" if fact.reason else "",
        " ".join(part for part in (fact.clinical, fact.verification) if part),
        fact.status if fact.status in {"stopped", "not-taken", "entered-in-error"} else "",
    ]
    return ", ".join(word for word in words if word)


def _until(fact: Fact) -> str:
    if fact.start is None:
        return ""
    return "ongoing" if fact.end is None else f"until {day_text(fact.end)}"

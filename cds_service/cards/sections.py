"""The parts of a card's detail after the headline: options, cautions, what would change it, sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

from cds_service.cards.escape import chart_text
from cds_service.cards.figures import joined
from cds_service.cards.headline import wording_of
from cds_service.cards.recommendation import open_classes, shown_conflicts
from cds_service.cards.screening import tests_first
from cds_service.cards.wording_change import WOULD_CHANGE
from cds_service.cards.wording_classes import CLASSES, LUPUS_REGIMENS, LUPUS_TRADE_OFFS, MENU, ClassWording
from cds_service.cards.wording_conflicts import CONFLICTS
from cds_service.cards.wording_measures import CONFIDENCE
from cds_service.cards.wording_monitoring import LUPUS, MEMBRANOUS, MEMBRANOUS_CNI
from cds_service.cards.wording_notes import NOTES, PREGNANCY_NOTE
from cds_service.cards.wording_requests import MISSING, SCREENING
from cds_service.cards.wording_vetoes import veto_wording
from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.evidence import EVIDENCE

_TREATMENT = frozenset(
    {"START_CLASS", "CONTINUE", "WAIT_MONITOR", "TAPER_CNI", "TAPER_OFF_CNI", "REDUCE_CNI", "OPTIMIZE"}
)


def missing_tests(assessment: Assessment) -> str:
    """Which test to order, for each missing code."""
    return listed("To order or find", (MISSING[code].ask for code in assessment.missing if code in MISSING))


def options(assessment: Assessment, case: Case, on: date) -> str:
    """The open classes with their price, then what safety ruled out, or the menu only experts weigh."""
    classes = open_classes(assessment)
    rows = [f"{place}. {_option(code, assessment, case, on)}" for place, code in enumerate(classes, start=1)]
    chosen = "\n".join(("**Options, first choice first**", "", *rows)) if rows else ""
    ruled_out = listed(
        "Ruled out for this patient",
        (f"{class_name(code)}: {' '.join(reasons)}" for code, reasons in _vetoes(assessment).items()),
    )
    menu = listed("What an expert centre may weigh", (menu_name(code) for code in assessment.menu))
    return "\n\n".join(part for part in (chosen, ruled_out, menu) if part)


def cautions(assessment: Assessment) -> str:
    """The notes, apart from those about data and the vetoes, which have their own places."""
    title = "Before starting" if assessment.action == "START_CLASS" else "Also note"
    return listed(title, (_note(note) for note in assessment.notes if _is_caution(note, assessment)))


def watch(assessment: Assessment) -> str:
    """Monitoring that belongs to every treatment card of the disease."""
    if assessment.action not in _TREATMENT:
        return ""
    if assessment.disease == "LN":
        return listed("Watch", LUPUS)
    with_cni = "CNI" in assessment.next_class
    if assessment.action != "START_CLASS":
        with_cni = any("CNI" in line.classes and line.end is None for line in assessment.lines[-1:])
    return listed("Watch", (*MEMBRANOUS, *(MEMBRANOUS_CNI if with_cni else ())))


def would_change(assessment: Assessment) -> str:
    """What result or event would lead to another answer."""
    return listed("What would change this advice", (WOULD_CHANGE[key] for key in wording_of(assessment).change))


def evidence(assessment: Assessment) -> str:
    """Each source in one line: citation, finding, and how sure the register is of it."""
    strength = f" (strength: {chart_text(assessment.strength, 40)})" if assessment.strength else ""
    return listed(f"Evidence{strength}", (_source(code) for code in assessment.evidence if code in EVIDENCE))


def disagreements(assessment: Assessment) -> str:
    """Where the sources disagree, and what was done about it."""
    known = (f"{code}: {CONFLICTS[code]}" for code in shown_conflicts(assessment) if code in CONFLICTS)
    return listed("Where sources disagree", known)


def listed(title: str, items: Iterable[str]) -> str:
    """A titled list, or nothing when it has no items."""
    rows = [f"- {item}" for item in items if item]
    return "\n".join((f"**{title}**", "", *rows)) if rows else ""


def class_name(code: str) -> str:
    """The name of a therapy class; one without an entry is said in its own words."""
    known = CLASSES.get(code)
    return known.name if known else chart_text(code.replace("_", " "), 30)


def menu_name(code: str) -> str:
    """An entry of an expert menu with what is known of it, or as the guideline names it."""
    if code.lower() in MENU:
        return MENU[code.lower()]
    return class_name(code) if code in CLASSES else chart_text(code[:1].upper() + code[1:].replace("_", " "), 80)


def _option(code: str, assessment: Assessment, case: Case, on: date) -> str:
    wording = CLASSES.get(code) or ClassWording(class_name(code), "", "", "", "")
    trade_off, regimen = wording.trade_off, wording.regimen
    if assessment.disease == "LN":
        trade_off, regimen = LUPUS_TRADE_OFFS.get(code, trade_off), LUPUS_REGIMENS.get(code, regimen)
    first = joined(SCREENING[key].short for key in tests_first(code, assessment, case, on))
    points = (
        trade_off,
        f"In common use (information, not an order): {regimen}" if regimen else "",
        f"Needs first: {first}." if first else "",
    )
    return "\n".join((f"**{wording.name}.** {wording.what}".strip(), *(f"   - {point}" for point in points if point)))


def _vetoes(assessment: Assessment) -> dict[str, list[str]]:
    """All reasons against each class, in the order the rule lists the classes."""
    reasons: dict[str, list[str]] = {}
    for veto in assessment.vetoed:
        reasons.setdefault(veto.therapy_class, []).append(veto_wording(veto.reason).sentence)
    return reasons


def _is_caution(note: str, assessment: Assessment) -> bool:
    known = NOTES.get(note)
    if note == "EXPERT_REFERRAL" and assessment.action == "REFER_EXPERT":
        return False  # the headline has just said so
    return note != PREGNANCY_NOTE and not note.startswith("VETO_") and not (known and known.about_data)


def _note(note: str) -> str:
    known = NOTES.get(note)
    return known.sentence if known else chart_text(note.replace("_", " ").capitalize(), 80)


@cache
def _source(code: str) -> str:
    entry = EVIDENCE[code]
    citation = f"[{chart_text(entry.citation, 160)}]({entry.url})" if entry.url else chart_text(entry.citation, 160)
    sure = CONFIDENCE.get(entry.confidence, "confidence not stated")
    finding = chart_text(entry.finding.replace(">=", "≥").replace("<=", "≤"), 240)
    return f"{code} {citation}: {finding} ({sure})."

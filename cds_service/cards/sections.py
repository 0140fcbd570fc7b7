"""The parts of a card's detail after the headline: options, cautions, what would change it, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from cds_service.cards.escape import chart_text
from cds_service.cards.figures import joined
from cds_service.cards.wording_change import WOULD_CHANGE
from cds_service.cards.wording_classes import CLASSES, LUPUS_REGIMENS, LUPUS_TRADE_OFFS, MENU, ClassWording
from cds_service.cards.wording_conflicts import CONFLICTS
from cds_service.cards.wording_measures import CONFIDENCE
from cds_service.cards.wording_monitoring import LUPUS, MEMBRANOUS, MEMBRANOUS_CNI
from cds_service.cards.wording_notes import NOTES, PREGNANCY_NOTE
from cds_service.cards.wording_requests import MISSING, SCREENING
from cds_service.cards.wording_vetoes import veto_wording
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.evidence import EVIDENCE, Evidence

MOST_OF_A_FINDING = 240
# Parts that follow from rule, class and register alone are remembered; nothing a chart says may be a key.
_REMEMBERED = 512
_TREATMENT = frozenset(
    {"START_CLASS", "CONTINUE", "WAIT_MONITOR", "TAPER_CNI", "TAPER_OFF_CNI", "REDUCE_CNI", "OPTIMIZE"}
)


def missing_tests(assessment: Assessment) -> str:
    """Which test to order, for each missing code."""
    return listed("To order or find", (MISSING[code].ask for code in assessment.missing if code in MISSING))


def options(assessment: Assessment, first: Mapping[str, tuple[str, ...]]) -> str:
    """The open classes with their price, then what safety ruled out, or the menu only experts weigh.

    `first` holds the open classes in their order, each with the tests that come before it (keys of SCREENING).
    """
    rows = [
        f"{place}. {_option(code, assessment.disease or '', tests)}"
        for place, (code, tests) in enumerate(first.items(), start=1)
    ]
    chosen = "\n".join(("**Options, first choice first**", "", *rows)) if rows else ""
    ruled_out = listed(
        "Ruled out for this patient",
        (f"{class_name(code)}: {' '.join(reasons)}" for code, reasons in _vetoes(assessment).items()),
    )
    menu = listed("What an expert centre may weigh", (menu_name(code) for code in assessment.menu))
    return "\n\n".join([part for part in (chosen, ruled_out, menu) if part])


def cautions(assessment: Assessment) -> str:
    """The notes, apart from those about data and the vetoes, which have their own places."""
    title = "Before starting" if assessment.action == "START_CLASS" else "Also note"
    return listed(title, (_note(note) for note in assessment.notes if _is_caution(note, assessment)))


def watch(assessment: Assessment) -> str:
    """Monitoring that belongs to every treatment card of the disease."""
    if assessment.action not in _TREATMENT:
        return ""
    if assessment.disease == "LN":
        return _WATCH_LUPUS
    with_cni = "CNI" in assessment.next_class
    if assessment.action != "START_CLASS":
        with_cni = any("CNI" in line.classes and line.end is None for line in assessment.lines[-1:])
    return _WATCH_MEMBRANOUS_WITH_CNI if with_cni else _WATCH_MEMBRANOUS


@lru_cache(maxsize=_REMEMBERED)
def would_change(keys: tuple[str, ...]) -> str:
    """What result or event would lead to another answer. `keys` are entries of WOULD_CHANGE."""
    return listed("What would change this advice", (WOULD_CHANGE[key] for key in keys))


def evidence(assessment: Assessment) -> str:
    """Each source in one line: citation, finding, and how sure the register is of it."""
    strength = f" (strength: {chart_text(assessment.strength, 40)})" if assessment.strength else ""
    sources = _sources(assessment.evidence)
    return f"**Evidence{strength}**\n\n{sources}" if sources else ""


@lru_cache(maxsize=_REMEMBERED)
def disagreements(conflicts: tuple[str, ...]) -> str:
    """Where the sources disagree, and what was done about it."""
    known = (f"{code}: {CONFLICTS[code]}" for code in conflicts if code in CONFLICTS)
    return listed("Where sources disagree", known)


def listed(title: str, items: Iterable[str]) -> str:
    """A titled list, or nothing when it has no items."""
    rows = "\n".join([f"- {item}" for item in items if item])
    return f"**{title}**\n\n{rows}" if rows else ""


def class_name(code: str) -> str:
    """The name of a therapy class; one without an entry is said in its own words."""
    known = CLASSES.get(code)
    return known.name if known else chart_text(code.replace("_", " "), 30)


def menu_name(code: str) -> str:
    """An entry of an expert menu with what is known of it, or as the guideline names it."""
    if code.lower() in MENU:
        return MENU[code.lower()]
    return class_name(code) if code in CLASSES else chart_text(code[:1].upper() + code[1:].replace("_", " "), 80)


@lru_cache(maxsize=_REMEMBERED)
def _option(code: str, disease: str, tests: tuple[str, ...]) -> str:
    wording = CLASSES.get(code) or ClassWording(class_name(code), "", "", "", "")
    trade_off, regimen = wording.trade_off, wording.regimen
    if disease == "LN":
        trade_off, regimen = LUPUS_TRADE_OFFS.get(code, trade_off), LUPUS_REGIMENS.get(code, regimen)
    first = joined(SCREENING[key].short for key in tests)
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


@lru_cache(maxsize=_REMEMBERED)
def _sources(codes: tuple[str, ...]) -> str:
    return "\n".join(f"- {_SOURCES[code]}" for code in codes if code in _SOURCES)


def _source(code: str, entry: Evidence) -> str:
    citation = chart_text(entry.citation, 160)
    linked = f"[{citation}]({entry.url})" if entry.url else citation
    sure = CONFIDENCE.get(entry.confidence, "confidence not stated")
    finding = chart_text(entry.finding, MOST_OF_A_FINDING)
    return f"{code} {linked}: {finding} ({sure})."


_SOURCES = {code: _source(code, entry) for code, entry in EVIDENCE.items()}
_WATCH_LUPUS = listed("Watch", LUPUS)
_WATCH_MEMBRANOUS = listed("Watch", MEMBRANOUS)
_WATCH_MEMBRANOUS_WITH_CNI = listed("Watch", (*MEMBRANOUS, *MEMBRANOUS_CNI))

"""The parts of a card's detail after the headline: options, cautions, what would change it, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from cds_service.cards.escape import chart_text
from cds_service.cards.facts import measure_name, said_value
from cds_service.cards.figures import joined
from cds_service.cards.numbers import Dates
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
# Requests that do not say by themselves which measure an older value is of.
_ABOUT_SEVERAL = frozenset({"CNI_TROUGH", "REPEAT_PROTEINURIA", "REPEAT_UPCR"})
_TREATMENT = frozenset(
    {"START_CLASS", "CONTINUE", "WAIT_MONITOR", "TAPER_CNI", "TAPER_OFF_CNI", "REDUCE_CNI", "OPTIMIZE"}
)


def missing_tests(assessment: Assessment, dates: Dates) -> str:
    """Which test to order, for each missing code, and its last value with the reason why it does not count."""
    known = [code for code in assessment.missing if code in MISSING]
    return listed("To order or find", [f"{MISSING[code].ask}{_last_values(code, assessment, dates)}" for code in known])


def _last_values(code: str, assessment: Assessment, dates: Dates) -> str:
    facts = {(fact.name, fact.source, fact.role): fact for fact in assessment.facts}
    told = ""
    for item in assessment.outdated:
        if item.code == code:
            fact = facts[item.measure, item.source, item.role]
            last = f"{measure_name(item.measure)}, last" if code in _ABOUT_SEVERAL else "Last"
            told += f" {last}: {said_value(fact)} on {dates[fact.day]}, {item.why}."
    return told


def options(assessment: Assessment, first: Mapping[str, tuple[str, ...]]) -> str:
    """The open classes with their price, then what safety ruled out, or the menu only experts weigh.

    `first` holds the open classes in their order, each with the tests that come before it (keys of SCREENING).
    """
    parts = []
    if first:
        parts.append(_options(assessment.disease or "", tuple(first.items())))
    if assessment.vetoed:
        reasons = [f"{class_name(code)}: {' '.join(against)}" for code, against in _vetoes(assessment).items()]
        parts.append(listed("Ruled out for this patient", reasons))
    if assessment.menu:
        parts.append(listed("What an expert centre may weigh", [menu_name(code) for code in assessment.menu]))
    return "\n\n".join([part for part in parts if part])


def cautions(assessment: Assessment) -> str:
    """The notes, apart from those about data and the vetoes, which have their own places."""
    if not assessment.notes:
        return ""
    found = [_CAUTIONS[note] if note in _CAUTIONS else _note(note) for note in assessment.notes]
    if assessment.action == "REFER_EXPERT" and _REFERRAL in found:
        found.remove(_REFERRAL)  # the headline has just said so
    return listed("Before starting" if assessment.action == "START_CLASS" else "Also note", found)


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
    return _evidence(assessment.strength, assessment.evidence)


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
def _options(disease: str, offered: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """The classes with the tests that come before each, numbered."""
    rows = [f"{place}. {_option(code, disease, tests)}" for place, (code, tests) in enumerate(offered, start=1)]
    return "\n".join(("**Options, first choice first**", "", *rows))


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


def _note(note: str) -> str:
    """A note without an entry, in its own words; a veto is said where the classes are."""
    return "" if note.startswith("VETO_") else chart_text(note.replace("_", " ").capitalize(), 80)


@lru_cache(maxsize=_REMEMBERED)
def _evidence(strength: str, codes: tuple[str, ...]) -> str:
    graded = f" (strength: {chart_text(strength, 40)})" if strength else ""
    return listed(f"Evidence{graded}", [_SOURCES[code] for code in codes if code in _SOURCES])


def _source(code: str, entry: Evidence) -> str:
    citation = chart_text(entry.citation, 160)
    linked = f"[{citation}]({entry.url})" if entry.url else citation
    sure = CONFIDENCE.get(entry.confidence, "confidence not stated")
    finding = chart_text(entry.finding, MOST_OF_A_FINDING)
    return f"{code} {linked}: {finding} ({sure})."


_SOURCES = {code: _source(code, entry) for code, entry in EVIDENCE.items()}
# What has its own place is nothing to say here.
_CAUTIONS = {
    note: "" if wording.about_data or note == PREGNANCY_NOTE else wording.sentence for note, wording in NOTES.items()
}
_REFERRAL = NOTES["EXPERT_REFERRAL"].sentence
_WATCH_LUPUS = listed("Watch", LUPUS)
_WATCH_MEMBRANOUS = listed("Watch", MEMBRANOUS)
_WATCH_MEMBRANOUS_WITH_CNI = listed("Watch", (*MEMBRANOUS, *MEMBRANOUS_CNI))

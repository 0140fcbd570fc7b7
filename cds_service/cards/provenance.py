"""What the answer could not use, and where it comes from: missing, stale, set aside, versions."""

from __future__ import annotations

from functools import lru_cache

from cds_service.cards.approval import in_detail
from cds_service.cards.escape import chart_text
from cds_service.cards.facts import measure_name, with_unit
from cds_service.cards.numbers import Dates, shown
from cds_service.cards.sections import listed
from cds_service.cards.stamp import Stamp
from cds_service.cards.wording_measures import NOT_PROVIDED, SET_ASIDE
from cds_service.cards.wording_notes import NOTES
from cds_service.cards.wording_remarks import REMARKS
from cds_service.cards.wording_requests import MISSING
from cds_service.case.model import Case, Quantity, SetAside
from cds_service.guideline.assessment import Assessment

MOST_SET_ASIDE = 12
DOUBLED = "VALUES_DISAGREE"
_ABOUT_DATA = {note: wording.sentence for note, wording in NOTES.items() if wording.about_data}


def not_used(assessment: Assessment, case: Case, dates: Dates) -> str:
    """Everything that limits the answer: remarks, missing results, doubled values, set aside and unsent data."""
    found = [REMARKS.get(remark) or chart_text(remark, 200) for remark in assessment.remarks]
    if assessment.missing and assessment.action != "DATA_REQUEST":
        found += [f"Missing or too old: {_missing(code)}." for code in assessment.missing]
    if case.disagreements:
        in_doubt = {item.resource for item in assessment.undecided}
        found += [_doubled(pair, dates, unused=pair[0].source in in_doubt) for pair in case.disagreements]
    for note in assessment.notes:
        if note in _ABOUT_DATA:
            found.append(_ABOUT_DATA[note])
    if case.set_aside:
        told = [item for item in case.set_aside if item.reason != DOUBLED]  # said as a pair already
        found += [_set_aside(item, dates) for item in told[:MOST_SET_ASIDE]]
        hidden = len(told) - MOST_SET_ASIDE
        found.append(f"{hidden} more set aside, named in the machine-readable part." if hidden > 0 else "")
    if case.not_provided:
        found.append(_unsent(case))
    return listed("Missing, set aside or in doubt", found) if found else ""


def footer(assessment: Assessment, case: Case, dates: Dates, stamp: Stamp) -> str:
    """Rule, versions, as-of date, what was read, and who has signed the knowledge or that nobody has."""
    versions = _versions(stamp.service_version, stamp.knowledge_version, stamp.mappings_version)
    changed = ""
    if stamp.changed_thresholds:
        names = ", ".join([chart_text(name, 60) for name in stamp.changed_thresholds])
        changed = f"This site has changed thresholds: {names}.\n\n"
    signed = in_detail(stamp.approval, dates.today)
    return f"---\n\nRule {assessment.rule} · as of {dates.as_of} · {versions}\n\n{_read(case)}{changed}{signed}"


@lru_cache(maxsize=16)
def _versions(service: str, knowledge: str, mappings: str) -> str:
    named = {"service": service, "knowledge": knowledge, "mappings": mappings}
    return " · ".join(f"{name} {chart_text(version, 20)}" for name, version in named.items())


def _missing(code: str) -> str:
    return MISSING[code].short if code in MISSING else chart_text(code.replace("_", " ").lower(), 40)


def _doubled(pair: tuple[Quantity, Quantity], dates: Dates, *, unused: bool) -> str:
    kept, _ = pair
    used, other = (with_unit(shown(quantity.value), quantity.unit) for quantity in pair)
    said = f"{measure_name(kept.measure)} {dates[kept.day]}: two values on one day,"
    if unused:
        return f"{said} {used} and {other}; the advice depends on which is right, so neither is used. Repeat it."
    return f"{said} {used} used, {other} not used."


def _set_aside(item: SetAside, dates: Dates) -> str:
    what = measure_name(item.concept) if item.concept else chart_text(item.resource, 60)
    when = f" {dates[item.day]}" if item.day else ""
    shown = f" ({chart_text(item.shown, 60)})" if item.shown else ""
    plain = item.reason.replace("_", " ").lower() if item.reason.isupper() else item.reason
    reason = SET_ASIDE.get(item.reason) or chart_text(plain, 80).rstrip(".")
    return f"{what}{when}{shown} not used: {reason}."


def _unsent(case: Case) -> str:
    kinds = [NOT_PROVIDED.get(kind) or chart_text(kind.replace("_", " "), 40) for kind in case.not_provided]
    return f"Not sent by the record system, so not checked: {', '.join(kinds)}."


def _read(case: Case) -> str:
    counted = case.bins
    if not counted.total:
        return ""
    return (
        f"{counted.total} records read: {len(counted.used)} used, {len(counted.superseded)} superseded, "
        f"{counted.not_relevant} not relevant, {counted.set_aside} set aside.\n\n"
    )

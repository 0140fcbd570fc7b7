"""What the answer could not use, and where it comes from: missing, stale, set aside, versions."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from cds_service.cards.escape import chart_text
from cds_service.cards.numbers import iso
from cds_service.cards.sections import listed
from cds_service.cards.stamp import Stamp
from cds_service.cards.tables import measure_name, quantity_text
from cds_service.cards.wording_measures import NOT_PROVIDED, SET_ASIDE
from cds_service.cards.wording_notes import NOTES
from cds_service.cards.wording_remarks import REMARKS
from cds_service.cards.wording_requests import MISSING
from cds_service.case.model import Case, Quantity, SetAside
from cds_service.guideline.assessment import Assessment

MOST_SET_ASIDE = 12
UNSIGNED = "No clinician has signed this knowledge yet."


def not_used(assessment: Assessment, case: Case) -> str:
    """Everything that limits the answer: remarks, missing results, doubled values, set aside and unsent data."""
    data_request = assessment.action == "DATA_REQUEST"
    missing = () if data_request else (f"Missing or too old: {_missing(code)}." for code in assessment.missing)
    about_data = (NOTES[note].sentence for note in assessment.notes if note in NOTES and NOTES[note].about_data)
    shown = case.set_aside[:MOST_SET_ASIDE]
    hidden = len(case.set_aside) - len(shown)
    return listed(
        "Missing, set aside or in doubt",
        (
            *(REMARKS.get(remark) or chart_text(remark, 200) for remark in assessment.remarks),
            *missing,
            *(_doubled(kept, other) for kept, other in case.disagreements),
            *about_data,
            *(_set_aside(item) for item in shown),
            f"{hidden} more set aside, named in the machine-readable part." if hidden > 0 else "",
            _unsent(case),
        ),
    )


def footer(assessment: Assessment, case: Case, on: date, stamp: Stamp) -> str:
    """Rule, versions, as-of date, what was read, and that nobody has signed this yet."""
    versions = _versions(stamp.service_version, stamp.knowledge_version, stamp.mappings_version)
    lines = [f"Rule {assessment.rule} · as of {on.isoformat()} · {versions}", _read(case)]
    if stamp.changed_thresholds:
        changed = ", ".join(chart_text(name, 60) for name in stamp.changed_thresholds)
        lines.append(f"This site has changed thresholds: {changed}.")
    lines.append(UNSIGNED)
    return "---\n\n" + "\n\n".join([line for line in lines if line])


@lru_cache(maxsize=16)
def _versions(service: str, knowledge: str, mappings: str) -> str:
    named = {"service": service, "knowledge": knowledge, "mappings": mappings}
    return " · ".join(f"{name} {chart_text(version, 20)}" for name, version in named.items())


def _missing(code: str) -> str:
    return MISSING[code].short if code in MISSING else chart_text(code.replace("_", " ").lower(), 40)


def _doubled(kept: Quantity, other: Quantity) -> str:
    name = measure_name(kept.measure)
    return (
        f"{name} {iso(kept.day)}: two values on one day, {quantity_text(kept.value, kept.unit)} used, "
        f"{quantity_text(other.value, other.unit)} not used."
    )


def _set_aside(item: SetAside) -> str:
    what = measure_name(item.concept) if item.concept else chart_text(item.resource, 60)
    when = f" {iso(item.day)}" if item.day else ""
    shown = f" ({chart_text(item.shown, 60)})" if item.shown else ""
    plain = item.reason.replace("_", " ").lower() if item.reason.isupper() else item.reason
    reason = SET_ASIDE.get(item.reason) or chart_text(plain, 80).rstrip(".")
    return f"{what}{when}{shown} not used: {reason}."


def _unsent(case: Case) -> str:
    if not case.not_provided:
        return ""
    kinds = ", ".join(NOT_PROVIDED.get(kind) or chart_text(kind.replace("_", " "), 40) for kind in case.not_provided)
    return f"Not sent by the record system, so not checked: {kinds}."


def _read(case: Case) -> str:
    counted = case.bins
    if not counted.total:
        return ""
    return (
        f"{counted.total} records read: {len(counted.used)} used, {len(counted.superseded)} superseded, "
        f"{counted.not_relevant} not relevant, {counted.set_aside} set aside."
    )

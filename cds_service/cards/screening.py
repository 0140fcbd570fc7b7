"""Which tests must come before the first dose of a class, going by what the chart holds (clinical-spec 7.3)."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.case.model import Case, Day, Finding, Quantity
from cds_service.guideline.assessment import Assessment

ANTI_CD20_CLASSES = frozenset({"RTX", "RTX_CNI", "ANTI_CD20_2G", "ANTI_CD20_COMBO"})
_HEPATITIS_DAYS = 365
_IGG_DAYS = 180
_PREGNANCY_TEST_DAYS = 30
_BLOOD_COUNT_DAYS = 30
_CHILDBEARING = range(15, 51)
_DAYS_PER_YEAR = 365.25
_OVER = frozenset({"inactive", "resolved", "remission"})


def tests_by_class(
    classes: Sequence[str], assessment: Assessment, case: Case, today: Day
) -> dict[str, tuple[str, ...]]:
    """The classes in their order, each with the tests that come before it: keys of SCREENING.

    Also for alternatives, whose holds the notes of the leading class do not cover.
    """
    by_group: dict[str, tuple[str, ...]] = {}
    found = {}
    for therapy_class in classes:
        group = _group(therapy_class)
        if group not in by_group:
            by_group[group] = _tests_first(therapy_class, assessment, case, today)
        found[therapy_class] = by_group[group]
    return found


def _group(therapy_class: str) -> str:
    """Classes of one group need the same tests."""
    if therapy_class in ANTI_CD20_CLASSES:
        return "anti-CD20"
    return "cyclophosphamide" if therapy_class == "CYC_GC" else "other"


def _tests_first(therapy_class: str, assessment: Assessment, case: Case, today: int) -> tuple[str, ...]:
    wanted: list[str] = []
    if therapy_class in ANTI_CD20_CLASSES:
        if not _recent(case.answers("hbsag"), today, _HEPATITIS_DAYS):
            wanted.append("HBSAG")
        if not _recent(case.answers("anti_hbc"), today, _HEPATITIS_DAYS):
            wanted.append("ANTI_HBC")
        if not _recent(case.series("igg"), today, _IGG_DAYS):
            wanted.append("IGG")
    if therapy_class == "CYC_GC" and not _recent(case.series("wbc"), today, _BLOOD_COUNT_DAYS):
        wanted.append("WBC")
    if _pregnancy_test_due(therapy_class, assessment, case, today):
        wanted.append("PREGNANCY_TEST")
    return tuple(wanted)


def _pregnancy_test_due(therapy_class: str, assessment: Assessment, case: Case, today: int) -> bool:
    """Cyclophosphamide in MN, any class in LN; not when pregnancy is already on record."""
    if assessment.disease != "LN" and therapy_class != "CYC_GC":
        return False
    if "PREGNANCY_TEST_REQUIRED" in assessment.notes:
        return True
    if not _may_be_pregnant(case, today):
        return False
    if [c for c in case.conditions if c.concept == "pregnancy" and c.ended is None and c.clinical not in _OVER]:
        return False
    return not _recent(case.answers("pregnancy_test"), today, _PREGNANCY_TEST_DAYS)


def _may_be_pregnant(case: Case, today: int) -> bool:
    if case.patient.sex != "female" or case.patient.born is None:
        return False
    return int((today - case.patient.born.first) / _DAYS_PER_YEAR) in _CHILDBEARING


def _recent(results: Sequence[Finding | Quantity], today: int, days: int) -> bool:
    # Newest first: the answer is nearly always there.
    for result in reversed(results):  # noqa: SIM110
        if today - days <= result.day <= today:
            return True
    return False

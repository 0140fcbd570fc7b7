"""What must never be recommended: clinical-spec section 9, as a judgement over a chart and an answer.

Written from the specification and from the raw facts of the chart; it asks the engine for nothing but its answer.
Where the specification leaves room, only the certain part of a prohibition is checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment
from tests.guideline.patients import TODAY
from tests.guideline.rulebook import severity_by_the_book
from tests.properties.chart_facts import AGENT_CLASS, Chart, at_least, at_most, certainly_below

PARTS = {
    "RTX": {"RTX"}, "ANTI_CD20_2G": {"CD20_2G"}, "CYC_GC": {"CYC"}, "CNI": {"CNI"}, "RTX_CNI": {"RTX", "CNI"},
    "MPAA_GC": {"MPAA"}, "CNI_COMBO": {"CNI"}, "BEL_COMBO": {"BEL"}, "ANTI_CD20_COMBO": {"RTX", "CD20_2G"},
    "AZA_CNI": {"AZA", "CNI"},
}  # fmt: skip
IN_MEMBRANOUS = {"RTX", "ANTI_CD20_2G", "CYC_GC", "CNI", "RTX_CNI"}
IN_LUPUS = {"MPAA_GC", "CYC_GC", "CNI_COMBO", "BEL_COMBO", "ANTI_CD20_COMBO", "AZA_CNI"}
REQUESTS = {
    "MN_DIAGNOSIS_CONFIRMATION", "LN_DIAGNOSIS_CONFIRMATION", "LN_CLASS", "PROTEINURIA", "UPCR", "EGFR",
    "BASELINE_PROTEINURIA", "BASELINE_UPCR", "BASELINE_EGFR", "ALBUMIN", "ANTI_PLA2R", "ANTI_PLA2R_IIF", "CNI_TROUGH",
    "B_CELL_COUNT", "EGFR_TREND", "REPEAT_CREATININE", "REPEAT_PROTEINURIA", "REPEAT_UPCR", "MPAA_DOSE",
    "PRIOR_LINE_OUTCOME", "BIRTH_DATE",
}  # fmt: skip
CALLED_RESISTANT = {"MN_RESISTANT", "MN_RTX_PARTIAL_IMMUNOLOGIC", "LN_NO_RESPONSE", "LN_REFRACTORY"}
ESCALATED = CALLED_RESISTANT | {"MN_RELAPSE", "MN_CNI_DEPENDENT"}


def offered(a: Assessment) -> tuple[str, ...]:
    return tuple(name for name in (a.next_class, *a.alternatives) if name)


def violations(case: Case, a: Assessment) -> list[str]:
    """Every prohibition that the answer breaks, in words; empty when it is sound."""
    chart = Chart(case)
    found = [*_form(a), *_scope(chart, a)]
    if offered(a):
        parts = {part for name in offered(a) for part in PARTS[name]}
        found += [*_start(chart, a), *_pregnancy(chart, parts), *_hepatitis(chart, a, parts)]
        found += [*_calcineurin_inhibitor(chart, a), *_cyclophosphamide(chart, a, parts), *_failed(a)]
        found += _not_tolerated(chart, a)
    return [*found, *_explained_otherwise(chart, a)]


def _form(a: Assessment) -> Iterator[str]:
    classes = offered(a)
    if bool(classes) != (a.action == "START_CLASS") or (classes and not a.next_class):
        yield f"{a.action} with classes {classes}"
    if len(set(classes)) != len(classes):
        yield "a class offered twice"
    if not set(classes) <= (IN_MEMBRANOUS if a.disease == "MN" else IN_LUPUS):
        yield f"{classes} is not for {a.disease}"
    if set(classes) & {veto.therapy_class for veto in a.vetoed}:
        yield "a class offered and vetoed at once"
    if not {f"VETO_{veto.therapy_class}_{veto.reason}" for veto in a.vetoed} <= set(a.notes):
        yield "a veto without its note"
    if (a.action == "DATA_REQUEST") != bool(a.missing) or not set(a.missing) <= REQUESTS:
        yield f"{a.action} asks for {a.missing}"
    if "chlorambucil" in " ".join((*classes, *a.menu)).lower():
        yield "chlorambucil"
    if a.rule != "LN-27" and a.severity != severity_by_the_book(a.rule, a.action, a.notes):
        yield f"severity {a.severity}"
    if any(fact.day > TODAY for fact in a.facts):
        yield "a fact of the future"
    if next((step.applied for step in reversed(a.trace)), False) is not True:
        yield "the trace does not end with what applied"


def _scope(chart: Chart, a: Assessment) -> Iterator[str]:
    outside = chart.years < 18 or chart.has("dialysis") or chart.has("kidney_transplant")
    if outside and a.action != "NO_CARD":
        yield "advice for a child, on dialysis or after transplantation"


def _start(chart: Chart, a: Assessment) -> Iterator[str]:
    if chart.has("serious_infection"):
        yield "a start during serious infection"
    if a.disease == "LN" and chart.has("malignancy"):
        yield "a start in lupus nephritis with a tumour"
    protein = chart.newest("proteinuria_24h", 90) or chart.newest("upcr", 90)
    kidney = chart.newest("egfr", 90) or chart.newest("creatinine", 90)
    if protein is None or kidney is None:
        yield "a start on stale values"
    if a.next_class == "RTX_CNI":
        reason = chart.word("fertility_wish") == "yes" or any(veto.therapy_class == "CYC_GC" for veto in a.vetoed)
        if not reason and "CYC_GC" not in a.alternatives:
            yield "rituximab with tacrolimus first without a reason (C-05)"
    if not a.evidence:
        yield "a start without evidence"


def _pregnancy(chart: Chart, parts: set[str]) -> Iterator[str]:
    harmful = parts & {"CYC", "MPAA", "RTX", "CD20_2G", "BEL"}
    if chart.pregnant and harmful:
        yield f"{harmful} in pregnancy"


def _hepatitis(chart: Chart, a: Assessment, parts: set[str]) -> Iterator[str]:
    surface, core = chart.word("hbsag", 365), chart.word("anti_hbc", 365)
    anti_cd20 = bool(parts & {"RTX", "CD20_2G"})
    if anti_cd20 and not (surface and core) and "HBV_SCREEN_REQUIRED" not in a.notes:
        yield "anti-CD20 with unknown hepatitis B and no hold"
    untreated = surface == "positive" and not chart.taking("hbv_antiviral")
    if (anti_cd20 or "CYC" in parts) and untreated and "HBV_POSITIVE_PROPHYLAXIS_FIRST" not in a.notes:
        yield "untreated hepatitis B and no hold"
    if anti_cd20 and surface != "positive" and core == "positive" and "HBV_CORE_PROPHYLAXIS" not in a.notes:
        yield "core antibody and no hold"


def _calcineurin_inhibitor(chart: Chart, a: Assessment) -> Iterator[str]:
    for name in offered(a):
        if "CNI" not in PARTS[name]:
            continue
        egfr, creatinine = chart.newest("egfr", 90), chart.newest("creatinine", 90)
        if egfr is not None and (creatinine is None or creatinine.day <= egfr.day):
            floor = 45.0 if name == "RTX_CNI" or a.disease == "LN" else 40.0
            if certainly_below(egfr, floor, inclusive=a.disease == "LN"):
                yield f"{name} at eGFR {egfr.bound}{egfr.value:g}"
        for measure, limit in (("sbp", 165), ("dbp", 105)):
            pressure = chart.newest(measure, 90)
            if pressure is not None and pressure.bound in {"", ">", ">="} and pressure.value > limit:
                yield f"{name} at {measure} {pressure.value:g}"


def _cyclophosphamide(chart: Chart, a: Assessment, parts: set[str]) -> Iterator[str]:
    if "CYC" not in parts:
        return
    grams = chart.cyclophosphamide_at_least
    ceiling, with_wish = (30, 4) if a.disease == "MN" else (33, 7)
    if grams > ceiling + 1e-9:
        yield f"cyclophosphamide after {grams:g} g"
    if chart.word("fertility_wish") == "yes" and grams > with_wish + 1e-9:
        yield f"cyclophosphamide after {grams:g} g with a wish for children"
    if chart.has("malignancy"):
        yield "cyclophosphamide with a tumour"


def _failed(a: Assessment) -> Iterator[str]:
    """Classes that failed alone; combinations are judged class by class (R-23), which is not repeated here."""
    gone = {c for line in a.lines if line.outcome == "FAILED" and len(line.classes) == 1 for c in line.classes}
    if a.state in CALLED_RESISTANT:
        gone |= {c for line in a.lines[-1:] if len(line.classes) == 1 for c in line.classes}
    names = set(offered(a))
    if a.disease == "LN":
        combinations = {"RTX": "ANTI_CD20_COMBO", "CD20_2G": "ANTI_CD20_COMBO", "CNI": "CNI_COMBO", "BEL": "BEL_COMBO"}
        banned = {combinations.get(c, "CYC_GC" if c == "CYC" else "") for c in gone}
    else:
        banned = {{"CYC": "CYC_GC", "CNI": "CNI", "CD20_2G": "ANTI_CD20_2G"}.get(c, "") for c in gone}
        if "RTX" in gone and a.rule not in {"MN-09", "MN-21"}:
            banned.add("RTX")
        if "RTX" in gone and a.rule != "MN-30":
            banned.add("RTX_CNI")
    if names & banned:
        yield f"{sorted(names & banned)} has failed"


def _not_tolerated(chart: Chart, a: Assessment) -> Iterator[str]:
    for name in offered(a):
        refused = PARTS[name] & chart.refused
        if refused and (name != "ANTI_CD20_COMBO" or refused == PARTS[name]):
            yield f"{name} although {sorted(refused)} was not tolerated"


def _explained_otherwise(chart: Chart, a: Assessment) -> Iterator[str]:
    recorded = any(f.value == "non-adherent" and TODAY - 180 <= f.day <= TODAY for f in chart.case.answers("adherence"))
    if recorded and a.state in CALLED_RESISTANT:
        yield "resistance called after non-adherence"
    if a.disease == "MN" and offered(a) and a.state in ESCALATED and chart.antibody_gone:
        yield "escalation although the antibody is gone"
    if a.disease == "LN" and offered(a) and chart.word("tma_on_biopsy", 365) == "positive":
        yield "escalation although the biopsy shows microangiopathy"
    activity, chronicity = chart.newest("ln_activity_index", 365), chart.newest("ln_chronicity_index", 365)
    scarred = at_most(activity, 2) and at_least(chronicity, 6)
    if a.disease == "LN" and offered(a) and a.state in CALLED_RESISTANT and scarred:
        yield "escalation although there is only scarring"
    if a.action == "TAPER_OFF_CNI":
        starts = [e.start for e in chart.records if AGENT_CLASS.get(e.agent) == "CNI"]
        if not starts or TODAY - min(starts) < 365:
            yield "a calcineurin inhibitor stopped within the first year"

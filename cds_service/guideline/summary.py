"""From a decided picture to the Assessment: what was seen, in the form a card can show."""

from __future__ import annotations

from cds_service.case.drug_classes import STANDARD_IN_MEMBRANOUS
from cds_service.case.lines import Line
from cds_service.case.model import Quantity
from cds_service.guideline.assessment import Assessment, LineSummary
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.notes import notes_for, severity_of
from cds_service.guideline.picture import Picture
from cds_service.guideline.rows import Answer
from cds_service.guideline.safety import Offer
from cds_service.guideline.sources import conflicts_for, evidence_for, strength_of

_VERDICT_OF_STATE = {
    "FAILED": {"MN_RESISTANT", "LN_NO_RESPONSE", "LN_REFRACTORY"},
    "INADEQUATE": {"MN_INADEQUATE_LINE", "LN_INADEQUATE_LINE"},
    "INTOLERANT": {"MN_INTOLERANT", "LN_INTOLERANT"},
    "RESPONDED": {
        "MN_REMISSION_CR",
        "MN_REMISSION_PR",
        "MN_RELAPSE",
        "MN_CNI_DEPENDENT",
        "MN_BORDERLINE_RISE",
        "MN_RELAPSE_UNCONFIRMED",
        "MN_RELAPSE_AB_NEG",
        "LN_CR",
        "LN_PR",
        "LN_FLARE",
        "LN_FLARE_UNCONFIRMED",
        "LN_BORDERLINE_RISE",
    },
}


def assessment_of(picture: MembranousPicture | LupusPicture, offered: Offer, replaced_rule: str = "") -> Assessment:
    """The one result: answer, offer, notes, urgency, evidence, the values and lines behind it."""
    answer = offered.answer
    notes = tuple(dict.fromkeys((*notes_for(picture, offered), *picture.standing_notes)))
    _use_what_every_card_shows(picture)
    return Assessment(
        disease=picture.disease,
        state=answer.state,
        action=answer.action,
        rule=answer.rule,
        next_class=offered.classes[0] if offered.starts else "",
        alternatives=offered.classes[1:],
        vetoed=offered.vetoed,
        missing=answer.missing,
        notes=notes,
        severity=severity_of(answer, notes, replaced_rule),
        strength=strength_of(answer.rule),
        evidence=evidence_for(offered, picture.disease),
        conflicts=conflicts_for(picture, offered),
        facts=tuple(sorted(picture.facts.values(), key=lambda fact: (-fact.day, fact.name, fact.role))),
        lines=_lines(picture, answer),
        menu=answer.menu,
        remarks=_remarks(picture),
        figures={**_figures(picture), **picture.figures, "check": answer.saw},
        trace=tuple(picture.trace),
    )


def _use_what_every_card_shows(p: MembranousPicture | LupusPicture) -> None:
    shown: list[tuple[Quantity | None, str]] = [
        (p.current, "current"),
        (p.egfr_now, "current"),
        (p.albumin, "current"),
        (p.trend.previous, "previous"),
    ]
    if p.trend.reference is not None:
        shown.append((p.trend.reference, "reference"))
    if isinstance(p, MembranousPicture):
        shown.append((p.elisa, "current"))
        if p.immunofluorescence is not None:
            p.use_finding(p.immunofluorescence, "current")
        if p.standard_lines:
            shown += [(p.baseline, "baseline"), (p.antibody_baseline, "baseline")]
    else:
        if p.class_finding is not None:
            p.use_finding(p.class_finding, "biopsy")
        if p.lines:
            shown.append((p.baseline, "baseline"))
        shown += [(p.newest(name, p.thresholds.antibody_age), "current") for name in ("anti_dsdna", "c3", "c4")]
    for value, role in shown:
        if value is not None:
            p.use(value, role)


def _lines(p: MembranousPicture | LupusPicture, answer: Answer) -> tuple[LineSummary, ...]:
    """Past lines with what became of them, the last one as the answer judges it."""
    summaries = []
    for index, line in enumerate(p.whole_lines):
        if index == p.last_position:
            verdict, why, fall = _verdict_now(answer, line), "", p.reduction
        else:
            outcome = p.past_outcomes[index]
            verdict, why, fall = outcome.verdict, outcome.why, outcome.reduction
        if isinstance(p, MembranousPicture) and not line.classes & STANDARD_IN_MEMBRANOUS:
            verdict = "NOT_STANDARD"
        summaries.append(
            LineSummary(
                classes=tuple(sorted(line.classes)),
                start=line.start,
                end=line.end,
                outcome=verdict,
                sources=line.sources,
                agents=line.agents,
                reduction=fall,
                why=why,
            )
        )
    return tuple(summaries)


def _verdict_now(answer: Answer, line: Line) -> str:
    """What the answer says of the last line; CURRENT or LAST while it says nothing final."""
    for verdict, states in _VERDICT_OF_STATE.items():
        if answer.state in states and not (verdict in {"FAILED", "INADEQUATE"} and answer.action == "DATA_REQUEST"):
            return verdict
    return "CURRENT" if line.open else "LAST"


def _figures(p: MembranousPicture | LupusPicture) -> dict[str, float | str]:
    """Numbers for the sentences of the card; a name is absent when its number is."""
    found: dict[str, float | str | None] = {
        "current": p.current.value if p.current else None,
        "current_unit": p.current.unit if p.current else None,
        "egfr": p.egfr_now.value if p.egfr_now else None,
        "egfr_reference": p.trend.reference.value if p.trend.reference else None,
        "egfr_fall": p.trend.fall,
        "trend": p.trend.trend,
        "albumin": p.albumin.value if p.albumin else None,
        "cyc_cumulative_g": p.cumulative_cyclophosphamide or None,
    }
    found.update(_membranous_figures(p) if isinstance(p, MembranousPicture) else _lupus_figures(p))
    return {name: value for name, value in found.items() if value is not None}


def _membranous_figures(p: MembranousPicture) -> dict[str, float | str | None]:
    found: dict[str, float | str | None] = {
        "antibody": p.antibody,
        "antibody_value": _value_that_speaks(p),
        "antibody_days": p.days_without_antibody if p.antibody == "NEG" else None,
    }
    if p.standard_lines:
        found |= {
            "baseline": p.baseline.value if p.baseline else None,
            "reduction": p.reduction if p.current else None,
            "days": p.days,
            "line": " + ".join(sorted(p.line.classes)),
            "failed": ", ".join(sorted(p.past_failed)) or None,
            "nadir": p.nadir.value if p.nadir else None,
            "creatinine_rise": p.creatinine_rise - 1 if p.creatinine_rise is not None else None,
        }
    return found


def _value_that_speaks(p: MembranousPicture) -> float | None:
    """The ELISA value for a sentence: not a bound, and not a low one beside a positive immunofluorescence."""
    if p.elisa is None or p.elisa.bound or (p.antibody == "POS" and p.elisa.value < p.thresholds.antibody_positive):
        return None
    return p.elisa.value


def _lupus_figures(p: LupusPicture) -> dict[str, float | str | None]:
    found: dict[str, float | str | None] = {"ln_class": p.class_finding.value if p.class_finding else None}
    if p.lines:
        failures = p.past_failures
        found |= {
            "baseline": p.baseline.value if p.baseline else None,
            "reduction": p.reduction if p.current else None,
            "days": p.days,
            "line": " + ".join(sorted(p.line.classes)),
            "failed": "; ".join(" + ".join(sorted(classes)) for classes in failures) or None,
            "failed_count": len(failures) + 1,
            "mpaa_dose_g": p.mycophenolate_grams,
        }
    return found


def _remarks(p: MembranousPicture | LupusPicture) -> tuple[str, ...]:
    """Codes of what a reader must know about the data besides the notes; cards have a sentence for each."""
    remarks = []
    if any(condition.clinical == "remission" for condition in p.index_conditions()) and _contradicts_remission(p):
        remarks.append("PROBLEM_LIST_REMISSION_CONTRADICTED")
    if all(condition.verification == "" for condition in p.index_conditions()):
        remarks.append("VERIFICATION_NOT_STATED")
    infusions = [
        e for line in p.lines for s in line.segments for e in s.infusions() if s.therapy_class in {"RTX", "CD20_2G"}
    ]
    if any(infusion.dose is None for infusion in infusions):
        remarks.append("INFUSION_DOSE_ASSUMED")
    anti_cd20 = [s for line in p.lines for s in line.segments if s.therapy_class in {"RTX", "CD20_2G"}]
    if any(not segment.infusions() for segment in anti_cd20):
        remarks.append("INFUSIONS_NOT_DOCUMENTED")
    if any(not e.end_stated for line in p.whole_lines for s in line.segments for e in s.records):
        remarks.append("LINE_END_NOT_STATED")
    if any(not e.coded for line in p.lines for s in line.segments for e in s.records):
        remarks.append("DRUG_KNOWN_FROM_TEXT_ONLY")
    series = [value for value in (p.current, p.baseline) if value is not None]
    if len({value.measure for value in series}) > 1:
        remarks.append("MIXED_PROTEINURIA_METHODS")
    return tuple(remarks)


def _contradicts_remission(p: Picture) -> bool:
    limit = p.thresholds.mn_nephrotic if p.disease == "MN" else p.thresholds.ln_flare_after_complete
    return p.current is not None and p.current.value >= limit

"""From a decided picture to the Assessment: what was seen, in the form a card can show."""

from __future__ import annotations

from operator import attrgetter

from cds_service.case import measures
from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.model import Quantity
from cds_service.guideline.assessment import Assessment, Fact
from cds_service.guideline.background import routed
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.notes import notes_for, severity_of
from cds_service.guideline.outdated import outdated_values
from cds_service.guideline.picture import Picture
from cds_service.guideline.safety import Offer
from cds_service.guideline.sources import conflicts_for, evidence_for, strength_of
from cds_service.guideline.treatment_so_far import lines_so_far

REMARKS_ON_DRUGS = (
    "INFUSION_DOSE_ASSUMED",
    "INFUSIONS_NOT_DOCUMENTED",
    "LINE_START_IMPRECISE",
    "LINE_END_NOT_STATED",
    "DRUG_KNOWN_FROM_TEXT_ONLY",
)
BY_NAME_AND_ROLE = attrgetter("name", "role")
BY_DAY = attrgetter("day")


def assessment_of(picture: MembranousPicture | LupusPicture, offered: Offer, replaced_rule: str = "") -> Assessment:
    """The one result: answer, offer, notes, urgency, evidence, the values and lines behind it."""
    answer = offered.answer
    notes = notes_for(picture, offered)
    evidence = evidence_for(offered, picture.disease)
    _use_what_every_card_shows(picture)
    outdated = outdated_values(picture, answer.missing) if answer.missing else ()
    return Assessment(
        disease=picture.disease,
        state=answer.state,
        action=answer.action,
        rule=answer.rule,
        next_class=offered.classes[0] if offered.classes else "",
        alternatives=offered.classes[1:],
        vetoed=offered.vetoed,
        missing=answer.missing,
        notes=notes,
        severity=severity_of(answer, notes, replaced_rule),
        strength=strength_of(answer.rule),
        evidence=evidence,
        conflicts=conflicts_for(picture, offered, evidence),
        facts=_newest_first(picture),
        lines=lines_so_far(picture, answer),
        menu=answer.menu,
        remarks=_remarks(picture),
        figures=_figures(picture, answer.saw),
        trace=tuple(picture.trace),
        outdated=outdated,
    )


def _newest_first(p: Picture) -> tuple[Fact, ...]:
    facts = sorted(p.facts.values(), key=BY_NAME_AND_ROLE)
    facts.sort(key=BY_DAY, reverse=True)  # a second sort keeps the order of equals
    return tuple(facts)


def _use_what_every_card_shows(p: MembranousPicture | LupusPicture) -> None:
    _use_all(p, (p.current, "current"), (p.egfr_now, "current"), (p.albumin, "current"))
    _use_all(p, (p.trend.previous, "previous"), (p.trend.reference, "reference"))
    if isinstance(p, MembranousPicture):
        if p.immunofluorescence is not None:
            p.use_finding(p.immunofluorescence, "current")
        _use_all(p, (p.elisa, "current"), (p.baseline, "baseline"), (p.antibody_baseline, "baseline"))
    else:
        if p.class_finding is not None:
            p.use_finding(p.class_finding, "biopsy")
        serology = [p.newest(name, p.thresholds.antibody_age) for name in ("anti_dsdna", "c3", "c4")]
        _use_all(p, (p.baseline, "baseline"), *[(value, "current") for value in serology])


def _use_all(p: Picture, *shown: tuple[Quantity | None, str]) -> None:
    for value, role in shown:
        if value is not None:
            p.use(value, role)


def _figures(p: MembranousPicture | LupusPicture, saw: str) -> dict[str, float | str]:
    """Numbers for the sentences of the card; a name is absent when its number is."""
    trend = p.trend
    found: dict[str, float | str] = {}
    if p.current is not None:
        found["current"] = p.current.value
        found["current_unit"] = p.current.unit
    if p.egfr_now is not None:
        found["egfr"] = p.egfr_now.value
    if trend.reference is not None:
        found["egfr_reference"] = trend.reference.value
    if trend.fall is not None:
        found["egfr_fall"] = trend.fall
    found["trend"] = trend.trend
    if p.albumin is not None:
        found["albumin"] = p.albumin.value
    if p.cumulative_cyclophosphamide:
        found["cyc_cumulative_g"] = p.cumulative_cyclophosphamide
    if isinstance(p, MembranousPicture):
        _add_membranous_figures(p, found)
    else:
        _add_lupus_figures(p, found)
    found.update(p.figures)
    found["check"] = saw
    return found


def _add_membranous_figures(p: MembranousPicture, found: dict[str, float | str]) -> None:
    found["antibody"] = p.antibody
    # the ELISA value for a sentence: not a bound, and not a low one beside a positive immunofluorescence
    low = p.elisa is not None and p.antibody == "POS" and p.elisa.value < p.thresholds.antibody_positive
    if p.elisa is not None and not p.elisa.bound and not low:
        found["antibody_value"] = p.elisa.value
    if p.antibody == "NEG":
        found["antibody_days"] = p.days_without_antibody
    if p.standard_lines:
        _add_line_figures(p, found)
        if p.past_failed:
            found["failed"] = ", ".join(sorted(p.past_failed))
        if p.nadir is not None:
            found["nadir"] = p.nadir.value
        if p.creatinine_rise is not None:
            _add_creatinine(p, p.creatinine_rise, found)


def _add_creatinine(p: MembranousPicture, rise: float, found: dict[str, float | str]) -> None:
    """By how much creatinine rose on the calcineurin inhibitor; where eGFR stands in for it, by how much that fell."""
    before = p.egfr_before_cni
    if before is None:
        found["creatinine_rise"] = rise - 1
        return
    assert p.egfr_now is not None  # noqa: S101 - the rise was reckoned from it
    found["cni_egfr_fall"] = measures.reduction(p.egfr_now.value, before.value)


def _add_lupus_figures(p: LupusPicture, found: dict[str, float | str]) -> None:
    if p.class_finding is not None:
        found["ln_class"] = p.class_finding.value
    if p.lines:
        _add_line_figures(p, found)
        failed = "; ".join([" + ".join(sorted(classes)) for classes in p.past_failures])
        if failed:
            found["failed"] = failed
        found["failed_count"] = len(p.past_failures) + 1
        if p.mycophenolate_grams is not None:
            found["mpaa_dose_g"] = p.mycophenolate_grams


def _add_line_figures(p: MembranousPicture | LupusPicture, found: dict[str, float | str]) -> None:
    if p.baseline is not None:
        found["baseline"] = p.baseline.value
    if p.exactly_dated or p.line.start_stated:  # else nothing is counted or compared from it
        found["days"] = p.days
        if p.current is not None:
            found["seen"] = p.current.day - p.line.start
        if p.reduction is not None:
            found["reduction"] = p.reduction
    found["line"] = " + ".join(sorted(p.line.classes))


def _remarks(p: MembranousPicture | LupusPicture) -> tuple[str, ...]:
    """Codes of what a reader must know about the data besides the notes; cards have a sentence for each."""
    remarks = []
    entries = routed(p.problems, "membranous_nephropathy" if p.disease == "MN" else "lupus_nephritis")
    if "remission" in [condition.clinical for condition in entries] and _contradicts_remission(p):
        remarks.append("PROBLEM_LIST_REMISSION_CONTRADICTED")
    if not [condition for condition in entries if condition.verification]:
        remarks.append("VERIFICATION_NOT_STATED")
    relapse = "mn_relapse" if p.disease == "MN" else "ln_flare"
    if relapse in p.problems and p.earlier_in_doubt(relapse):
        remarks.append("RELAPSE_UNDATED")
    remarks += [*_remarks_on_drugs(p), *p.case.remarks]
    if p.current is not None and p.baseline is not None and p.current.measure != p.baseline.measure:
        remarks.append("MIXED_PROTEINURIA_METHODS")
    return tuple(remarks)


def _remarks_on_drugs(p: Picture) -> list[str]:
    found = set()
    for line in p.lines:
        for segment in line.segments:
            anti_cd20 = segment.therapy_class in ANTI_CD20
            infusions = segment.infusions() if anti_cd20 else ()
            if anti_cd20 and not infusions:
                found.add("INFUSIONS_NOT_DOCUMENTED")
            if None in [infusion.dose for infusion in infusions]:
                found.add("INFUSION_DOSE_ASSUMED")
            if False in [e.coded for e in segment.records]:
                found.add("DRUG_KNOWN_FROM_TEXT_ONLY")
    if not p.exactly_dated:
        records = [record for line in p.whole_lines for segment in line.segments for record in segment.records]
        found |= {"LINE_END_NOT_STATED"} if False in [record.end_stated for record in records] else set()
        found |= {"LINE_START_IMPRECISE"} if False in [record.start_stated for record in records] else set()
    return [remark for remark in REMARKS_ON_DRUGS if remark in found] if found else []


def _contradicts_remission(p: Picture) -> bool:
    limit = p.thresholds.mn_nephrotic if p.disease == "MN" else p.thresholds.ln_flare_after_complete
    return p.current is not None and p.current.value >= limit

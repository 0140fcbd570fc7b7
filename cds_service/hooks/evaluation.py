"""The evaluation of one chart: from FHIR data to cards. The hooks, the command line and the self-test share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from cds_service.cards.merged import merged_notice
from cds_service.cards.write import cards_for
from cds_service.case.model import Bins, Case
from cds_service.case.model import Patient as CasePatient
from cds_service.fhir.chart import ChartData, read_chart
from cds_service.fhir.releases import FhirVersion
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.catalogue import KEEP, assess_all
from cds_service.hooks.knowledge import Knowledge
from cds_service.hooks.silence import NONE, Overrides, Overrule
from cds_service.mapping.chart import build_case

MERGED = "patient_record_merged"
OUT_OF_SCOPE = "OUT_OF_SCOPE"


class Assessed(NamedTuple):
    """What the guidelines say of one chart, before a card is written.

    `unspoken` is what they would say of a record that was merged into another: only its disease may be told.
    """

    case: Case
    assessments: tuple[Assessment, ...]
    quiet: str
    fhir_version: FhirVersion
    unspoken: Assessment | None = None


class Evaluation(NamedTuple):
    """Everything one chart led to. `bins` says what became of every resource that came in.

    `quiet` names why nothing was assessed at all: patient_deceased, patient_record_merged, or empty.
    """

    case: Case
    assessments: tuple[Assessment, ...]
    cards: Sequence[Mapping[str, Any]]
    bins: Bins
    quiet: str = ""
    overrides: Overrides = NONE

    @classmethod
    def of_silence(cls, chart: ChartData, quiet: str) -> Evaluation:
        """A chart that was read and not judged."""
        counted = Bins(chart.total, (), chart.superseded, chart.total - len(chart.superseded), 0)
        return cls(Case(CasePatient()), (), (), counted, quiet)


def evaluate(
    prefetch_or_bundle: Mapping[str, Any], patient_id: str, on: date, knowledge: Knowledge, *, hook_instance: str = ""
) -> Evaluation:
    """Read a chart, build the case, assess it as of the day `on`, write the cards.

    `prefetch_or_bundle` is a prefetch object (key -> resource or Bundle) or one Bundle of a whole chart.
    Whether everything needed was sent is not asked here: that is the hook's question.
    Errors: PatientMismatch when the chart is another patient's.
    """
    is_bundle = prefetch_or_bundle.get("resourceType") == "Bundle"
    prefetch = {"bundle": prefetch_or_bundle} if is_bundle else prefetch_or_bundle
    chart = chart_of(prefetch, patient_id, on, knowledge)
    return conclude(chart, patient_id, on, knowledge, hook_instance=hook_instance)


def chart_of(
    prefetch: Mapping[str, Any],
    patient_id: str,
    on: date,
    knowledge: Knowledge,
    fhir_server: str | None = None,
    told_version: str | None = None,
) -> ChartData:
    """What can be read of a prefetch object. `told_version` is the FHIR version that the client's server told.

    Errors: PatientMismatch, UnsupportedRelease.
    """
    terminology = knowledge.terminology
    return read_chart(
        prefetch,
        patient_id,
        knows=terminology.look_up,
        keep=KEEP,
        on=on,
        fhir_server=fhir_server,
        names=terminology.drug_by_name,
        told_version=told_version,
    )


def conclude(
    chart: ChartData,
    patient_id: str,
    on: date,
    knowledge: Knowledge,
    *,
    hook_instance: str = "",
    not_provided: tuple[str, ...] = (),
    overrule: Overrule | None = None,
) -> Evaluation:
    """From a chart that was read to cards. `not_provided` names the needs that were not sent in full.

    `overrule` says which rules a clinician has overridden before: those are quiet, or say why they come back.
    """
    return spoken(
        assessed(chart, on, knowledge, not_provided),
        patient_id,
        on,
        knowledge,
        hook_instance=hook_instance,
        overrule=overrule,
    )


def assessed(chart: ChartData, on: date, knowledge: Knowledge, not_provided: tuple[str, ...] = ()) -> Assessed:
    """From a chart that was read to what the guidelines say of it. It rests on the chart and the day alone."""
    case = build_case(chart, knowledge.terminology, on, not_provided)
    quiet = _reason_for_silence(case, chart)
    assessments = () if quiet else assess_all(case, on, knowledge.thresholds)
    undecided = [value for assessment in assessments for value in assessment.undecided]
    if undecided:
        case = replace(case, set_aside=(*case.set_aside, *undecided))
    unspoken = _of_merged(case, on, knowledge) if quiet == MERGED else None
    return Assessed(case, assessments, quiet, chart.fhir_version, unspoken)


def spoken(
    found: Assessed,
    patient_id: str,
    on: date,
    knowledge: Knowledge,
    *,
    hook_instance: str = "",
    overrule: Overrule | None = None,
) -> Evaluation:
    """The cards of one call, for what was found."""
    case, assessments, quiet, fhir_version, unspoken = found
    stamp = knowledge.stamp.of_call(hook_instance, patient_id, fhir_version)
    overrides = NONE if overrule is None else overrule(assessments)
    told = [assessment for assessment in assessments if assessment.rule not in overrides.silenced]
    cards = cards_for(told, case, on, stamp, overrides.shown_again)
    if unspoken is not None:
        cards = [merged_notice(unspoken, on, stamp)]
    return Evaluation(case, assessments, cards, case.bins, quiet, overrides)


def _reason_for_silence(case: Case, chart: ChartData) -> str:
    """No advice on the dead, nor on a record that was merged into another (hazard list: wrong patient)."""
    if case.patient.deceased:
        return "patient_deceased"
    return MERGED if chart.merged else ""


def _of_merged(case: Case, on: date, knowledge: Knowledge) -> Assessment | None:
    """The assessment of a merged record in which the disease is present (reliability-security section 5)."""
    found = assess_all(case, on, knowledge.thresholds)
    return next((one for one in found if one.disease is not None and one.state != OUT_OF_SCOPE), None)

"""An answer as a row of a table: the machine-readable half of a card, and what a registry asks besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from cds_service.cards.facts import written_facts
from cds_service.cards.numbers import Dates
from cds_service.cards.recommendation import open_classes, recommendation, shown_conflicts
from cds_service.guideline.assessment import Assessment, LineSummary
from cds_service.hooks.evaluation import Assessed
from cds_service.hooks.knowledge import Knowledge
from cds_service.population.charts import PatientChart

Row = dict[str, Any]
_YEAR = 365.25


def row_of(chart: PatientChart, found: Assessed, assessment: Assessment, on: date, knowledge: Knowledge) -> Row:
    """The row. Its members are those of the card's extension, filled where a card leaves empty ones out."""
    dates = Dates(on)
    stamp = knowledge.stamp.of_call("", chart.patient, found.fhir_version)
    conflicts = shown_conflicts(assessment, open_classes(assessment))
    facts = written_facts(assessment.facts, dates).members
    half = recommendation(assessment, conflicts, facts, found.case, stamp, dates)
    born = found.case.patient.born
    return {
        "patient": chart.patient,
        "disease": half["disease"],
        "state": half["state"],
        "action": half["action"],
        "class": half.get("nextClass", ""),
        "alternatives": half.get("alternatives", []),
        "vetoed": half.get("vetoed", []),
        "rule": half["rule"],
        "severity": half["severity"],
        "missing": half.get("missing", []),
        "notes": half.get("notes", []),
        "evidence": half.get("evidence", []),
        "conflicts": half.get("conflicts", []),
        "lines": [_line(line, dates) for line in assessment.lines],
        "facts": [_fact(fact) for fact in half.get("facts", ())],
        "setAside": _counted(half.get("setAside", ())),
        "card": assessment.action != "NO_CARD" and assessment.rule not in knowledge.policy.quiet_rules,
        "asOf": half["asOf"],
        "sex": found.case.patient.sex,
        "age": None if born is None else int((on.toordinal() - born.last) / _YEAR),
        "site": site_of(chart),
        "resources": len(chart.resources),
        "fhirVersion": found.fhir_version,
        "versions": _versions(half["versions"]),
    }


def site_of(chart: PatientChart) -> str:
    """Who keeps the patient's record: the managing organization, else the source of the record, else nothing."""
    record = chart.record
    keeper, meta = record.get("managingOrganization"), record.get("meta")
    told = keeper.get("reference") if isinstance(keeper, dict) else None
    told = told or (meta.get("source") if isinstance(meta, dict) else None)
    return told[:120] if isinstance(told, str) else ""


def _line(line: LineSummary, dates: Dates) -> Row:
    return {
        "classes": list(line.classes),
        "agents": list(line.agents),
        "start": dates[line.start],
        "end": None if line.end is None else dates[line.end],
        "outcome": line.outcome,
        "why": line.why,
        "reduction": None if line.reduction is None else round(line.reduction, 4),
        "sources": list(line.sources),
    }


def _fact(fact: Mapping[str, Any]) -> Row:
    value = fact.get("value")
    is_word = isinstance(value, str)
    return {
        "name": fact["name"],
        "value": None if is_word or value is None else float(value),
        "word": value if is_word else "",
        "unit": fact.get("unit", ""),
        "date": fact["date"],
        "role": fact.get("role", ""),
        "source": fact.get("source", ""),
    }


def _counted(items: Any) -> list[Row]:
    reasons = Counter([item["reason"] for item in items])
    return [{"reason": reason, "count": count} for reason, count in sorted(reasons.items())]


def _versions(told: Mapping[str, Any]) -> Row:
    return {
        "service": told["service"],
        "knowledge": told["knowledge"],
        "mappings": told["mappings"],
        "changedThresholds": list(told.get("changedThresholds", ())),
    }

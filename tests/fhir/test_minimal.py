"""What is kept of a chart is enough to build the same case again (without what made no difference)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fhir_samples import (
    LOINC,
    ON,
    RITUXIMAB,
    RXNORM,
    bundle,
    chart_of,
    coded,
    condition,
    made,
    numbered,
    observation,
    patient,
    terminology,
)

from cds_service.case.model import Bins, Case
from cds_service.fhir.chart import ChartData
from cds_service.fhir.minimal import minimal
from cds_service.mapping.chart import build_case

Resource = dict[str, Any]
SECRET = "Quillfeather"


def outcome(severity: str) -> Resource:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "informational"}]}


def allergy(**elements: Any) -> Resource:
    return made("AllergyIntolerance", "patient", **elements)


def pressure(system: str) -> Resource:
    part = {"code": coded(LOINC, "8480-6"), "valueQuantity": {"value": 150, "unit": "mm[Hg]"}}
    return observation(None, None, {"text": system}, component=[part], status="preliminary")


SUBSTANCE = {"substance": coded(RXNORM, RITUXIMAB), "manifestation": [{"text": SECRET}], "note": [{"text": SECRET}]}
CHARTS: dict[str, list[Resource]] = {
    "an allergy told in a reaction": [allergy(code={"text": "monoclonal antibody"}, reaction=[SUBSTANCE])],
    "an allergy told in a note": [allergy(note=[{"text": "rash after rituximab"}])],
    "an allergy told in the narrative": [allergy(text={"status": "generated", "div": "<div>rituximab</div>"})],
    "warnings": [observation(), outcome("warning"), outcome("information")],
    "one result in two versions": [observation(7.6), observation(2.0)],
    "a panel": [pressure("Results of one sample")],
    "an excluded disease": [condition("N07.2", "http://hl7.org/fhir/sid/icd-10-cm")],
}


def case_of(read: ChartData) -> Case:
    return replace(build_case(read, terminology(), ON), bins=Bins())


@pytest.mark.parametrize("resources", CHARTS.values(), ids=CHARTS.keys())
def test_the_same_case_again(resources: list[Resource]) -> None:
    others = numbered(*(observation(code=coded(LOINC, "4548-4"), note=[{"text": SECRET}]) for _ in range(3)))
    read = chart_of({"patient": patient(name=[{"text": SECRET}]), "all": bundle(*resources, *others)})
    case = build_case(read, terminology(), ON)
    used = {*case.bins.used, *case.bins.superseded, *(item.resource for item in case.set_aside)}
    kept = minimal(read.opened, used, ())
    assert case_of(chart_of(kept)) == case_of(read)
    assert SECRET not in str(kept)
    assert "4548-4" not in str(kept)

"""The cohort of document 002: its baseline table, its remissions by its own definitions, and ours beside them."""

from collections import Counter
from pathlib import Path
from statistics import mean, median, quantiles, stdev
from typing import Any

import pytest

from cds_service.synthetic.cohort import cohort
from cds_service.synthetic.cohort_tables import ALONE, COMBINED, NUMBER, Arm
from cds_service.synthetic.export import write_export
from tests.population.exports import ON, screened

CODES = {"proteinuria": "2889-4", "albumin": "1751-7", "egfr": "98979-8", "weight": "29463-7"}
ARMS = pytest.mark.parametrize("arm", [COMBINED, ALONE], ids=lambda arm: arm.name)


@pytest.fixture(scope="module", params=[1, 2])
def patients(request: pytest.FixtureRequest) -> list[Any]:
    return list(cohort(request.param, ON))


def before_rituximab(patient: Any, code: str) -> float:
    """The last value before the first infusion."""
    given = min(r["effectiveDateTime"] for r in patient.resources if r["resourceType"] == "MedicationAdministration")
    found = [
        (r["effectiveDateTime"], r["valueQuantity"]["value"])
        for r in patient.resources
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == code
    ]
    return float(max(pair for pair in found if pair[0] < given)[1])


@ARMS
def test_the_baseline_table_is_met(arm: Arm, patients: list[Any]) -> None:
    mine = [patient for patient in patients if patient.label["group"] == arm.name]
    assert len(mine) == arm.number
    for told, code in ((arm.albumin, CODES["albumin"]), (arm.egfr, CODES["egfr"]), (arm.weight, CODES["weight"])):
        values = [before_rituximab(patient, code) for patient in mine]
        assert (mean(values), stdev(values)) == (pytest.approx(told[0], rel=0.01), pytest.approx(told[1], rel=0.02))
    protein = [before_rituximab(patient, CODES["proteinuria"]) for patient in mine]
    low, _, high = quantiles(protein, method="inclusive")
    assert (low, median(protein), high) == pytest.approx(arm.proteinuria[1:4], abs=0.1)
    sexes = Counter(patient.resources[0]["gender"] for patient in mine)
    assert sexes["male"] == arm.male
    drugs = [
        {
            r["medicationCodeableConcept"]["text"]
            for r in patient.resources
            if r["resourceType"] == "MedicationStatement"
        }
        for patient in mine
    ]
    assert sum("cyclophosphamide" in taken for taken in drugs) == arm.cyclophosphamide
    assert sum("cyclosporine" in taken for taken in drugs) == arm.cyclosporine
    assert sum({"cyclophosphamide", "cyclosporine"} <= taken for taken in drugs) == arm.both


@ARMS
def test_the_quartiles_of_twelve_months_are_met(arm: Arm, patients: list[Any]) -> None:
    last = []
    for patient in patients:
        if patient.label["group"] == arm.name:
            values = [r for r in patient.resources if r.get("code", {}).get("coding", [{}])[0].get("code") == "2889-4"]
            last.append(max((r["effectiveDateTime"], r["valueQuantity"]["value"]) for r in values)[1])
    published = {"RTX+TAC": (0.18, 1.45, 3.62), "RTX": (0.58, 3.36, 4.61)}[arm.name]
    assert quantiles(last, method="inclusive") == pytest.approx(published, abs=0.2)


def test_screening_gives_back_the_papers_remissions_and_says_why_ours_are_fewer(tmp_path: Path) -> None:
    write_export(cohort(1, ON), tmp_path / "export", 1, ON, "R4", lambda done: None)
    counts = screened(tmp_path / "export", tmp_path / "out", smallest=1)
    assert counts["patients"]["with_disease"] == NUMBER
    report = (tmp_path / "out" / "report.html").read_text()
    for told in ("13 of 34 (38.2%)", "17 of 34 (50.0%)", "15 of 57 (26.3%)", "23 of 57 (40.4%)"):
        assert told in report
    for published in ("37.13 %", "50.01 %", "26.39 %", "39.48 %"):
        assert published in report
    assert "halved, and still 3.5 g or more: we ask for both" in report
    assert "reached earlier, gone in the twelfth month" in report
    assert "something else" not in report

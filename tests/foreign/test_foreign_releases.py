"""The examples of the R4, R4B and R5 specifications, read as if each were about us: nothing is lost without a name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cds_service.errors import PatientMismatch
from cds_service.fhir.chart import ChartData, read_chart
from cds_service.fhir.shapes import SHAPES
from tests.foreign.test_foreign_charts import FOLDER, resources_of, texts

pytestmark = pytest.mark.skipif(
    not Path(FOLDER).is_dir() or not FOLDER, reason="charts of other makers are not here (NEXTLINE_FOREIGN_DATA)"
)
# An electrocardiogram: R5 renamed elements of SampledData, which no rule reads.
UNREADABLE = {"spec-r4": set(), "spec-r4b": set(), "spec-r5": {"Observation/ekg"}}
MOVED = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")


class Ours:
    """A meaning that makes every code relevant."""

    concept, kind, role, display = "anything", "measure", "include", "anything"


def charts(folder: str) -> list[tuple[str, ChartData]]:
    """The example resources of our types by type, each read alone; those about a Group or a Device are left out."""
    read = []
    for _, text in texts(folder):
        for resource in resources_of(text):
            kind = resource["resourceType"]
            subject = resource.get("subject") or resource.get("patient") or {}
            patient_id = str(subject.get("reference", "")).rpartition("/")[2]
            if kind not in SHAPES or not patient_id:
                continue
            try:
                options = {"knows": lambda system, code: Ours(), "names": lambda text: text}
                read.append((kind, read_chart({"a": resource}, patient_id, keep={}, on=date(2026, 11, 22), **options)))
            except PatientMismatch:
                continue
    return read


@pytest.mark.parametrize("folder", UNREADABLE)
def test_the_examples_of_the_specifications_are_read_and_the_bins_add_up(folder: str) -> None:
    read = charts(folder)
    assert len(read) > 25
    unread = {item.resource for _, chart in read for item in chart.unread if item.reason == "UNREADABLE"}
    assert unread <= UNREADABLE[folder]
    for _, chart in read:
        handed_on = sum(map(len, chart.resources.values()))
        binned = len(chart.superseded) + len(chart.supporting) + chart.not_relevant + chart.set_aside
        assert chart.total == handed_on + binned


@pytest.mark.parametrize(("folder", "version"), [("spec-r4", "R4"), ("spec-r4b", "R4"), ("spec-r5", "R5")])
def test_every_medication_record_tells_its_release(folder: str, version: str) -> None:
    told = {chart.fhir_version for kind, chart in charts(folder) if kind in MOVED}
    assert told == {version}

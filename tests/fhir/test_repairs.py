"""What is mended before validation, by name (hot-path section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import LOINC, PROTEINURIA, chart, observation, patient, reasons, statement

from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Repairs

DATES: dict[str, tuple[Any, Any, set[str]]] = {
    "a full dateTime stays": ("2026-11-12T10:00:00Z", "2026-11-12T10:00:00Z", set()),
    "one with an offset stays": ("2026-11-12T10:00:00.123-05:00", "2026-11-12T10:00:00.123-05:00", set()),
    "a date stays": ("2026-11-12", "2026-11-12", set()),
    "a month stays": ("2026-11", "2026-11", set()),
    "no zone": ("2026-11-12T10:00:00", "2026-11-12T10:00:00Z", {"zone-added"}),
    "no seconds": ("2026-11-12T10:00Z", "2026-11-12T10:00:00Z", {"seconds-added"}),
    "neither": ("2026-11-12T10:00", "2026-11-12T10:00:00Z", {"seconds-added", "zone-added"}),
    "an offset without colon": ("2026-11-12T10:00:00+0100", "2026-11-12T10:00:00+01:00", {"zone-spelled"}),
    "a blank for the T": ("2026-11-12 10:00:00", "2026-11-12T10:00:00Z", {"separator-spelled", "zone-added"}),
    "a small z": ("2026-11-12T10:00:00z", "2026-11-12T10:00:00Z", {"zone-spelled"}),
    "a German date is not understood": ("12.11.2026 10:00", "12.11.2026 10:00", set()),
    "a megabyte is not looked at": ("2" * 1_000_000, "2" * 1_000_000, set()),
    "a number is left alone": (20261112, 20261112, set()),
}


@pytest.mark.parametrize(("value", "mended", "names"), DATES.values(), ids=DATES.keys())
def test_a_date_time(value: Any, mended: Any, names: set[str]) -> None:
    repairs = Repairs()
    assert (mend.date_time(value, repairs), set(repairs)) == (mended, names)


RESOURCES = {
    "a code with blanks around it": (
        observation(code={"coding": [{"system": LOINC, "code": f" {PROTEINURIA} "}]}),
        {"blanks-trimmed": 1},
    ),
    "a unit code with blanks around it": (
        observation(valueQuantity={"value": 7.6, "unit": "g/d", "code": "g/d ", "system": "http://unitsofmeasure.org"}),
        {"blanks-trimmed": 1},
    ),
    "a status with blanks around it": (observation(status="final "), {"blanks-trimmed": 1}),
    "a time without a zone": (observation(effectiveDateTime="2026-11-12T10:00:00"), {"zone-added": 1}),
    "a release given as a date": (observation(issued="2026-11-12"), {"time-added": 1}),
    "a dose where STU3 had it": (
        statement(dosage=[{"doseQuantity": {"value": 6, "unit": "mg"}}]),
        {"dose-moved": 1},
    ),
    "a dosage that is no list": (statement(dosage={"text": "daily"}), {"list-made": 1}),
    "nothing to mend": (observation(), {}),
}


@pytest.mark.parametrize(("resource", "repairs"), RESOURCES.values(), ids=RESOURCES.keys())
def test_a_resource_is_read_and_the_repair_is_counted(resource: dict[str, Any], repairs: dict[str, int]) -> None:
    read = chart(patient(), resource)
    assert (reasons(read), read.repairs) == ([], repairs)

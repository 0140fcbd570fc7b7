"""What is mended before validation, by name (hot-path section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.period import Period
from fhir_samples import LOINC, PROTEINURIA, chart, observation, patient, reasons, statement
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.fhir import repairs as mend
from cds_service.fhir.repairs import Repairs

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


def spelled(written: str) -> st.SearchStrategy[str]:
    """This date with up to three characters changed, put in or taken out: what only just is, or is not, a date."""
    changes = st.tuples(
        st.integers(0, len(written)),
        st.sampled_from("0123456789:-+.TWZz ,\u0660"),
        st.sampled_from(("set", "in", "out")),
    )

    def changed(steps: list[tuple[int, str, str]]) -> str:
        text = written
        for place, mark, how in steps:
            text = text[:place] + ("" if how == "out" else mark) + text[place + (how != "in") :]
        return text

    return st.lists(changes, max_size=3).map(changed)


def read_as_start(value: Any) -> Any:
    try:
        start = Period.model_validate({"start": value}).start
    except ValueError:
        return "refused"
    return (type(start), start)


@given(
    st.one_of(
        spelled("2026-11-12"),
        spelled("2026-11-12T10:00:00Z"),
        spelled("2026-02-28T23:59:59+13:59"),
        spelled("2024-02-29T00:00:00-05:00"),
        st.datetimes().map(lambda moment: f"{moment.isoformat()[:19]}Z"),
    )
)
@example("2026-W47-7")
@example("2026-W47-7T10:00:00Z")
@example("20261112T10:00:00.0Z")
@example("2026-11-12T10:00:00+14:00")
@example("2026-11-12T10:00:00+13:60")
@example("2026-11-12T10:00:00-00:00")
@example("2016-12-31T23:59:60Z")
@example("2026-11-12T24:00:00Z")
@example("0000-01-01")
def test_a_moment_is_what_the_models_make_of_its_text(written: str) -> None:
    assert read_as_start(mend.moment(written, Repairs())) == read_as_start(mend.date_time(written, Repairs()))

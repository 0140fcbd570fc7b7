"""The quick way promises: what it accepts, fhir.resources accepts, with the same values."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.period import Period
from fhir.resources.R4B.quantity import Quantity
from fhir_samples import LOINC, ME, administration, chart, coded, condition, made, observation, patient, statement
from fhir_samples import request as prescription
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from cds_service.fhir import interned, resources, usual
from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Repairs
from cds_service.fhir.lean_models import LeanCodeableConcept, LeanObservation, LeanPeriod, LeanQuantity
from cds_service.fhir.shapes import SHAPES

DOSAGE = {
    "sequence": 1,
    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}, "code": coded("http://t.test", "BID")},
    "route": coded("http://snomed.info/sct", "26643006"),
    "doseAndRate": [{"doseQuantity": {"value": 2.5, "unit": "mg"}}],
}
SAMPLES = {
    "a number": observation(issued="2026-11-12T10:00:00.123Z", interpretation=[coded("http://i.test", "H")]),
    "a number below": observation(
        valueQuantity={"value": 3, "comparator": "<", "unit": "g/d", "system": "http://unitsofmeasure.org"}
    ),
    "a finding": observation(
        valueQuantity=None, valueCodeableConcept={"coding": [{"system": LOINC, "code": "x"}], "text": "positive"}
    ),
    "a period": observation(
        effectiveDateTime=None, effectivePeriod={"start": "2026-11-12", "end": "2026-11-13T10:00:00+01:00"}
    ),
    "a problem": condition(abatementDateTime="2025-01-01T00:00:00Z", note=[{"text": "x"}]),
    "an operation": made("Procedure", status="completed", code=coded(LOINC, "x"), performedDateTime="2026-01-01"),
    "an allergy": made("AllergyIntolerance", "patient", code=coded(LOINC, "x"), recordedDate="2026-01-01"),
    "a drug": statement(dosage=[DOSAGE], effectivePeriod={"start": "2026-04-21"}),
    "a prescription": prescription(dosageInstruction=[DOSAGE], authoredOn="2026-04-21"),
    "a dose": administration(dosage={"dose": {"value": 1000, "unit": "mg"}, "route": DOSAGE["route"]}),
}
SAMPLES = {
    name: {element: value for element, value in sample.items() if value is not None} for name, sample in SAMPLES.items()
}
REPLACEMENTS: tuple[Any, ...] = (
    *(None, "", " ", "x", "x ", "a  b", 7, -0.5, True, [], [None], {}, {"text": "x"}, [{}], [[]]),
    *("2026-13-01", "2026-11", "2026-11-12 10:00", "2026-11-12T10:00:00", {"coding": [None]}, {"coding": [{}]}),
    *({"coding": [{"code": " x"}]}, {"value": "7.6"}, {"value": None}, {"value": 1, "extension": []}),
    *([{"doseAndRate": {"type": {}}}], [{"modifierExtension": [{"url": "x"}]}], [{"doseQuantity": {"value": 1}}]),
)
NOT_READ = {"resourceType", "id", "meta", "identifier", "category", "note", "dosage", "dosageInstruction"}
CODE = LeanCodeableConcept(text="x")
SUBJECT = resources.subject_reference(ME)


def value_of(part: Any) -> Any:
    """A value to compare: what two models hold, whatever classes they are of."""
    if isinstance(part, BaseModel):
        held = {name: getattr(part, name) for name in type(part).model_fields}
        return {name: value_of(value) for name, value in held.items() if value is not None}
    if isinstance(part, list):
        return [value_of(item) for item in part]
    if isinstance(part, datetime):
        return ("moment", part, part.utcoffset())
    return (type(part), str(part))


def with_plan(sample: dict[str, Any]) -> tuple[Any, dict[str, int]]:
    interned._kept.clear()  # what is kept was counted when it came first
    repairs = Repairs()
    read = resources.read_resource(sample, CODE, SUBJECT, repairs)
    return None if read is None else value_of(read), dict(repairs)


def without_plan(sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, int]]:
    shape = SHAPES[sample["resourceType"]]
    with monkeypatch.context() as patched:
        patched.setattr(type(shape.plans), "__getitem__", lambda plans, names: None)
        return with_plan(sample)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in pairs:
        yield from paths(part, (*path, name))


def changed(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(data)
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return whole


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_what_is_written_as_usual_takes_the_quick_way(sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_mended_and_read", lambda *_: None)
    assert resources.read_resource(sample, CODE, SUBJECT, Repairs()) is not None


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_both_ways_lead_to_the_same_whatever_is_changed(
    sample: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in paths(sample):
        if path == ("resourceType",):
            continue
        for value in REPLACEMENTS:
            data = changed(sample, path, value)
            assert with_plan(data) == without_plan(data, monkeypatch), (path, value)


@pytest.mark.parametrize("kind", SHAPES)
def test_both_ways_lead_to_the_same_whatever_is_added(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = next(sample for sample in SAMPLES.values() if sample["resourceType"] == kind)
    for name in (*SHAPES[kind].elements, "modifierExtension", "implicitRules", "status__ext", "instantiatesReference"):
        for value in () if name == "resourceType" else ({"text": "x"}, "2026-01-01", None, True):
            data = {**sample, name: value}
            assert with_plan(data) == without_plan(data, monkeypatch), (name, value)


def test_every_element_left_out_is_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    for sample in SAMPLES.values():
        for name in set(sample) - {"resourceType"}:
            data = {element: value for element, value in sample.items() if element != name}
            assert with_plan(data) == without_plan(data, monkeypatch), name


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_what_it_accepts_the_model_accepts_with_the_same_values(sample: dict[str, Any]) -> None:
    model, lean = get_fhir_model_class(sample["resourceType"]), SHAPES[sample["resourceType"]].model
    whose = SHAPES[sample["resourceType"]].subject
    names = set(sample) - NOT_READ
    validate = usual.usual(lean, names)
    assert validate is not None

    def quick(data: dict[str, Any]) -> Any:
        return validate({**data, whose: SUBJECT})

    data = {name: sample[name] for name in names if name != whose}
    whole = {whose: {"reference": f"Patient/{ME}"}}
    assert value_of(quick(data)) == value_of(model.model_validate({**copy.deepcopy(data), **whole}))
    for path in paths(data):
        for value in REPLACEMENTS:
            other = changed(data, path, value)
            accepted = attempt(quick, other)
            assert accepted is None or accepted == attempt(model.model_validate, {**other, **whole}), (path, value)


def attempt(validate: Any, data: Any) -> Any:
    try:
        return value_of(validate(copy.deepcopy(data)))
    except (ValidationError, ArithmeticError, ValueError, TypeError, AttributeError, KeyError):
        return None


def spelled(written: str) -> st.SearchStrategy[str]:
    """This date with up to three characters changed, put in or taken out: what only just is, or is not, a date."""
    changes = st.tuples(
        st.integers(0, len(written)),
        st.sampled_from("0123456789:-+.,TWZz \u0660\n"),
        st.sampled_from(("set", "in", "out")),
    )

    def changed(steps: list[tuple[int, str, str]]) -> str:
        text = written
        for place, mark, how in steps:
            text = text[:place] + ("" if how == "out" else mark) + text[place + (how != "in") :]
        return text

    return st.lists(changes, max_size=3).map(changed)


START = usual.usual(LeanPeriod, ["start"])
MOMENTS = usual.usual(LeanObservation, ["status", "code", "issued"])
VALUE = usual.usual(LeanQuantity, ["value"])


@settings(max_examples=400)
@given(
    st.one_of(
        spelled("2026-11-12"),
        spelled("2026-11-12T10:00:00Z"),
        spelled("2026-11-12T10:00:00.123Z"),
        spelled("2026-02-28T23:59:59.123456+13:59"),
        spelled("2024-02-29T00:00:00-05:00"),
        st.datetimes().map(lambda moment: f"{moment.isoformat()[:19]}Z"),
        st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}+00:00"),
    )
)
@example("2026-W47-7")
@example("2026-W47-7T10:00:00Z")
@example("20261112T10:00:00.0Z")
@example("2026-11-12T10:00:00+14:00")
@example("2026-11-12T10:00:00+13:60")
@example("2026-11-12T10:00:00-00:00")
@example("2026-11-12T10:00:00,123Z")
@example("2016-12-31T23:59:60Z")
@example("2026-11-12T24:00:00Z")
@example("2026-11-12\n")
@example("0000-01-01")
def test_a_date_is_what_the_models_make_of_its_text(written: str) -> None:
    accepted = attempt(START, {"start": written})
    assert accepted is None or accepted == attempt(Period.model_validate, {"start": written})
    data = {"status": "final", "code": {"text": "x"}, "issued": written}
    accepted = attempt(MOMENTS, data)
    assert accepted is None or accepted == attempt(Observation.model_validate, data)


@given(st.one_of(st.floats(), st.integers(), st.booleans(), st.text("0123456789.eE+-_ ", max_size=8), st.decimals()))
@example(1.0)
@example(-0.0)
@example(5e-324)
@example(1.7976931348623157e308)
@example(2**64)
@example(10**5000)
@example("1_000")
def test_a_number_is_what_the_models_make_of_it(number: Any) -> None:
    accepted = attempt(VALUE, {"value": number})
    assert accepted is None or accepted == attempt(Quantity.model_validate, {"value": number})


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1))
def test_every_number_that_json_brings_takes_the_quick_way(number: float) -> None:
    assert VALUE is not None
    assert VALUE({"value": number}).value == Decimal(str(number))


USUAL_DATES = {
    "2026-11-12": date(2026, 11, 12),
    "2026-11-12T10:00:00Z": datetime.fromisoformat("2026-11-12T10:00:00+00:00"),
    "2026-11-12T10:00:00.500-05:00": datetime.fromisoformat("2026-11-12T15:00:00.500000+00:00"),
    "2026-11": "2026-11",
}


@pytest.mark.parametrize(("written", "read"), USUAL_DATES.items())
def test_a_usual_date_takes_the_quick_way(written: str, read: Any) -> None:
    assert START is not None
    assert START({"start": written}).start == read


NO_PROMISE = {
    "a required element is missing": {"code", "valueQuantity"},
    "two elements of one choice": {"code", "status", "valueQuantity", "valueString"},
    "an element that only Python can judge": {"code", "status", "valueRange"},
    "an extension of a primitive": {"code", "status", "_status"},
    "a required part is missing": {"status", "valueQuantity"},
    "an element that nobody knows": {"code", "status", "foo"},
}


@pytest.mark.parametrize("names", NO_PROMISE.values(), ids=NO_PROMISE.keys())
def test_there_is_no_quick_way_for(names: set[str]) -> None:
    assert usual.usual(LeanObservation, names) is None
    assert usual.usual(LeanObservation, {"code", "status", "valueQuantity"}) is not None


def plans() -> usual.Plans:
    elements = {"status": True, "valueString": True, "valueBoolean": True, "note": False, "subject": False}
    return usual.Plans(LeanObservation, elements, {"code"}, {})


def test_plans_are_bounded_and_hold_names_of_elements_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "_MOST_PLANS", 2)
    monkeypatch.setattr(usual, "_MOST_VALIDATORS", 2)
    made = plans()
    assert made[frozenset({"status", "Bench, One"})] is None
    assert len(made) == 0
    for names in ({"status"}, {"status", "note"}, {"status", "subject"}, {"status", "valueString"}):
        assert made[frozenset(names)] is not None
        assert len(made) <= 2
    assert made[frozenset({"status", "valueBoolean"})] is None
    assert made[frozenset({"status", "note", "subject"})] is not None


def test_what_needs_mending_is_mended_once_and_counted_once() -> None:
    padded = {"coding": [{"system": "http://once.test", "code": " H"}]}
    read = chart(patient(), observation(interpretation=[padded], status="final ", issued="2026-11-12"))
    assert read.repairs == {"blanks-trimmed": 2, "time-added": 1}


def test_nothing_is_mended_on_the_quick_way() -> None:
    for mended in (" x", "2026-11-12T10:00:00"):
        with pytest.raises(ValueError, match="-"):
            (mend.code if mended == " x" else mend.date_time)(mended, usual.UNMENDED)
    assert not usual.UNMENDED

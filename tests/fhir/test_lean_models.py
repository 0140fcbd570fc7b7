"""The lean models accept and refuse what fhir.resources accepts and refuses."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.medicationadministration import MedicationAdministration
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.timing import Timing
from fhir_samples import administration, observation, request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cds_service.fhir.lean_models import (
    LeanCodeableConcept,
    LeanMedicationAdministration,
    LeanMedicationRequest,
    LeanObservation,
    LeanQuantity,
    LeanTiming,
    narrowed,
)

PAIRS = {
    "Observation": (
        Observation,
        LeanObservation,
        observation(interpretation=[{"text": "high"}], issued="2026-11-12T10:00:00Z"),
    ),
    "MedicationRequest": (MedicationRequest, LeanMedicationRequest, request(dosageInstruction=[{"text": "daily"}])),
    "MedicationAdministration": (MedicationAdministration, LeanMedicationAdministration, administration()),
    "Timing": (
        Timing,
        LeanTiming,
        {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}, "event": ["2026-01-01"]},
    ),
}
REPLACEMENTS: tuple[Any, ...] = (None, "", "x", 7, 7.6, True, [], [None], {}, {"foo": 1}, [{}], "2026-13-01", "2026-11")


def plain(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "resourceType"}


def accepts(model: Any, data: dict[str, Any]) -> bool:
    try:
        model.model_validate(copy.deepcopy(data))
    except (ValidationError, KeyError, ArithmeticError, ValueError, TypeError, AttributeError):
        return False
    return True


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


@pytest.mark.parametrize(("model", "lean", "sample"), PAIRS.values(), ids=PAIRS.keys())
def test_every_element_replaced_by_anything_is_judged_alike(model: Any, lean: Any, sample: dict[str, Any]) -> None:
    sample = plain(sample)
    assert accepts(model, sample)
    assert accepts(lean, sample)
    for path in paths(sample):
        for value in REPLACEMENTS:
            data = changed(sample, path, value)
            assert accepts(lean, data) == accepts(model, data), (path, value)


@pytest.mark.parametrize(("model", "lean", "sample"), PAIRS.values(), ids=PAIRS.keys())
def test_every_element_left_out_is_judged_alike(model: Any, lean: Any, sample: dict[str, Any]) -> None:
    sample = plain(sample)
    for name in sample:
        data = {other: value for other, value in sample.items() if other != name}
        assert accepts(lean, data) == accepts(model, data), name


@given(st.sampled_from(sorted(Observation.model_fields)), st.sampled_from(REPLACEMENTS))
def test_every_declared_element_added_is_judged_alike(name: str, value: Any) -> None:
    element = Observation.model_fields[name].alias or name
    data = {**plain(observation()), element: value}
    assert accepts(LeanObservation, data) == accepts(Observation, data), element


JUDGED = {
    "two values of one choice": (observation(valueString="x"), False),
    "an extension in place of the status": (
        observation(status=None, _status={"extension": [{"url": "http://x", "valueCode": "unknown"}]}),
        True,
    ),
    "no status": (observation(status=None), False),
    "an element that R4 does not have": (observation(instantiatesReference={"reference": "x"}), False),
}


@pytest.mark.parametrize(("sample", "good"), JUDGED.values(), ids=JUDGED.keys())
def test_the_rules_of_the_models_still_hold(sample: dict[str, Any], good: bool) -> None:
    assert accepts(LeanObservation, plain(sample)) is good
    assert accepts(Observation, plain(sample)) is good


def test_a_lean_model_is_a_model() -> None:
    assert isinstance(LeanObservation(**plain(observation())), Observation)


@pytest.mark.parametrize(("model", "lean", "sample"), PAIRS.values(), ids=PAIRS.keys())
def test_a_narrowed_model_judges_what_it_knows_as_the_whole_model_does(
    model: Any, lean: Any, sample: dict[str, Any]
) -> None:
    sample = plain(sample)
    elements = {*sample, "valueString", "valueBoolean", "effectivePeriod", "note", "component"}
    validate = narrowed(lean, elements & {field.alias for field in model.model_fields.values()})
    for path in paths(sample):
        for value in REPLACEMENTS:
            data = changed(sample, path, value)
            assert _passes(validate, data) == accepts(model, data), (path, value)
    for name in sample:
        data = {other: value for other, value in sample.items() if other != name}
        assert _passes(validate, data) == accepts(model, data), name


MORE = {
    "two values of one choice": {"valueString": "x"},
    "two dates": {"effectivePeriod": {"start": "2026-01-01"}},
    "null in a list": {"note": [None]},
    "an element that it does not know": {"bodySite": {"text": "kidney"}},
    "an element by the name of its field": {"status__ext": {"extension": []}},
}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE.keys())
def test_a_narrowed_model_refuses(more: dict[str, Any]) -> None:
    sample = plain(observation())
    validate = narrowed(LeanObservation, {*sample, "valueString", "effectivePeriod", "note"})
    assert _passes(validate, sample)
    assert not _passes(validate, sample | more)


def test_parts_that_are_validated_already_are_taken_as_they_are() -> None:
    sample = plain(observation())
    code, value = LeanCodeableConcept(**sample["code"]), LeanQuantity(**sample["valueQuantity"])
    read = narrowed(LeanObservation, sample)({**sample, "code": code, "valueQuantity": value})
    assert isinstance(read, Observation)
    assert read.code is code
    assert read.valueQuantity is value
    assert (read.issued, read.component) == (None, None)


def _passes(validate: Any, data: dict[str, Any]) -> bool:
    try:
        validate(copy.deepcopy(data))
    except (ValidationError, KeyError, ArithmeticError, ValueError, TypeError, AttributeError):
        return False
    return True

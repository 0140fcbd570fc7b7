"""A diagnosis that came and could not be used is asked for; it is never an empty list of cards."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.calls import Json, answer_of, complete_call, rules_of

SNOMED, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
MN, LN = {"system": SNOMED, "code": "722119002"}, {"system": SNOMED, "code": "68815009"}


def changed(client: FlaskClient, **elements: Any) -> Json:
    """The complete call with every Condition changed; None takes an element away."""
    body = copy.deepcopy(complete_call(client))
    for entry in body["prefetch"]["conditions"]["entry"]:
        entry["resource"].update(elements)
        for name in [name for name, value in elements.items() if value is None]:
            del entry["resource"][name]
    return body


@pytest.mark.parametrize(
    "elements",
    [
        {"onsetDateTime": "2025-13-45"},
        {"zzz": 1},
        {"clinicalStatus": "active"},
        {"code": {"text": "Membranous nephropathy"}},
        {"code": {"coding": [MN, {"system": ICD, "code": "N04.0"}]}},
    ],
    ids=["no such date", "an unknown element", "a status of an old release", "text only", "another disease as well"],
)
def test_an_index_diagnosis_that_cannot_be_used_is_asked_for(client: FlaskClient, elements: Json) -> None:
    answered = answer_of(client, changed(client, **elements))
    assert rules_of(answered) == ["MN-D0"]
    assert "set aside" in answered["cards"][0]["detail"]


def test_one_entry_coded_as_both_diseases_is_lupus_nephritis(client: FlaskClient) -> None:
    answered = answer_of(client, changed(client, code={"coding": [MN, LN]}))
    assert rules_of(answered)[0].startswith("LN-")


def test_a_named_cause_beside_the_pattern_is_secondary_disease(client: FlaskClient) -> None:
    answered = answer_of(client, changed(client, code={"coding": [MN, {"system": ICD, "code": "N04.22"}]}))
    assert rules_of(answered) == ["MN-00"]


def test_lupus_nephritis_without_verification_is_not_confirmed(client: FlaskClient) -> None:
    answered = answer_of(client, changed(client, code={"coding": [LN]}, verificationStatus=None))
    assert rules_of(answered) == ["LN-D0"]


@pytest.mark.parametrize("born", [None, "2008"], ids=["missing", "17 or 18"])
def test_an_age_that_is_not_known_is_said(client: FlaskClient, born: str | None) -> None:
    body = copy.deepcopy(complete_call(client))
    body["prefetch"]["patient"]["birthDate"] = born
    if born is None:
        del body["prefetch"]["patient"]["birthDate"]
    answered = answer_of(client, body)
    assert rules_of(answered) == ["SC-01"]
    assert "Age not known" in answered["cards"][0]["summary"]

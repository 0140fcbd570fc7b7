"""R5 says in `status` whether a record stands and in `adherence` whether the drug is taken (R-19)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fhir_samples import ME, coded, request, statement

from cds_service.fhir import resources
from cds_service.fhir.bins import Repairs
from cds_service.fhir.lean_models import LeanCodeableConcept
from cds_service.fhir.parts import ADHERENCE
from tests.stories.fifth_release import as_r5


def read_fifth(resource: dict[str, Any]) -> Any:
    code, subject = LeanCodeableConcept(text="x"), resources.subject_reference(ME)
    return resources.read_resource(resource, code, subject, Repairs())


ADHERENCE_SYSTEM = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
PERIOD = {"effectivePeriod": {"start": "2026-04-21"}}
CLOSED = {"effectivePeriod": {"start": "2026-04-21", "end": "2026-06-01"}}
ADHERENCE_CODES = {
    "taking": ("active", False),
    "taking-as-directed": ("active", False),
    "taking-not-as-directed": ("active", True),
    "not-taking": ("not-taken", False),
    "on-hold": ("on-hold", False),
    "on-hold-as-directed": ("on-hold", False),
    "on-hold-not-as-directed": ("on-hold", True),
    "stopped": ("stopped", False),
    "stopped-as-directed": ("stopped", False),
    "stopped-not-as-directed": ("stopped", True),
    "unknown": ("unknown", False),
    "something-else": ("unknown", False),
}


def recorded(adherence: dict[str, Any] | None, **elements: Any) -> Any:
    told = {} if adherence is None else {"adherence": adherence}
    whole = {**as_r5(statement()), "status": "recorded", **told, **elements}
    return read_fifth({name: value for name, value in whole.items() if name != "adherence" or told})


@pytest.mark.parametrize(("code", "meant"), ADHERENCE_CODES.items())
def test_whether_a_drug_is_taken_is_told_by_adherence(code: str, meant: tuple[str, bool]) -> None:
    """R-19. Not as directed is what R4 says by the extension of US Core."""
    found = recorded({"code": coded(ADHERENCE_SYSTEM, code)}, dateAsserted="2026-05-01")
    status, otherwise = meant
    assert found.status == status
    assert [extension.url for extension in found.extension] == [ADHERENCE] * otherwise
    for extension in found.extension:
        answer, asserted = extension.extension
        assert (answer.url, answer.valueCodeableConcept.text) == ("medicationAdherence", "non-adherent")
        assert (asserted.url, asserted.valueDateTime) == ("dateAsserted", date(2026, 5, 1))


SPOKEN = {
    "in words": ({"text": "Not taking"}, "not-taken"),
    "beside a code that is not known": (
        {"coding": [{"system": "http://local.test", "code": "7"}, {"system": ADHERENCE_SYSTEM, "code": "taking"}]},
        "active",
    ),
    "by two codes that disagree": ({"coding": [{"code": "taking"}, {"code": "stopped"}]}, "unknown"),
    "by two codes that agree": ({"coding": [{"code": "taking"}, {"code": "taking-as-directed"}]}, "active"),
    "by nothing": ({"text": "see note"}, "unknown"),
}


@pytest.mark.parametrize(("code", "status"), SPOKEN.values(), ids=SPOKEN.keys())
def test_adherence_is_told(code: dict[str, Any], status: str) -> None:
    assert recorded({"code": code}).status == status


WITHOUT = {
    "an open period": (PERIOD, "active"),
    "a closed period": (CLOSED, "completed"),
    "one day": ({"effectivePeriod": None, "effectiveDateTime": "2026-04-21"}, "completed"),
}


@pytest.mark.parametrize(("when", "status"), WITHOUT.values(), ids=WITHOUT.keys())
def test_a_record_without_adherence_goes_on_only_where_its_period_does(when: dict[str, Any], status: str) -> None:
    when = {name: value for name, value in when.items() if value is not None}
    whole = {name: value for name, value in as_r5(statement()).items() if name not in ("adherence", "effectivePeriod")}
    assert read_fifth({**whole, "status": "recorded", **when}).status == status


def test_a_status_of_r4_in_a_record_of_r5_never_outweighs_adherence() -> None:
    assert recorded({"code": {"text": "not taking"}}, status="active").status == "not-taken"


@pytest.mark.parametrize("status", ["entered-in-error", "draft"])
def test_a_record_that_does_not_stand_says_nothing_about_taking(status: str) -> None:
    assert recorded({"code": {"text": "taking"}}, status=status).status == status


TOLD_BY = [{"reference": "RelatedPerson/1"}]
REPORTS = {
    "nobody says": ({}, (None, None)),
    "it is a report": ({"reported": True}, (True, None)),
    "it is none": ({"reported": False}, (False, None)),
    "somebody else told": ({"informationSource": TOLD_BY}, (None, "RelatedPerson/1")),
    "somebody else told, and it is no report": ({"reported": False, "informationSource": TOLD_BY}, (False, None)),
}


@pytest.mark.parametrize(("elements", "told"), REPORTS.values(), ids=REPORTS.keys())
def test_an_order_is_a_report_where(elements: dict[str, Any], told: tuple[bool | None, str | None]) -> None:
    """R-18: a plan counts only when it is reported."""
    found = read_fifth(as_r5(request(intent="plan")) | elements)
    reference = found.reportedReference.reference if found.reportedReference is not None else None
    assert (found.reportedBoolean, reference) == told


AS_NEEDED = {
    "not said": ({}, None),
    "no": ({"asNeeded": False}, False),
    "yes": ({"asNeeded": True}, True),
    "for something": ({"asNeededFor": [{"text": "pain"}]}, True),
}


@pytest.mark.parametrize(("dosage", "said"), AS_NEEDED.values(), ids=AS_NEEDED.keys())
def test_a_dose_is_as_needed_where(dosage: dict[str, Any], said: bool | None) -> None:
    [found] = read_fifth(as_r5(request()) | {"dosageInstruction": [{"sequence": 1, **dosage}]}).dosageInstruction
    assert found.asNeededBoolean is said

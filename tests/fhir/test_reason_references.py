"""For what a drug was given, where the record points at a problem: traps 31 to 33 in R4 and in R5."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import (
    ICD10CM,
    ME,
    ON,
    Resource,
    add_up,
    administration,
    bundle,
    case,
    chart_of,
    coded,
    condition,
    patient,
    statement,
    terminology,
    verified,
)

from cds_service.case.model import Bins
from cds_service.fhir.minimal import minimal
from cds_service.mapping.chart import build_case
from tests.stories.fifth_release import as_r5

ARTHRITIS = condition("M05.79", ICD10CM, id="ra")
CONTAINED = {"resourceType": "Condition", "id": "c1", "subject": {"reference": f"Patient/{ME}"}}
SERVER = "https://ehr.test/fhir"


def for_what(pointer: Any, *, release: str = "R4", **more: Any) -> Resource:
    """An infusion of rituximab that points at what it was given for."""
    record = administration(**more)
    if release == "R4":
        return {**record, "reasonReference": [pointer]}
    return {**as_r5(record), "reason": [{"reference": pointer}]}


Case = tuple[Any, list[Resource], dict[str, Any]]
SAID: dict[str, Case] = {
    "a problem of the chart": ({"reference": "Condition/ra"}, [ARTHRITIS], {}),
    "a version of it": ({"reference": "Condition/ra/_history/3"}, [ARTHRITIS], {}),
    "by absolute address on the server": ({"reference": f"{SERVER}/Condition/ra"}, [ARTHRITIS], {}),
    "a contained problem": (
        {"reference": "#c1"}, [], {"contained": [{**CONTAINED, "code": coded(ICD10CM, "M05.79")}]},
    ),
    "a contained problem in words": (
        {"reference": "#c1"}, [], {"contained": [{**CONTAINED, "code": {"text": "Rheumatoid arthritis"}}]},
    ),
    "a problem that did not come, and is named": (
        {"reference": "Condition/far", "display": "Rheumatoid arthritis"}, [], {},
    ),
    "only a name": ({"display": "Rheumatoid arthritis"}, [], {}),
}  # fmt: skip
NOT_SAID: dict[str, Case] = {
    "a problem that did not come": ({"reference": "Condition/far"}, [ARTHRITIS], {}),
    "on another server": ({"reference": "https://evil.test/Condition/ra"}, [ARTHRITIS], {}),
    "a problem of somebody else": (
        {"reference": "Condition/ra"}, [{**ARTHRITIS, "subject": {"reference": "Patient/other"}}], {},
    ),
    "a problem that was ruled out": (
        {"reference": "Condition/ra"}, [{**ARTHRITIS, "verificationStatus": verified("refuted")}], {},
    ),
    "our disease": ({"reference": "Condition/mn"}, [condition(id="mn")], {}),
    "a result": ({"reference": "Observation/obs-1"}, [], {}),
    "a problem without a code": ({"reference": "#c1"}, [], {"contained": [CONTAINED]}),
    "no contained problem": ({"reference": "#c9"}, [], {"contained": [CONTAINED]}),
    "nothing contained": ({"reference": "#c1"}, [], {}),
    "an endless reference": ({"reference": "Condition/" + "r" * 5000}, [], {}),
    "a blank name": ({"display": "  "}, [], {}),
}  # fmt: skip


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize(("pointer", "beside", "more"), SAID.values(), ids=SAID.keys())
def test_a_drug_for_another_disease_is_set_aside_as_a_line_and_kept_for_safety(
    pointer: Any, beside: list[Resource], more: dict[str, Any], release: str
) -> None:
    read = case(for_what(pointer, release=release, **more), *beside, fhir_server=SERVER)
    assert (read.exposures, [drug.agent for drug in read.elsewhere]) == ((), ["rituximab"])
    assert [(item.reason, item.shown) for item in read.set_aside] == [("OTHER_INDICATION", "rheumatoid arthritis")]
    assert add_up(read)


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize(("pointer", "beside", "more"), NOT_SAID.values(), ids=NOT_SAID.keys())
def test_where_nothing_else_is_said_it_counts(
    pointer: Any, beside: list[Resource], more: dict[str, Any], release: str
) -> None:
    read = case(for_what(pointer, release=release, **more), *beside, fhir_server=SERVER)
    assert ([drug.agent for drug in read.exposures], read.elsewhere) == (["rituximab"], ())
    assert add_up(read)


def test_a_problem_in_a_bundle_by_its_address() -> None:
    url = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"
    sent = bundle(patient(), for_what({"reference": url}))
    sent["entry"].append({"fullUrl": url, "resource": ARTHRITIS})
    read = build_case(chart_of({"all": sent}), terminology(), ON)
    assert [drug.agent for drug in read.elsewhere] == ["rituximab"]


OWN = {
    "beside another": ([coded(ICD10CM, "I10")], 1),
    "beside our disease, which wins": ([coded(ICD10CM, "N04.20")], 0),
    "beside what is no list": ("arthritis", 1),
}


@pytest.mark.parametrize(("own", "other"), OWN.values(), ids=OWN.keys())
def test_reasons_of_both_kinds_count_together(own: Any, other: int) -> None:
    record = {**for_what({"reference": "Condition/ra"}), "reasonCode": own}
    read = case(record, ARTHRITIS)
    assert len(read.elsewhere) == other


STRANGE = {
    "a word": "arthritis",
    "a list of words": ["arthritis"],
    "a pointer to nothing": [{"reference": None}],
    "an empty list": [],
}


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_no_reference_is_passed_over(value: Any) -> None:
    assert case({**administration(), "reasonReference": value}).elsewhere == ()


def test_the_problem_is_kept_with_the_record_that_it_explains() -> None:
    """A stored decision is answered again from what was kept of the chart."""
    asthma = condition("J45.909", ICD10CM, id="asthma")
    for release in ("R4", "R5"):
        record = for_what({"reference": "Condition/ra"}, release=release)
        read = chart_of({"all": bundle(patient(), record, ARTHRITIS, asthma)})
        first = build_case(read, terminology(), ON)
        assert read.supporting == ("Condition/ra",)
        kept = minimal(read.opened, {*first.bins.used, *(item.resource for item in first.set_aside)}, ())
        again = build_case(chart_of(kept), terminology(), ON)
        assert "Condition/asthma" not in str(kept)
        assert (again.elsewhere, again.set_aside) == (first.elsewhere, first.set_aside)
        assert again.bins != Bins()


def test_a_problem_that_is_of_interest_itself_is_in_one_bin() -> None:
    """A lymphoma is a malignancy, too."""
    read = case(for_what({"reference": "Condition/tumour"}), condition("C83.30", ICD10CM, id="tumour"))
    assert [found.concept for found in read.conditions] == ["malignancy"]
    assert ([drug.agent for drug in read.elsewhere], add_up(read)) == (["rituximab"], True)


def test_a_record_of_no_drug_of_ours_is_not_looked_at() -> None:
    read = case({**statement("6809"), "reasonReference": [{"reference": "Condition/ra"}]}, ARTHRITIS)
    assert (read.bins.not_relevant, add_up(read)) == (2, True)

"""What an allergy is to: the code of the entry, the substance of a reaction, and words beside them (CLIN-40)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import LISINOPRIL, RITUXIMAB, RXNORM, TACROLIMUS, add_up, case, coded, made, verified

Resource = dict[str, Any]
TERMS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def allergy(code: Any = None, *substances: Any, **elements: Any) -> Resource:
    reactions = [{"substance": substance, "manifestation": [{"text": "rash"}]} for substance in substances]
    return made(
        "AllergyIntolerance", "patient", code=code, **({"reaction": reactions} if reactions else {}), **elements
    )


RITUXIMAB_CODED, TACROLIMUS_CODED = coded(RXNORM, RITUXIMAB), coded(RXNORM, TACROLIMUS)
TO: dict[str, tuple[Resource, list[str]]] = {
    "the code": (allergy(RITUXIMAB_CODED), ["rituximab"]),
    "a name": (allergy({"text": "MabThera"}), ["rituximab"]),
    "a name that says that it is an allergy": (allergy({"text": "Allergy to rituximab"}), ["rituximab"]),
    "a name that says that it is none": (allergy({"text": "No known allergy to rituximab"}), []),
    "a substance alone": (allergy(None, RITUXIMAB_CODED), ["rituximab"]),
    "a substance by its name": (allergy(None, {"text": "rituximab"}), ["rituximab"]),
    "the substance of a class": (allergy({"text": "monoclonal antibody"}, RITUXIMAB_CODED), ["rituximab"]),
    "two substances of a class": (
        allergy({"text": "immunosuppressant"}, RITUXIMAB_CODED, TACROLIMUS_CODED),
        ["rituximab", "tacrolimus"],
    ),
    "the code, and another substance": (allergy(TACROLIMUS_CODED, RITUXIMAB_CODED), ["tacrolimus", "rituximab"]),
    "a name, and another substance": (
        allergy({"text": "tacrolimus"}, RITUXIMAB_CODED),
        ["rituximab", "tacrolimus"],
    ),
    "the code and the same substance": (allergy(RITUXIMAB_CODED, RITUXIMAB_CODED), ["rituximab"]),
    "a substance that is not ours": (allergy({"text": "nuts"}, {"text": "peanut"}), []),
    "a reaction without a substance": (allergy(RITUXIMAB_CODED, None), ["rituximab"]),
    "a reaction of another shape": (allergy(RITUXIMAB_CODED, reaction="rash"), ["rituximab"]),
    "an ACE inhibitor in a reaction": (allergy(None, coded(RXNORM, LISINOPRIL)), ["acei"]),
}


@pytest.mark.parametrize(("entry", "agents"), TO.values(), ids=TO.keys())
def test_every_agent_that_an_entry_names_counts(entry: Resource, agents: list[str]) -> None:
    read = case(entry)
    assert [found.agent for found in read.allergies] == agents
    assert (read.set_aside, add_up(read)) == ((), True)


NOTE = [{"text": "anaphylaxis to rituximab in 2019"}]
TOLD = {
    "in a note": allergy(note=NOTE),
    "in the description of a reaction": allergy(reaction=[{"description": "urticaria with rituximab"}]),
    "in the narrative": allergy(text={"status": "generated", "div": "<div><p>Rituximab</p></div>"}),
    "beside a code that says nothing": allergy({"text": " "}, note=NOTE),
}


@pytest.mark.parametrize("entry", TOLD.values(), ids=TOLD.keys())
def test_an_entry_without_a_code_of_which_a_text_names_our_drug_is_set_aside_and_said(entry: Resource) -> None:
    read = case(entry)
    assert [(item.reason, item.concept, item.shown) for item in read.set_aside] == [("CODE_UNMAPPED", "rituximab", "")]
    assert (read.allergies, add_up(read)) == ((), True)


SILENT = {
    "nothing of ours": allergy(note=[{"text": "came out in spots"}]),
    "over": allergy(note=NOTE, clinicalStatus=coded(TERMS, "resolved")),
    "ruled out": allergy(note=NOTE, verificationStatus=verified("refuted")),
    "about something else by its code": allergy({"text": "peanut"}, note=NOTE),
    "a note of another shape": allergy(note="rituximab"),
}


@pytest.mark.parametrize("entry", SILENT.values(), ids=SILENT.keys())
def test_an_entry_that_says_nothing_of_ours_is_not_relevant(entry: Resource) -> None:
    read = case(entry)
    assert (read.allergies, read.set_aside, read.bins.not_relevant) == ((), (), 1)


def test_two_agents_in_one_code_contradict_each_other() -> None:
    """Trap 58: never the first picked."""
    codings = [*TACROLIMUS_CODED["coding"], *RITUXIMAB_CODED["coding"]]
    for order in (codings, codings[::-1]):
        read = case(allergy({"coding": order}))
        assert [(item.reason, item.concept) for item in read.set_aside] == [("CODE_CONFLICT", "rituximab")]

"""With fewer facts no answer is more certain, and where it had to become so, the card says what is missing.

An answer is *more certain* than another when it
- starts a class, or offers one that was not offered, or
- asked for data (DATA_REQUEST) and does so no longer, though there still is a card, or
- calls the treatment failed (CALLED_RESISTANT), where the other did not.

Only results can go missing in that sense: a list of problems, allergies or drugs that came is complete, and an entry
less in it is another patient. What goes missing there is the whole list (refused with 412, or said), or an element of
an entry (the entry is set aside, and named).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, note, settings
from hypothesis import strategies as st

from cds_service.cards.wording_measures import NOT_PROVIDED
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.needs import NEEDS
from cds_service.hooks.evaluation import Evaluation
from cds_service.stories.agreement import RECOMMENDATION
from cds_service.stories.catalogue import Story
from tests.properties.prohibitions import CALLED_RESISTANT, offered
from tests.properties.spellings.chart import STORIES, Chart, Resource, without
from tests.properties.spellings.sameness import answer_to
from tests.properties.spellings.tables import code_of

EXAMPLES = max(1_000, settings().max_examples)
stories = st.sampled_from(STORIES)
SEVERAL = st.lists(st.integers(0, 60), min_size=1, max_size=4)

# Where the only result that spoke against something is deleted, nothing speaks against it any more. (rule before, rule
# after) -> (measures of which one was deleted, why the specification does not ask for it). Closed: no other pair.
SPOKE_AGAINST: dict[tuple[str, str], tuple[set[str], str]] = {
    ("LN-03", "LN-20a"): ({"tma_on_biopsy"}, "microangiopathy counts when it is seen; no row asks for it"),
    ("LN-14", "LN-20b"): ({"adherence"}, "non-adherence counts when it is recorded (5.3, 6.3)"),
    ("LN-42", "LN-41"): ({"adherence"}, "non-adherence counts when it is recorded (5.3, 6.3)"),
    ("MN-A1", "MN-07"): ({"adherence"}, "non-adherence counts when it is recorded (5.3)"),
    ("LN-16", "LN-20c"): ({"ln_activity_index", "ln_chronicity_index"}, "scarring counts when both indices show it"),
    ("LN-27", "LN-20a"): ({"cyc_cumulative_prior"}, "the dose before the record is known from this value only (7.2)"),
    ("MN-31", "MN-31"): ({"cyc_cumulative_prior", "fertility_wish"}, "the same, and the lower ceiling needs the wish"),
    ("LN-45", "LN-20c"): ({"upcr"}, "the value that showed the earlier response (6.1)"),
    ("LN-D6", "LN-20c"): ({"egfr"}, "the one low value: without it the older one is current (2.2)"),
    ("MN-D7", "MN-30"): ({"egfr"}, "the one low value: without it the older one is current (2.2)"),
    ("MN-D7", "MN-21"): ({"egfr", "proteinuria_24h"}, "relapse rows stop only a fall that is seen (5.4)"),
    ("MN-26", "MN-21"): ({"egfr", "proteinuria_24h"}, "relapse rows stop only a fall that is seen (5.4)"),
    ("MN-27", "MN-21"): ({"anti_pla2r_elisa"}, "relapse row 4 needs an antibody that is negative (5.4)"),
    ("MN-24", "MN-32"): ({"proteinuria_24h"}, "the values that showed the remission: the line is judged without them"),
    ("MN-D9", "MN-02"): ({"proteinuria_24h"}, "the value over the nadir: without it there is no relapse to confirm"),
}


def advice(evaluation: Evaluation) -> Assessment:
    (assessment,) = evaluation.assessments
    return assessment


@cache
def before(story: Story) -> Assessment:
    return advice(answer_to(Chart.of(story)))


def certainty_gained(before: Assessment, after: Assessment) -> str:
    """In what way the second answer is more certain; empty when it is not."""
    if offered(after) and not offered(before):
        return "starts a class"
    if before.action == "DATA_REQUEST" and after.action not in {"DATA_REQUEST", "NO_CARD"}:
        return "no longer asks"
    called = after.state in CALLED_RESISTANT and after.action != "DATA_REQUEST"
    return "calls it failed" if called and before.state not in CALLED_RESISTANT else ""


@settings(max_examples=EXAMPLES)
@given(story=stories, places=SEVERAL)
def test_deleted_results_make_no_answer_more_certain(story: Story, places: list[int]) -> None:
    chart = Chart.of(story)
    results = [e for e in chart.facts() if e["resource"]["resourceType"] == "Observation"]
    deleted = [results[place % len(results)] for place in places]
    chart.keys = {k: [e for e in es if not any(e is gone for gone in deleted)] for k, es in chart.keys.items()}
    after = advice(answer_to(chart))
    gained = certainty_gained(before(story), after)
    measures, _ = SPOKE_AGAINST.get((before(story).rule, after.rule), (set(), ""))
    gone = {code.concept for e in deleted if (code := code_of(e["resource"]["code"])) is not None}
    note(f"{story.name}: {before(story).rule} -> {after.rule} without {sorted(gone)}")
    assert not gained or gone & measures, f"{gained}: {before(story).rule} -> {after.rule} without {sorted(gone)}"


# -- an element is missing ------------------------------------------------------------------------------

# Without these the record is another record, and nobody can tell: what it is about and whose it is; that a result is
# a bound; why a treatment ended; that an allergy is one. An entry of these is not read as if they stood there.
ANOTHER_RECORD = {"resourceType", "id", "subject", "patient", "code", "statusReason"}


def elements_of(resource: Resource) -> list[tuple[str, ...]]:
    """Every element, and the parts of a value, a period and a dosage, that can be left out."""
    found: list[tuple[str, ...]] = [(name,) for name in resource if name not in ANOTHER_RECORD]
    found += [(name, end) for name in ("effectivePeriod",) if name in resource for end in resource[name]]
    if "valueQuantity" in resource:
        found += [("valueQuantity", "value"), ("valueQuantity", "unit")]
    return found


def broken(resource: Resource, element: tuple[str, ...]) -> Resource:
    if len(element) == 1:
        return without(resource, *element)
    name, part = element
    # A Quantity has its unit in up to three places.
    parts = ("unit", "code", "system") if part == "unit" else (part,)
    return {**resource, name: without(resource[name], *parts)}


def said_about(resource: Resource, before: Assessment, after: Evaluation) -> bool:
    """Whether the card names the record as not used, or has a remark that it did not have."""
    reference = f"{resource['resourceType']}/{resource['id']}"
    named = any(item.resource == reference for item in after.case.set_aside)
    on_card = any(" not used: " in card["detail"] for card in after.cards)
    return (named and on_card) or bool(set(advice(after).remarks) - set(before.remarks))


def answer_without(story: Story, place: int, element_place: int) -> tuple[Resource, tuple[str, ...], Evaluation]:
    chart = Chart.of(story)
    facts = chart.facts()
    entry = facts[place % len(facts)]
    whole = entry["resource"]
    element = elements_of(whole)[element_place % len(elements_of(whole))]
    entry["resource"] = broken(whole, element)
    return whole, element, answer_to(chart)


@settings(max_examples=EXAMPLES)
@given(story=stories, place=st.integers(0, 60), element_place=st.integers(0, 11))
def test_what_makes_an_answer_more_certain_by_its_absence_is_named(
    story: Story, place: int, element_place: int
) -> None:
    """A result without unit, a dose without date, a drug without status: set aside, and said on the card."""
    whole, element, after = answer_without(story, place, element_place)
    more = certainty_gained(before(story), advice(after)) or set(offered(advice(after))) - set(offered(before(story)))
    if more:
        assert said_about(whole, before(story), after), f"{story.name}: {whole['id']} without {element}"


def _record(story_name: str, reference: str, element: tuple[str, ...]) -> Any:
    return pytest.param(story_name, reference, element, id=f"{reference} without {'.'.join(element)}")


@pytest.mark.parametrize(
    ("name", "reference", "element"),
    [
        _record("every-standard-class-has-failed", "MedicationStatement/s-25-17", ("effectivePeriod", "start")),
        _record("earlier-line-with-an-unknown-outcome", "MedicationStatement/n-017-07", ("effectivePeriod", "start")),
        _record("blood-pressure-too-high-for-a-cni", "Observation", ("component",)),
        _record("second-relapse-after-tacrolimus", "Condition/mn_relapse", ("onsetDateTime",)),
    ],
)
def test_a_part_that_is_left_out_is_said(name: str, reference: str, element: tuple[str, ...]) -> None:
    story = next(story for story in STORIES if story.name == name)
    for whole, after in _without_element(story, reference, element):
        more = set(offered(advice(after))) - set(offered(before(story)))
        assert not more or said_about(whole, before(story), after), f"offers {sorted(more)} and does not say why"


def _without_element(story: Story, reference: str, element: tuple[str, ...]) -> Iterator[tuple[Resource, Evaluation]]:
    for place, fact in enumerate(Chart.of(story).facts()):
        whole = fact["resource"]
        if _is_called(whole, reference) and element in elements_of(whole):
            chart = Chart.of(story)
            chart.facts()[place]["resource"] = broken(whole, element)
            yield whole, answer_to(chart)


def _is_called(resource: Resource, reference: str) -> bool:
    kind, _, name = reference.partition("/")
    code = code_of(resource.get("code") or resource.get("medicationCodeableConcept") or {})
    return resource["resourceType"] == kind and name in {"", resource["id"], code.concept if code else ""}


@pytest.mark.parametrize("name", ["every-standard-class-has-failed", "earlier-line-with-an-unknown-outcome"])
def test_a_line_whose_end_is_not_dated_is_not_offered_again(name: str) -> None:
    story = next(story for story in STORIES if story.name == name)
    for _, after in _without_element(story, "MedicationStatement", ("effectivePeriod", "end")):
        assert not offered(advice(after)) or offered(before(story))


# -- a list did not come --------------------------------------------------------------------------------


@settings(max_examples=EXAMPLES // 5)
@given(story=stories, need=st.sampled_from([need for need in NEEDS if need.key != "patient"]))
def test_a_list_that_did_not_come_is_refused_or_said(client: FlaskClient, story: Story, need: Any) -> None:
    request = story.request
    request["prefetch"] = {k: v for k, v in request["prefetch"].items() if k.rstrip("-0123456789") != need.key}
    reply = client.post("/cds-services/next-therapy", json=request)
    assert (reply.status_code == 412) == need.required
    leading = [card for card in reply.get_json().get("cards", ()) if RECOMMENDATION in card["extension"]]
    for card in leading:
        assert NOT_PROVIDED[need.key] in card["detail"]

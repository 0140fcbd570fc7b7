"""What holds for every chart, and not only for the ones in the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from cds_service.case.model import Case, Condition, Exposure, Finding, Quantity, Span
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.catalogue import all_rules, assess_all
from tests.guideline.patients import ON, TODAY, number, word
from tests.properties.chart_facts import Chart, certainly_below
from tests.properties.charts import bounded_charts, charts, charts_out_of_scope
from tests.properties.prohibitions import offered, violations


def the_answer(case: Case, on: date = ON) -> Assessment:
    (assessment,) = assess_all(case, on)
    return assessment


def decision(a: Assessment) -> tuple[object, ...]:
    """Everything of an answer but the names of the records it rests on."""
    lines = tuple((line.classes, line.outcome) for line in a.lines)
    return (a.state, a.action, a.rule, offered(a), a.vetoed, a.missing, a.notes, a.severity, a.menu, a.conflicts, lines)


@given(charts)
def test_one_answer_that_breaks_no_prohibition(case: Case) -> None:
    answer = the_answer(case)
    note(f"{answer.rule} {answer.state} {answer.action} {offered(answer)}")
    assert answer.rule in all_rules()
    assert violations(case, answer) == []


@given(charts_out_of_scope)
def test_children_and_replaced_kidneys_get_no_advice(case: Case) -> None:
    answer = the_answer(case)
    assert (answer.action, offered(answer), answer.notes) == ("NO_CARD", (), ())


@given(bounded_charts)
def test_bounded_values_break_no_prohibition(case: Case) -> None:
    """A bound that is certainly below a floor is below it, whatever else it leaves open."""
    answer = the_answer(case)
    note(f"{answer.rule} {answer.state} {answer.action} {offered(answer)}")
    assert violations(case, answer) == []


@given(bounded_charts)
def test_a_certainly_low_egfr_is_never_replaced_by_an_older_one(case: Case) -> None:
    egfr = Chart(case).newest("egfr", 90)
    if egfr is not None and egfr.bound and certainly_below(egfr, 30, inclusive=False):
        assert not {"CNI", "RTX_CNI", "CNI_COMBO", "AZA_CNI"} & set(offered(the_answer(case)))


@given(charts, st.integers(-3000, 3000))
def test_the_same_chart_on_another_day_gets_the_same_answer(case: Case, days: int) -> None:
    """All dates move with the day of the assessment. Without creatinine: a computed eGFR knows the calendar."""
    case = replace(case, quantities={m: s for m, s in case.quantities.items() if m != "creatinine"})
    assert decision(the_answer(moved(case, days), ON + timedelta(days=days))) == decision(the_answer(case))


def moved(case: Case, days: int) -> Case:
    def span(s: Span | None) -> Span | None:
        return None if s is None else Span(s.first + days, s.last + days)

    def later(day: int | None) -> int | None:
        return None if day is None else day + days

    def exposure(e: Exposure) -> Exposure:
        return replace(e, start=e.start + days, end=later(e.end))

    return replace(
        case,
        patient=replace(case.patient, born=span(case.patient.born)),
        quantities={m: tuple(replace(q, day=q.day + days) for q in s) for m, s in case.quantities.items()},
        findings={m: tuple(replace(f, day=f.day + days) for f in s) for m, s in case.findings.items()},
        conditions=tuple(replace(c, onset=span(c.onset), ended=later(c.ended)) for c in case.conditions),
        procedures=tuple(replace(p, day=later(p.day)) for p in case.procedures),
        exposures=tuple(exposure(e) for e in case.exposures),
        not_taken=tuple(replace(n, day=later(n.day)) for n in case.not_taken),
        allergies=tuple(replace(a, day=later(a.day)) for a in case.allergies),
        set_aside=tuple(replace(s, day=later(s.day)) for s in case.set_aside),
    )


@given(charts, st.randoms(use_true_random=False))
def test_the_order_of_records_and_exact_copies_change_nothing(case: Case, dice: object) -> None:
    def shuffled(records: tuple[object, ...]) -> tuple[object, ...]:
        mixed = list(records)
        dice.shuffle(mixed)  # type: ignore[attr-defined]
        return tuple(mixed)

    copies = tuple(replace(e, source=f"{e.source}-copy") for e in case.exposures)
    again: tuple[Condition, ...] = tuple(replace(c, source=f"{c.source}-copy") for c in case.conditions)
    twice = replace(
        case,
        exposures=shuffled((*case.exposures, *copies)),
        conditions=shuffled((*case.conditions, *again)),
        procedures=shuffled((*case.procedures, *case.procedures)),
        allergies=shuffled((*case.allergies, *case.allergies)),
    )
    assert decision(the_answer(twice)) == decision(the_answer(case))


@given(charts)
def test_an_order_for_what_is_stated_already_changes_nothing(case: Case) -> None:
    """Administration before statement before order (R-09): a dose is never counted twice."""
    orders = tuple(
        replace(e, kind="request", source=f"{e.source}-order") for e in case.exposures if e.kind == "statement"
    )
    assert decision(the_answer(replace(case, exposures=(*case.exposures, *orders)))) == decision(the_answer(case))


# Too old to be read at all: older than any line of the charts, or than the age limit of the measure.
IRRELEVANT: tuple[Quantity, ...] = (
    number("igg", -181, 2),
    number("wbc", -31, 1),
    number("neutrophils", -31, 0.5),
    number("sbp", -91, 200),
    number("dbp", -91, 130),
    number("c3", -200, 0.3),
    number("egfr", -4000, 20),
    number("creatinine", -4000, 400),
    number("tacrolimus_trough", -4000, 1),
    number("cd19_count", -4000, 90),
    number("albumin", -4000, 12),
    number("ln_activity_index", -4000, 0),
    number("ln_chronicity_index", -4000, 9),
    number("crescents_pct", -4000, 90),
)


@given(charts, st.sampled_from(IRRELEVANT))
def test_an_irrelevant_old_value_changes_nothing(case: Case, old: Quantity) -> None:
    series = case.series(old.measure)
    if any(value.day <= old.day for value in series):
        return
    with_old = replace(case, quantities={**case.quantities, old.measure: (old, *series)})
    assert decision(the_answer(with_old)) == decision(the_answer(case))


@given(charts)
def test_the_future_is_not_known_yet(case: Case) -> None:
    later = replace(
        case,
        quantities={**case.quantities, "hiv": (), "egfr": (*_until_today(case, "egfr"), number("egfr", 1, 12))},
        findings={
            **case.findings,
            "tma_on_biopsy": (*_answers(case, "tma_on_biopsy"), word("tma_on_biopsy", 1, "positive")),
        },
        conditions=(*case.conditions, Condition("serious_infection", "Condition/later", Span(TODAY + 1, TODAY + 1))),
    )
    assert decision(the_answer(later)) == decision(the_answer(case))


def _until_today(case: Case, measure: str) -> tuple[Quantity, ...]:
    return tuple(q for q in case.series(measure) if q.day <= TODAY)


def _answers(case: Case, measure: str) -> tuple[Finding, ...]:
    return tuple(f for f in case.answers(measure) if f.day <= TODAY)


# -- less is known, so no more is certain ---------------------------------------------------------------

Keep = Callable[[Quantity], bool]
RELAPSE = {"MN-21", "MN-22", "MN-23", "MN-24", "MN-26"}


def nothing(_: Quantity) -> bool:
    return False


def recent(value: Quantity) -> bool:
    return value.day >= TODAY - 90


# (what is deleted, which of its values stay, rules that the specification lets start a class all the same)
DELETIONS: dict[str, tuple[tuple[str, ...], Keep, set[str]]] = {
    # Missing albumin is MN-D3, MN-D9 or "not below 35"; it confirms no relapse.
    "albumin": (("albumin",), nothing, set()),
    # MN-D1 and LN-D2 come before every start.
    "eGFR": (("egfr", "creatinine"), nothing, set()),
    "proteinuria": (("proteinuria_24h", "upcr"), nothing, set()),
    # MN-D5 and MN-D6.
    "troughs": (("tacrolimus_trough", "cyclosporine_trough"), nothing, set()),
    "CD19": (("cd19_count",), nothing, set()),
    # MN-15b asks for an antibody that is "not NEG", and relapse row 4 for one that is NEG: an unknown
    # antibody passes both (clinical-spec step 5, 5.4).
    "antibody": (("anti_pla2r_elisa", "anti_pla2r_iif"), nothing, {"MN-15b"} | RELAPSE),
    # Relapse rows 5 and 6 stop only a fall that is seen. An untreated patient without a reference counts as stable.
    "earlier eGFR": (("egfr", "creatinine"), recent, RELAPSE | {"LN-04a", "LN-04b", "LN-04c"}),
    # 5.1 row 3 (halved without treatment) needs the old value, and row 4 (eGFR below 60) does not. After a stated
    # remission the relapse is counted from the end of the line when the values that showed the remission are gone.
    "earlier proteinuria": (("proteinuria_24h", "upcr"), recent, {"MN-04"} | RELAPSE),
}


@pytest.mark.parametrize("deleted", DELETIONS)
@given(case=charts)
def test_a_start_never_appears_because_a_value_is_missing(deleted: str, case: Case) -> None:
    """An answer that starts nothing does not turn into a start when values are deleted.

    Left out: referrals because nothing was left of a list. With less known another list may apply, and that one
    may have a class left.
    """
    before = the_answer(case)
    if offered(before) or before.rule == "LN-27" or (before.action == "REFER_EXPERT" and before.vetoed):
        return
    measures, keep, allowed = DELETIONS[deleted]
    less = {
        measure: tuple(q for q in series if keep(q)) if measure in measures else series
        for measure, series in case.quantities.items()
    }
    words = {m: f for m, f in case.findings.items() if m not in measures}
    after = the_answer(replace(case, quantities=less, findings=words))
    note(f"before: {before.rule} {before.action}; after: {after.rule} {offered(after)}")
    assert not offered(after) or after.rule in allowed

"""Charts to try: a standard patient, or an almost empty chart, with a handful of facts changed at random.

Values and days lie on and around the thresholds of clinical-spec, so that each comparison is tried from both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from cds_service.case.model import Case
from tests.guideline import standard_patients as standard
from tests.guideline.patients import (
    Fact,
    allergy,
    case_of,
    changed,
    drug,
    infusion,
    ln,
    mn,
    mycophenolate,
    number,
    patient,
    problem,
    procedure,
    refused,
    set_aside,
    without,
    word,
)
from tests.properties.chart_values import (
    AGENTS,
    DAYS,
    EPISODES,
    INDEX_DISEASES,
    LENGTHS,
    LINE_AGENTS,
    MILLIGRAMS,
    NUMBERS,
    PROBLEMS,
    REASONS,
    WORDS,
)

days = st.sampled_from(DAYS)
_numbers = st.sampled_from([(measure, value) for measure, values in NUMBERS.items() for value in values])
_words = st.sampled_from([(measure, value) for measure, values in WORDS.items() for value in values])


def _number(pair: tuple[str, float], day: int) -> Fact:
    return number(pair[0], day, pair[1])


def _bounded(pair: tuple[str, float], day: int, bound: str) -> Fact:
    return number(pair[0], day, pair[1], bound)


def _word(pair: tuple[str, str], day: int) -> Fact:
    return word(pair[0], day, pair[1])


def _drug(agent: str, start: int, length: int | None, mg: float | None, reason: str) -> Fact:
    end = None if length is None else start + length
    return drug(agent, start, end, mg, "" if end is None else reason)


def _course(agent: str, first: int, shape: tuple[int, int], mg: float | None, per: str, reason: str) -> Fact:
    count, every = shape
    doses = [first + every * index for index in range(count)]
    return tuple(infusion(agent, day, mg, per, reason if day == doses[-1] else "") for day in doses)


numbers = st.builds(_number, _numbers, days)
# The days on which the standard patients have their values, and the measures that decide most.
KEY_MEASURES = ("proteinuria_24h", "upcr", "egfr", "albumin", "anti_pla2r_elisa", "cd19_count", "tacrolimus_trough")
key_numbers = st.builds(
    _number,
    st.sampled_from([(measure, value) for measure in KEY_MEASURES for value in NUMBERS[measure]]),
    st.sampled_from((-220, -205, -120, -100, -60, -30, -10, -10, -10)),
)
bounded_numbers = st.builds(
    lambda pair, day, bound: number(pair[0], day, pair[1], bound),
    _numbers,
    days,
    st.sampled_from(("<", "<=", ">", ">=")),
)
words = st.builds(_word, _words, days)
statements = st.builds(
    _drug, st.sampled_from(LINE_AGENTS), days, st.sampled_from(LENGTHS), st.sampled_from(MILLIGRAMS),
    st.sampled_from(REASONS),
)  # fmt: skip
background = st.builds(
    _drug, st.sampled_from(AGENTS[16:]), days, st.sampled_from((None, None, 60)), st.none(), st.just("")
)
courses = st.builds(
    _course,
    st.sampled_from(("rituximab", "rituximab", "obinutuzumab", "cyclophosphamide", "belimumab", "methylprednisolone")),
    days,
    st.sampled_from(((1, 14), (2, 14), (4, 7), (5, 30), (6, 30), (6, 14), (2, 200))),
    st.sampled_from((None, 375, 500, 695, 700, 1000)),
    st.sampled_from(("administration", "administration", "administration-m2")),
    st.sampled_from(REASONS),
)
problems = st.builds(
    problem,
    st.sampled_from(PROBLEMS),
    st.one_of(st.none(), days),
    st.sampled_from(("active", "active", "active", "recurrence", "remission", "resolved", "inactive", "")),
    st.sampled_from(("confirmed", "confirmed", "confirmed", "provisional", "unconfirmed", "differential", "")),
)
routing = st.builds(
    problem,
    st.sampled_from(INDEX_DISEASES),
    st.one_of(st.none(), days),
    st.sampled_from(("active", "recurrence", "remission", "resolved", "inactive", "")),
    st.sampled_from(("confirmed", "confirmed", "provisional", "unconfirmed", "differential", "")),
)
others = st.one_of(
    routing,
    st.builds(allergy, st.sampled_from(AGENTS), st.sampled_from(("allergy", "intolerance", ""))),
    st.builds(patient, st.sampled_from(("female", "male", "unknown")), st.sampled_from((18, 34, 34, 50, 51, 70))),
    st.builds(refused, st.sampled_from(LINE_AGENTS), days),
    st.builds(procedure, st.just("kidney_biopsy"), days),
    st.builds(set_aside, st.sampled_from(("UNIT_REJECTED", "PLAUSIBILITY_REJECTED", "MEDICATION_UNRESOLVED"))),
)
# Without any proteinuria or eGFR every answer is the same question; the tests that delete values try that.
removals = st.builds(
    without,
    st.sampled_from([name for name in (*NUMBERS, *WORDS, *AGENTS) if name not in {"proteinuria_24h", "upcr", "egfr"}]),
)
episodes = st.sampled_from(EPISODES)


def _alone(fact: Fact) -> Fact:
    """A tuple of one: keeps `one_of` from giving each of the rare kinds the weight of a whole kind."""
    return (fact,)


changes = st.one_of(
    episodes, episodes, episodes, key_numbers, key_numbers, numbers, words, statements, courses, problems,
    others.map(_alone),
    removals, background,
)  # fmt: skip

_MN = (*standard.MN_CORE, *standard.NO_RESPONSE)
_LN = (*standard.LN_CORE, *standard.LN_NO_RESPONSE)
STANDARD: tuple[Sequence[Any], ...] = (
    (*_MN, *standard.ON_TACROLIMUS),
    (*_MN, *standard.ON_CYCLOSPORINE),
    (*_MN, *standard.AFTER_RITUXIMAB),
    (*_MN, *standard.AFTER_CYCLOPHOSPHAMIDE),
    (*_MN, *standard.ON_TACROLIMUS, standard.EARLIER_FAILURE["RTX"]),
    (*_MN, *standard.AFTER_RITUXIMAB, standard.EARLIER_FAILURE["CYC"]),
    standard.UNTREATED_MN,
    standard.RELAPSED_MN,
    (patient(), mn()),
    (*_LN, mycophenolate(-200)),
    (*_LN, mycophenolate(-200), standard.EARLIER_FAILURE["CYC"]),
    (*_LN, mycophenolate(-200), standard.EARLIER_FAILURE["RTX"]),
    standard.UNTREATED_LN,
    standard.FLARED_LN,
    (patient("female", 34), ln(), word("ln_class", -250, "IV")),
)


def _chart(base: Sequence[Any], facts: list[Fact]) -> Case:
    return case_of(changed(base, *facts))


out_of_scope = st.one_of(
    st.builds(patient, st.sampled_from(("female", "male")), st.integers(0, 17)),
    st.builds(problem, st.sampled_from(("dialysis", "kidney_transplant")), st.none()),
    st.builds(procedure, st.sampled_from(("dialysis", "kidney_transplant")), st.sampled_from((-2500, -30, 0))),
)
charts = st.builds(_chart, st.sampled_from(STANDARD), st.lists(changes, max_size=8))
charts_out_of_scope = st.builds(
    lambda base, facts, outside: _chart(base, [*facts, outside]),
    st.sampled_from(STANDARD),
    st.lists(changes, max_size=4),
    out_of_scope,
)
bounded_charts = st.builds(
    _chart,
    st.sampled_from(STANDARD),
    st.builds(lambda a, b: [*a, *b], st.lists(changes, max_size=6), st.lists(bounded_numbers, min_size=1, max_size=4)),
)

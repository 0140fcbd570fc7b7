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
    albumin,
    allergy,
    case_of,
    changed,
    creatinine,
    drug,
    egfr,
    elisa,
    infusion,
    ln,
    mn,
    mycophenolate,
    number,
    patient,
    problem,
    procedure,
    proteinuria,
    pulses,
    refused,
    rituximab,
    set_aside,
    tacrolimus,
    upcr,
    without,
    word,
)

DAYS = (
    -2500, -1500, -1105, -905, -735, -731, -730, -500, -420, -367, -365, -300, -220, -215, -200, -181, -180, -179,
    -150, -121, -120, -100, -91, -90, -61, -60, -45, -30, -24, -14, -13, -10, -5, -1, 0, 3,
)  # fmt: skip
PROTEIN = (0.2, 0.29, 0.3, 0.49, 0.5, 0.69, 0.7, 0.99, 1.0, 1.3, 1.99, 2.0, 2.4, 2.99, 3.0, 3.49, 3.5, 4.2, 5.0, 5.9,
           7.6, 8.1, 8.4, 14.0)  # fmt: skip
EGFR = (8, 25, 29.9, 30, 38, 39.9, 40, 44.9, 45, 45.1, 52, 59.9, 60, 62, 66, 70, 72, 79, 82, 88, 90, 95)
NUMBERS: dict[str, tuple[float, ...]] = {
    "proteinuria_24h": PROTEIN,
    "upcr": PROTEIN,
    "egfr": EGFR,
    "creatinine": (70, 80, 96, 97, 120, 160, 250),
    "albumin": (15, 24.9, 25, 29.9, 30, 34.9, 35, 41),
    "anti_pla2r_elisa": (0.5, 1.9, 2, 5, 13.9, 14, 19.9, 20, 45, 50, 50.1, 90, 165, 400),
    "tacrolimus_trough": (1, 2.9, 3, 6),
    "cyclosporine_trough": (60, 124.9, 125, 190),
    "cd19_count": (0, 4.9, 5, 60),
    "igg": (3.9, 4, 5.9, 6, 9),
    "wbc": (2.9, 3, 6),
    "neutrophils": (1.4, 1.5, 4),
    "sbp": (120, 165, 166),
    "dbp": (70, 105, 106),
    "c3": (0.5, 0.89, 0.9, 1.2),
    "kidney_length": (7.9, 8, 10),
    "cyc_cumulative_prior": (3.9, 4.1, 7.1, 13.1, 22.1, 30, 30.1, 33.1, 40),
    "ln_activity_index": (0, 2, 3, 12),
    "ln_chronicity_index": (0, 5, 6, 9),
    "crescents_pct": (0, 24.9, 25, 60),
}
WORDS: dict[str, tuple[str, ...]] = {
    "anti_pla2r_iif": ("positive", "negative"),
    "pla2r_stain": ("positive", "negative"),
    "anti_rituximab_ab": ("positive", "negative"),
    "hbsag": ("positive", "negative"),
    "anti_hbc": ("positive", "negative"),
    "pregnancy_test": ("positive", "negative"),
    "adherence": ("non-adherent", "adherent"),
    "fertility_wish": ("yes", "no"),
    "ln_class": ("I", "II", "III", "IV", "V", "VI", "III+V", "IV+V"),
    "tma_on_biopsy": ("positive", "negative"),
    "fibrinoid_necrosis": ("yes", "no"),
    "sediment_active": ("yes", "no"),
}
PROBLEMS = (
    "pregnancy", "pregnancy", "serious_infection", "malignancy", "malignancy", "acute_kidney_injury", "mn_relapse",
    "ln_flare", "life_threatening_nephrotic", "tma", "nonadherence", "secondary_membranous_nephropathy",
)  # fmt: skip
INDEX_DISEASES = ("membranous_nephropathy", "lupus_nephritis")
# Facts that belong together and that chance would hardly put side by side.
EPISODES: tuple[Fact, ...] = (
    standard.EGFR_DECLINING,
    standard.EGFR_UNCONFIRMED,
    standard.EGFR_UNKNOWN,
    standard.CREATININE_STEADY,
    standard.LN_DECLINING,
    standard.HEAVY,
    standard.EARLIER_FAILURE["CNI"],
    standard.EARLIER_FAILURE["RTX"],
    standard.EARLIER_FAILURE["CYC"],
    standard.EARLIER_FAILURE["CD20_2G"],
    standard.EARLIER_FAILURE["MPAA"],
    standard.EARLIER_FAILURE["BEL"],
    (creatinine(-220, 80), creatinine(-10, 97)),
    (elisa(-120, 1.2), elisa(-10, 0.8)),
    (elisa(-220, 100), elisa(-10, 50)),
    (elisa(-900, 0.5), elisa(-400, 0.5), elisa(-220, 0.5), elisa(-10, 0.5)),
    (proteinuria(-10, 0.2), albumin(-10, 41)),
    (proteinuria(-10, 3.0),),
    (proteinuria(-500, 0.8), proteinuria(-30, 5.0), proteinuria(-10, 5.2)),
    (
        without("tacrolimus"),
        proteinuria(-505, 8.4),
        egfr(-505, 82),
        tacrolimus(-500, -366, 6),
        tacrolimus(-365, None, 3),
    ),
    (without("tacrolimus"), tacrolimus(-215, -20)),
    (without("tacrolimus"), tacrolimus(-215, -100, reason="intolerance")),
    (without("mycophenolate_mofetil"), mycophenolate(-200, -100, reason="intolerance")),
    (without("mycophenolate_mofetil"), tacrolimus(-200)),
    (without("mycophenolate_mofetil"), rituximab(-200)),
    (without("mycophenolate_mofetil"), pulses(-200, mg=500)),
    (without("mycophenolate_mofetil"), mycophenolate(-900)),
    (without("mycophenolate_mofetil"), mycophenolate(-60)),
    (without("ln_class"), word("ln_class", -250, "V")),
    (number("ln_activity_index", -200, 1), number("ln_chronicity_index", -200, 8)),
    (upcr(-500, 0.3), upcr(-30, 1.9), upcr(-10, 2.0)),
    (without("anti_pla2r_elisa"), elisa(-10, 19.9), mn(verification="provisional")),
    (without("lupus_nephritis"), ln(verification="provisional")),
)
AGENTS = (
    "rituximab", "obinutuzumab", "ofatumumab", "cyclophosphamide", "chlorambucil", "tacrolimus", "cyclosporine",
    "voclosporin", "mycophenolate_mofetil", "mycophenolic_acid", "azathioprine", "belimumab", "leflunomide",
    "daratumumab", "bortezomib", "anifrolumab", "prednisone", "methylprednisolone", "hydroxychloroquine", "acei",
    "sglt2i", "hbv_antiviral",
)  # fmt: skip
LINE_AGENTS = AGENTS[:16]
REASONS = ("", "", "ineffective", "ineffective", "intolerance", "non-adherence", "remission", "completed")
LENGTHS = (None, None, 0, 28, 59, 60, 79, 80, 119, 120, 179, 180, 200, 364, 365, 500)
MILLIGRAMS = (None, 3, 6, 50, 150, 375, 500, 700, 750, 1000, 1430, 1500, 1990, 2000, 3000)

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

"""Lupus nephritis that flares: steps 8 and 10 of clinical-spec 6.3, with the definitions of 6.1."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, check, row, sentence
from tests.guideline.patients import (
    drug,
    egfr,
    lupus_class,
    mycophenolate,
    number,
    problem,
    pulses,
    refused,
    rituximab,
    tacrolimus,
    upcr,
    without,
    word,
)
from tests.guideline.standard_patients import flared_ln

OTHERWISE = ("BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC")
OFF = ("LN-40", "MPAA_GC", *OTHERWISE)
SEVERE = ("CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO")
HEAVY = ("CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO")
PREGNANT = problem("pregnancy", -60)
NO_UPCR = without("upcr")
NO_MMF = without("mycophenolate_mofetil")
ONE_VALUE = (NO_UPCR, upcr(-905, 3.2), upcr(-500, 0.3), upcr(-10, 2.0))
FALLING = (egfr(-60, 70), egfr(-10, 70))


def after_complete(now: float, before: float = 3.2) -> tuple[object, ...]:
    return (NO_UPCR, upcr(-905, before), upcr(-500, 0.49), upcr(-30, now), upcr(-10, now))


def after_partial(best: float, now: float) -> tuple[object, ...]:
    return (NO_UPCR, upcr(-905, 3.2), upcr(-500, best), upcr(-30, now), upcr(-10, now))


def until(end: int | None) -> tuple[object, ...]:
    return (NO_MMF, mycophenolate(-900, end, reason="" if end is None else "completed"))


THRESHOLDS = [
    row("1.0 after complete response", flared_ln(after_complete(1.0)), *OFF),
    row("0.99 after complete response, halved", flared_ln(after_complete(0.99)), "LN-51"),
    row("0.99 after complete response, not halved", flared_ln(after_complete(0.99, 1.8)), "LN-45"),
    row("2.0 after partial response", flared_ln(after_partial(0.9, 2.0)), *OFF),
    row("1.99 after partial response", flared_ln(after_partial(0.9, 1.99)), "LN-45"),
    row("twice the best after partial response", flared_ln(after_partial(1.2, 2.4)), *OFF),
    row("less than twice the best", flared_ln(after_partial(1.2, 2.39)), "LN-45"),
    row("0.49 g/g 30 days into the line was a complete response",
        flared_ln(NO_UPCR, upcr(-905, 1.9), upcr(-870, 0.49), upcr(-30, 1.0), upcr(-10, 1.0)), *OFF),
    row("0.49 g/g 29 days into the line was none",
        flared_ln(NO_UPCR, upcr(-905, 1.9), upcr(-871, 0.49), upcr(-30, 1.9), upcr(-10, 1.9)), "LN-20c", *OTHERWISE),
    row("a stated remission counts", flared_ln(NO_UPCR, NO_MMF, mycophenolate(-900, -300, reason="remission"),
        upcr(-905, 1.9), upcr(-30, 1.0), upcr(-10, 1.0)), *OFF),
    row("a stated remission, and no value before today's", flared_ln(NO_UPCR, NO_MMF,
        mycophenolate(-900, -300, reason="remission"), upcr(-905, 1.9), upcr(-10, 1.0), number("c3", -10, 0.5)), *OFF),
]  # fmt: skip

NEPHRITIC = (after_partial(0.9, 1.99), FALLING, word("sediment_active", -60, "yes"))
CONFIRMATION = [
    row("one value", flared_ln(ONE_VALUE), "LN-D5", missing="REPEAT_UPCR"),
    row("two values 13 days apart", flared_ln(ONE_VALUE, upcr(-23, 2)), "LN-D5", missing="REPEAT_UPCR"),
    row("two values 14 days apart", flared_ln(ONE_VALUE, upcr(-24, 2)), *OFF),
    row("the earlier value is below the threshold", flared_ln(ONE_VALUE, upcr(-40, 0.99)), "LN-D5",
        missing="REPEAT_UPCR"),
    row("one value, C3 0.89", flared_ln(ONE_VALUE, number("c3", -60, 0.89)), *OFF),
    row("one value, C3 0.9", flared_ln(ONE_VALUE, number("c3", -60, 0.9)), "LN-D5", missing="REPEAT_UPCR"),
    row("one value, C3 61 days old", flared_ln(ONE_VALUE, number("c3", -61, 0.5)), "LN-D5", missing="REPEAT_UPCR"),
    row("nephritic below the UPCR threshold", flared_ln(NEPHRITIC), "LN-43", *SEVERE),
    row("eGFR falls, sediment 61 days old",
        flared_ln(NEPHRITIC, without("sediment_active"), word("sediment_active", -61, "yes")), "LN-45"),
    row("eGFR falls, sediment quiet",
        flared_ln(NEPHRITIC, word("sediment_active", -30, "no")), "LN-45"),
    row("sediment active, eGFR down once", flared_ln(NEPHRITIC, egfr(-60, 88)), "LN-45"),
    row("one value, nephritic", flared_ln(ONE_VALUE, FALLING, word("sediment_active", -10, "yes")), "LN-43", *SEVERE),
]  # fmt: skip

ANSWERS = [
    row("first flare off treatment", flared_ln(), *OFF),
    row("pregnant", flared_ln(PREGNANT), "LN-05", "AZA_CNI", state="LN_FLARE"),
    row("pregnant comes before non-adherence", flared_ln(PREGNANT, word("adherence", -20, "non-adherent")), "LN-05",
        "AZA_CNI", state="LN_FLARE"),
    row("non-adherent", flared_ln(until(None), word("adherence", -20, "non-adherent")), "LN-42"),
    row("not taken", flared_ln(until(None), refused("mycophenolate_mofetil", -20)), "LN-42"),
    row("non-adherence comes before severity", flared_ln(until(None), FALLING, word("adherence", -20, "non-adherent")),
        "LN-42"),
    row("severe by eGFR since the best UPCR", flared_ln(FALLING), "LN-43", *SEVERE),
    row("one low eGFR is not severe", flared_ln(egfr(-10, 70)), *OFF),
    row("severe by crescents", flared_ln(number("crescents_pct", -20, 25)), "LN-43", *SEVERE),
    row("the eGFR nearest the best UPCR is the reference", flared_ln(egfr(-905, 130), egfr(-500, 80), FALLING), *OFF),
    row("an eGFR 60 days from the best UPCR is near enough", flared_ln(without("egfr"), egfr(-905, 90), egfr(-560, 80),
        FALLING), *OFF),
    row("an eGFR 61 days from it is not", flared_ln(without("egfr"), egfr(-905, 90), egfr(-561, 80), FALLING),
        "LN-43", *SEVERE),
    row("without one, the baseline of the line is", flared_ln(without("egfr"), egfr(-905, 90), FALLING), "LN-43",
        *SEVERE),
    row("an earlier flare is coded, off treatment", flared_ln(problem("ln_flare", -700)), "LN-44", *OTHERWISE),
    row("only this flare is coded", flared_ln(problem("ln_flare", -10)), *OFF),
    row("a flare is coded without its day", flared_ln(problem("ln_flare")), "LN-44", *OTHERWISE),
    row("an earlier flare, on tacrolimus", flared_ln(problem("ln_flare", -700), NO_MMF, tacrolimus(-900)), "LN-44",
        "BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
    row("off treatment for 30 days", flared_ln(until(-30)), *OFF),
    row("off treatment for 29 days", flared_ln(until(-29)), "LN-41", *OTHERWISE),
    row("on mycophenolate", flared_ln(until(None)), "LN-41", *OTHERWISE),
    row("on belimumab", flared_ln(NO_MMF, drug("belimumab", -900)), "LN-41", *OTHERWISE[1:]),
    row("on tacrolimus with mycophenolate", flared_ln(until(None), tacrolimus(-900)), "LN-41", "BEL_COMBO",
        "ANTI_CD20_COMBO", "CYC_GC"),
    row("off tacrolimus: it may be repeated", flared_ln(NO_MMF, tacrolimus(-900, -300)), "LN-40", "CNI_COMBO",
        "BEL_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
    row("off belimumab: it may be repeated", flared_ln(NO_MMF, drug("belimumab", -900, -300)), "LN-40", *OTHERWISE),
    row("off cyclophosphamide: it may be repeated", flared_ln(NO_MMF, pulses(-900)), "LN-40", "CYC_GC", "BEL_COMBO",
        "ANTI_CD20_COMBO", "CNI_COMBO"),
    row("off rituximab: it may be repeated", flared_ln(NO_MMF, rituximab(-900)), "LN-40", "ANTI_CD20_COMBO",
        "BEL_COMBO", "CNI_COMBO", "CYC_GC"),
    row("rituximab still acting is maintenance", flared_ln(NO_MMF, rituximab(-190), NO_UPCR, upcr(-195, 3.2),
        upcr(-150, 0.3), upcr(-30, 1.9), upcr(-10, 2.0), egfr(-195, 90)), "LN-41", "BEL_COMBO", "CNI_COMBO", "CYC_GC"),
    row("off leflunomide: no combination repeats it", flared_ln(NO_MMF, drug("leflunomide", -900, -300)), "LN-40",
        *OTHERWISE),
    row("heavy", flared_ln(after_complete(3.0)), "LN-40", "MPAA_GC", *HEAVY),
    row("class V", flared_ln(lupus_class(-250, "V")), "LN-40", "MPAA_GC", "CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC"),
    row("what failed before is left out", flared_ln(pulses(-1400, reason="ineffective")), "LN-40", "MPAA_GC",
        *OTHERWISE[:3]),
    row("a regimen that had failed before is not repeated, although it worked later (7.2, section 9)",
        flared_ln(NO_MMF, drug("belimumab", -1900, -1500, reason="ineffective"), drug("belimumab", -900, -300)),
        "LN-40", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"),
    row("an unknown earlier outcome does not block a flare", flared_ln(rituximab(-1700)),
        *OFF),
]  # fmt: skip
ROWS = [*THRESHOLDS, *CONFIRMATION, *ANSWERS]


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_flare(expected: Expected) -> None:
    check(expected)

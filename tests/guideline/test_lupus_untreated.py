"""Lupus nephritis that was never treated: step 5 of clinical-spec 6.3 with the lists of 6.2."""

from __future__ import annotations

import pytest

from tests.guideline.expectations import Expected, check, row, sentence
from tests.guideline.patients import drug, egfr, lupus_class, number, problem, upcr, without, word
from tests.guideline.standard_patients import untreated_ln

OTHERWISE = ("BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC")
SEVERE = ("CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO")
HEAVY_LIST = ("CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO")
CLASS_V = ("CNI_COMBO", "MPAA_GC", "CYC_GC")
PREGNANT = problem("pregnancy", -60)
V = lupus_class(-250, "V")

ROWS = [
    row("class IV, 2.0 g/g", untreated_ln(), "LN-04c", *OTHERWISE),
    row("class IV, 0.49 g/g", untreated_ln(upcr(-10, 0.49)), "LN-50", state="LN_INACTIVE"),
    row("class IV, 0.5 g/g", untreated_ln(upcr(-10, 0.5)), "LN-04c", *OTHERWISE),
    row("class IV, 2.99 g/g", untreated_ln(upcr(-10, 2.99)), "LN-04c", *OTHERWISE),
    row("class IV, 3.0 g/g", untreated_ln(upcr(-10, 3.0)), "LN-04b", *HEAVY_LIST),
    row("eGFR fell 20 %, confirmed", untreated_ln(egfr(-100, 72), egfr(-10, 72)), "LN-04a", *SEVERE),
    row("eGFR fell 19.9 %", untreated_ln(egfr(-100, 70), egfr(-10, 72.1)), "LN-04c", *OTHERWISE),
    row("eGFR fell once", untreated_ln(egfr(-10, 60)), "LN-04c", *OTHERWISE),
    row("no earlier eGFR counts as stable", untreated_ln(without("egfr"), egfr(-10, 60)), "LN-04c", *OTHERWISE),
    row("the reference is 365 days old", untreated_ln(without("egfr"), egfr(-365, 90), egfr(-60, 70), egfr(-10, 70)),
        "LN-04a", *SEVERE),
    row("the reference is 366 days old", untreated_ln(without("egfr"), egfr(-366, 90), egfr(-60, 70), egfr(-10, 70)),
        "LN-04c", *OTHERWISE),
    row("severe and heavy is severe", untreated_ln(egfr(-100, 72), egfr(-10, 72), upcr(-10, 4)), "LN-04a", *SEVERE),
    row("crescents 25 %", untreated_ln(number("crescents_pct", -180, 25)), "LN-04a", *SEVERE),
    row("crescents 24.9 %", untreated_ln(number("crescents_pct", -180, 24.9)), "LN-04c", *OTHERWISE),
    row("crescents on a biopsy 181 days old", untreated_ln(number("crescents_pct", -181, 80)), "LN-04c", *OTHERWISE),
    row("fibrinoid necrosis", untreated_ln(word("fibrinoid_necrosis", -180, "yes")), "LN-04a", *SEVERE),
    row("fibrinoid necrosis 181 days ago", untreated_ln(word("fibrinoid_necrosis", -181, "yes")), "LN-04c", *OTHERWISE),
    row("no fibrinoid necrosis", untreated_ln(word("fibrinoid_necrosis", -100, "no")), "LN-04c", *OTHERWISE),
    row("class V, 0.99 g/g", untreated_ln(V, upcr(-10, 0.99)), "LN-04d"),
    row("class V, 1.0 g/g", untreated_ln(V, upcr(-10, 1.0)), "LN-04v", *CLASS_V),
    row("class V, 0.49 g/g", untreated_ln(V, upcr(-10, 0.49)), "LN-50", state="LN_INACTIVE"),
    row("class V and severe is class V", untreated_ln(V, number("crescents_pct", -100, 50)), "LN-04v", *CLASS_V),
    row("class III+V is not class V", untreated_ln(lupus_class(-250, "III+V")), "LN-04c", *OTHERWISE),
    row("untreated and pregnant", untreated_ln(PREGNANT), "LN-05", "AZA_CNI", state="LN_UNTREATED"),
    row("pregnant by test", untreated_ln(word("pregnancy_test", -5, "positive")), "LN-05", "AZA_CNI",
        state="LN_UNTREATED"),
    row("pregnant with class V", untreated_ln(PREGNANT, V), "LN-05", "AZA_CNI", state="LN_UNTREATED"),
    row("pregnant and inactive", untreated_ln(PREGNANT, upcr(-10, 0.4)), "LN-50", state="LN_INACTIVE"),
    row("hydroxychloroquine and prednisone are no line", untreated_ln(drug("prednisone", -100)), "LN-04c", *OTHERWISE),
    row("leflunomide is a line (R-12)", untreated_ln(drug("leflunomide", -100)), "LN-D3", missing="BASELINE_UPCR"),
]  # fmt: skip


@pytest.mark.parametrize("expected", ROWS, ids=sentence)
def test_untreated_lupus_nephritis(expected: Expected) -> None:
    check(expected)

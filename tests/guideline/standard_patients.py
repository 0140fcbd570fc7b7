"""The standard patients of the tables. Each is complete: nothing is missing, nothing is held, nothing vetoed."""

from __future__ import annotations

from cds_service.case.model import Case
from tests.guideline.patients import (
    Fact,
    albumin,
    biopsy,
    case_of,
    cd19,
    changed,
    creatinine,
    drug,
    egfr,
    elisa,
    ln,
    mn,
    mycophenolate,
    patient,
    proteinuria,
    pulses,
    rituximab,
    tacrolimus,
    trough,
    upcr,
    without,
    word,
)

HEPATITIS_B_EXCLUDED = (word("hbsag", -300, "negative"), word("anti_hbc", -300, "negative"))

MN_CORE: tuple[Fact, ...] = (
    patient("male", 52),
    mn(-700),
    biopsy(-695),
    word("pla2r_stain", -695, "positive"),
    drug("acei", -690),
    HEPATITIS_B_EXCLUDED,
    albumin(-220, 24),
    albumin(-10, 27),
)
NO_RESPONSE: tuple[Fact, ...] = (
    proteinuria(-220, 8.4),
    proteinuria(-120, 8.0),
    proteinuria(-10, 7.6),
    egfr(-220, 82),
    egfr(-120, 80),
    egfr(-10, 79),
    elisa(-220, 180),
    elisa(-10, 165),
)
ON_TACROLIMUS = (tacrolimus(-215), trough(-150, 6.1), trough(-90, 5.8), trough(-20, 6.4))
ON_CYCLOSPORINE = (drug("cyclosporine", -215, None, 250), trough(-90, 180, "cyclosporine"))
AFTER_RITUXIMAB = (rituximab(-210), cd19(-150, 0))
AFTER_CYCLOPHOSPHAMIDE = pulses(-215)

# eGFR of 82 at the start of the line; the reported eGFR decides the trend, creatinine the toxicity.
EGFR_DECLINING = (egfr(-60, 62), egfr(-10, 60))
EGFR_UNCONFIRMED = (egfr(-10, 60),)
EGFR_UNKNOWN = (without("egfr"), egfr(-10, 79))
CREATININE_STEADY = (creatinine(-220, 90), creatinine(-10, 100))

EARLIER_FAILURE: dict[str, tuple[Fact, ...]] = {
    "CNI": (tacrolimus(-1100, -800, reason="ineffective"),),
    "RTX": rituximab(-1100, reason="ineffective"),
    "CYC": pulses(-1100, reason="ineffective"),
    "CD20_2G": rituximab(-1100, reason="ineffective", agent="obinutuzumab"),
    "MPAA": (mycophenolate(-1100, -800, reason="ineffective"),),
    "BEL": (drug("belimumab", -1100, -800, reason="ineffective"),),
}

UNTREATED_MN: tuple[Fact, ...] = (
    *MN_CORE,
    mn(-400),
    proteinuria(-250, 6.0),
    proteinuria(-10, 6.0),
    egfr(-250, 85),
    egfr(-100, 85),
    egfr(-10, 84),
    elisa(-10, 40),
)
RELAPSED_MN: tuple[Fact, ...] = (
    *MN_CORE,
    mn(-1000),
    tacrolimus(-900, -400, reason="completed"),
    proteinuria(-905, 8.0),
    proteinuria(-500, 0.8),
    proteinuria(-30, 4.8),
    proteinuria(-10, 5.0),
    egfr(-905, 82),
    egfr(-500, 80),
    egfr(-100, 79),
    egfr(-10, 78),
    elisa(-905, 150),
    elisa(-10, 60),
)

LN_CORE: tuple[Fact, ...] = (
    patient("female", 34),
    ln(-1500),
    biopsy(-250),
    word("ln_class", -250, "IV"),
    drug("hydroxychloroquine", -1400),
    HEPATITIS_B_EXCLUDED,
    word("pregnancy_test", -5, "negative"),
)
LN_NO_RESPONSE: tuple[Fact, ...] = (
    upcr(-205, 2.6),
    upcr(-100, 2.5),
    upcr(-10, 2.4),
    egfr(-205, 90),
    egfr(-100, 90),
    egfr(-10, 88),
)
HEAVY = (upcr(-205, 4.4), upcr(-100, 4.3), upcr(-10, 4.2))
LN_DECLINING = (egfr(-60, 70), egfr(-10, 68))
LN_UNCONFIRMED = (egfr(-10, 68),)
UNTREATED_LN: tuple[Fact, ...] = (
    *LN_CORE,
    upcr(-10, 2.0),
    egfr(-200, 90),
    egfr(-100, 90),
    egfr(-10, 88),
)
FLARED_LN: tuple[Fact, ...] = (
    *LN_CORE,
    mycophenolate(-900, -300, reason="completed"),
    upcr(-905, 3.2),
    upcr(-500, 0.3),
    upcr(-30, 1.9),
    upcr(-10, 2.0),
    egfr(-905, 90),
    egfr(-500, 90),
    egfr(-100, 90),
    egfr(-10, 88),
)


def resistant_mn(*changes: Fact) -> Case:
    """215 days of tacrolimus at target, 8.4 to 7.6 g/d, antibody positive, eGFR stable."""
    return case_of(changed((*MN_CORE, *NO_RESPONSE, *ON_TACROLIMUS), *changes))


def on_cyclosporine(*changes: Fact) -> Case:
    """The same on cyclosporine: tacrolimus was never given."""
    return case_of(changed((*MN_CORE, *NO_RESPONSE, *ON_CYCLOSPORINE), *changes))


def after_rituximab(*changes: Fact) -> Case:
    """The same after one course of rituximab that emptied the blood of B cells."""
    return case_of(changed((*MN_CORE, *NO_RESPONSE, *AFTER_RITUXIMAB), *changes))


def after_cyclophosphamide(*changes: Fact) -> Case:
    """The same after six pulses of cyclophosphamide."""
    return case_of(changed((*MN_CORE, *NO_RESPONSE, *AFTER_CYCLOPHOSPHAMIDE), *changes))


def untreated_mn(*changes: Fact) -> Case:
    """Moderate risk, observed for more than half a year."""
    return case_of(changed(UNTREATED_MN, *changes))


def relapsed_mn(*changes: Fact) -> Case:
    """Relapse, confirmed, more than a year after a remission on tacrolimus."""
    return case_of(changed(RELAPSED_MN, *changes))


def resistant_ln(*changes: Fact) -> Case:
    """Class IV, 200 days of full-dose mycophenolate, UPCR 2.6 to 2.4, eGFR stable."""
    return case_of(changed((*LN_CORE, *LN_NO_RESPONSE, mycophenolate(-200)), *changes))


def untreated_ln(*changes: Fact) -> Case:
    """Class IV, UPCR 2.0, eGFR stable, never treated."""
    return case_of(changed(UNTREATED_LN, *changes))


def flared_ln(*changes: Fact) -> Case:
    """Confirmed flare, 300 days after mycophenolate that had led to a complete response."""
    return case_of(changed(FLARED_LN, *changes))

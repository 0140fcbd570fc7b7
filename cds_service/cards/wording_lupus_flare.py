"""Lupus nephritis: flares and missing results (clinical-spec 6.3, step 8 and the data rows)."""

from __future__ import annotations

from cds_service.cards.wording_rules import RuleWording

_FLARE = ("LN_FLARE_UNCONFIRMED", "LN_ADHERENCE", "LN_EGFR")
_WAITING = ("RESULT_ARRIVES",)

FLARE: dict[str, RuleWording] = {
    "LN-40": RuleWording(
        "LN flare off treatment[ ({current}, lowest {nadir})| ({current})]: consider {next}.",
        "First relapse off treatment[: proteinuria {current}, lowest {nadir}|: proteinuria {current}]: the regimen "
        "that worked may be repeated.",
        change=_FLARE,
    ),
    "LN-41": RuleWording(
        "LN flare on maintenance[ ({current}, lowest {nadir})| ({current})]: consider {next}.",
        "Relapse on adequate maintenance[: proteinuria {current}, lowest {nadir}|: proteinuria {current}]: escalate.",
        change=_FLARE,
    ),
    "LN-42": RuleWording(
        "LN flare with missed doses[ ({current})]: restore treatment and adherence first.",
        "The flare follows missed doses. Restoring the regimen that worked comes before a new class.",
        change=("ADEQUATE_NOW", "LN_EGFR"),
    ),
    "LN-43": RuleWording(
        "Severe LN flare[ ({current})][, eGFR down {egfr_fall}]: consider {next} without delay.",
        "The flare is severe: eGFR is falling, or crescents or necrosis are present[; proteinuria is {current}].",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid leads when the kidney is at immediate risk.",
        ("LN_FLARE_UNCONFIRMED", "FALL_EXPLAINED", "LN_ADHERENCE"),
    ),
    "LN-44": RuleWording(
        "Repeated LN flare[ ({current}, lowest {nadir})| ({current})]: consider {next}.",
        "This is not the first flare[: proteinuria {current}, lowest {nadir}|: proteinuria {current}]. Repeating the "
        "same regimen is unlikely to last.",
        change=_FLARE,
    ),
}

DATA: dict[str, RuleWording] = {
    "LN-D0": RuleWording(
        "LN is not confirmed in the record: confirm it by biopsy before any treatment advice.",
        "Lupus nephritis is not recorded as confirmed, or its entry could not be read. Class, activity and scarring on "
        "biopsy decide the treatment.",
        change=_WAITING,
    ),
    "LN-D1": RuleWording(
        "LN class is not on record: find the biopsy report (or biopsy) before any advice.",
        "Class, activity and scarring decide the treatment, and none of them can be told from urine and blood.",
        change=_WAITING,
    ),
    "LN-D2": RuleWording(
        "No current [{missing}|UPCR or eGFR]: measure before any advice on treatment.",
        "Proteinuria and eGFR decide everything here, and values older than 90 days are not used.",
        change=_WAITING,
    ),
    "LN-D3": RuleWording(
        "Response cannot be judged: [{missing}|baseline] not on file. Search earlier results.",
        "[Proteinuria is {current}. ]Response is measured against the values from before the line began, which are "
        "not on file.",
        change=_WAITING,
    ),
    "LN-D4": RuleWording(
        "Mycophenolate dose is not recorded: needed before calling the regimen failed.",
        "[Proteinuria {change} in {seen} days. ]Below 2 g/d (mofetil equivalent) the regimen has not been tested.",
        change=_WAITING,
    ),
    "LN-D5": RuleWording(
        "Possible LN flare[ ({current}, lowest {nadir})| ({current})]: confirm with a second UPCR.",
        "[Proteinuria is {current} against a lowest value of {nadir}. ]One spot value does not make a flare: a second "
        "one at least 14 days apart, low C3 or an active sediment would.",
        change=_WAITING,
    ),
    "LN-D6": RuleWording(
        "eGFR fall not confirmed[ ({egfr_fall}, one value)]: repeat creatinine before choosing a class.",
        "[eGFR is {egfr} against {egfr_reference}. |]Severe and non-severe disease lead to different classes, and one "
        "value does not settle which it is.",
        change=_WAITING,
    ),
    "LN-D8": RuleWording(
        "An earlier regimen has no clear outcome: find it before choosing the next class.",
        "Whether an earlier regimen failed decides between resistant and refractory disease. The record does not show "
        "it.",
        change=_WAITING,
    ),
}

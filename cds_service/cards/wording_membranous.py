"""Membranous nephropathy, rules that choose a class, a centre or a biopsy (clinical-spec 5, 5.1, 5.4, 5.5)."""

from __future__ import annotations

from cds_service.cards.wording_rules import RuleWording

_RESISTANT = ("RESPONSE", "ANTIBODY_GONE", "ALBUMIN_NORMAL", "ADEQUACY")
_RELAPSE = ("NOT_CONFIRMED", "ANTIBODY_GONE_RELAPSE", "EGFR_FALL")
_UNTREATED = ("SPONTANEOUS", "EGFR_FALL", "SECONDARY_CAUSE")

UNTREATED: dict[str, RuleWording] = {
    "MN-00": RuleWording(
        "Looks like secondary MN: seek and treat the cause; specialist advice before immunosuppression.",
        "A secondary cause, or a malignancy within a year of the onset, is on record. Treating the cause comes first; "
        "the sequence for primary MN does not apply.",
        change=("CAUSE_REFUTED",),
    ),
    "MN-01": RuleWording(
        "Low-risk MN[ ({current})]: supportive care, no immunosuppression for now.",
        "[Proteinuria is {current}.|Proteinuria is below 3.5 g/d or falling by more than half.] At this risk "
        "remission without immunosuppression is likely and its harms outweigh its benefit.",
        change=("RISK_UP", "EGFR_FALL_ANEW"),
    ),
    "MN-02": RuleWording(
        "MN not yet observed for six months[ ({current})]: supportive care and watch, no immunosuppression yet.",
        "[Proteinuria is {current}. ]Six months of supportive care have not been observed yet, and spontaneous "
        "remission is still likely enough to wait for.",
        change=("RISK_UP", "EGFR_FALL_ANEW", "LIFE_THREATENING"),
    ),
    "MN-03": RuleWording(
        "Moderate-risk MN[ ({current})]: {next} is an option; watchful waiting remains reasonable.",
        "[Proteinuria is still {current} |Proteinuria is still nephrotic ]after six months of supportive care, "
        "without high-risk features. Watchful waiting with close follow-up is a stated alternative.",
        "RTX",
        "Rituximab leads because it spares glucocorticoid and CNI toxicity; guidance lists it among equals.",
        _UNTREATED,
    ),
    "MN-04": RuleWording(
        "High-risk MN, untreated[ ({current})][, eGFR {egfr}]: consider {next}.",
        "[Proteinuria is {current}|Proteinuria is nephrotic][, albumin {albumin}][, eGFR {egfr}]: the risk of losing "
        "kidney function is high enough to treat without waiting for spontaneous remission.",
        "RTX",
        "Rituximab leads as one of three listed options; cyclophosphamide with glucocorticoid suits a falling eGFR.",
        _UNTREATED,
    ),
    "MN-04b": RuleWording(
        "Very high risk MN[: eGFR down {egfr_fall}|: rapid loss or life-threatening]: consider {next} without delay.",
        "[eGFR has fallen {egfr_fall} within a year|Kidney function is falling fast, or the nephrotic syndrome is "
        "life-threatening]. Waiting is not advised.",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid has the best evidence when the kidney is at immediate risk.",
        ("FALL_EXPLAINED", "SECONDARY_CAUSE"),
    ),
    "MN-05a": RuleWording(
        "Advanced scarring likely ([eGFR {egfr}|eGFR below 30], small kidneys): supportive care, no immunosuppression.",
        "[eGFR is {egfr}|eGFR is below 30] and the kidneys are small: damage is likely irreversible, and "
        "immunosuppression would add risk without benefit. Plan for kidney replacement therapy.",
        change=("KIDNEY_SIZE",),
    ),
    "MN-05b": RuleWording(
        "[eGFR {egfr}|eGFR below 30] with nephrotic MN: specialised centre before any immunosuppression.",
        "[eGFR is {egfr}|eGFR is below 30] with nephrotic proteinuria[ ({current})]. Whether treatment can still help "
        "depends on activity and scarring, which needs expert judgement.",
        change=("KIDNEY_SIZE", "FALL_EXPLAINED"),
    ),
}

RESISTANT: dict[str, RuleWording] = {
    "MN-07": RuleWording(
        "Consider {next}: [proteinuria {change} in {time} from CNI start|no response to the CNI][, {antibody_state}], "
        "eGFR stable.",
        "[Proteinuria {change} in {seen} days from the start of an adequate CNI|An adequate CNI course has not "
        "worked][ and {antibody_state}]. eGFR is stable.",
        "RTX",
        "Rituximab is the preferred next class after a CNI.",
        (*_RESISTANT, "EGFR_FALL"),
    ),
    "MN-08": RuleWording(
        "CNI failed and eGFR is falling[ ({egfr_fall})]: consider {next}; exclude CNI toxicity and AKI.",
        "[Proteinuria {change} in {seen} days from CNI start|The CNI has not worked][, and eGFR fell {egfr_fall}|, and "
        "eGFR is falling], confirmed by a second value and not explained by CNI toxicity.",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid leads because falling eGFR is the very-high-risk situation; sources "
        "disagree here (C-03) and a clinician should confirm this choice.",
        (*_RESISTANT, "FALL_EXPLAINED"),
    ),
    "MN-09": RuleWording(
        "Partial response to one rituximab course[ (anti-PLA2R {antibody_value})]: consider {next} before calling it "
        "failed.",
        "[Proteinuria {change} in {seen} days after one rituximab course|One rituximab course has not been enough], "
        "but the antibody has at least halved[ to {antibody_value}] and eGFR is stable.",
        "RTX",
        "A second rituximab course is reasonable before the class is called failed.",
        (*_RESISTANT, "EGFR_FALL"),
    ),
    "MN-10": RuleWording(
        "Rituximab not tolerated or neutralised by antibodies: consider {next}.",
        "Rituximab cannot do its work in this patient (intolerance, or anti-rituximab antibodies)[; proteinuria is "
        "{current}].",
        "ANTI_CD20_2G",
        "A second-generation anti-CD20 antibody keeps the mechanism and avoids the chimeric protein; evidence is "
        "limited to case series (C-04).",
        (*_RESISTANT, "EGFR_FALL"),
    ),
    "MN-30": RuleWording(
        "Rituximab failed[ (proteinuria {change} in {time})], eGFR stable: consider {next}.",
        "Rituximab depleted B cells but disease persists[: proteinuria {change} in {seen} days to {current}][, "
        "{antibody_state}]. eGFR is stable.",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid can be considered; CNI-based options are listed (C-01).",
        (*_RESISTANT, "EGFR_FALL", "FERTILITY"),
    ),
    "MN-31": RuleWording(
        "Rituximab failed and eGFR is falling[ ({egfr_fall})]: {next} is strongly favoured.",
        "[eGFR has fallen {egfr_fall} since rituximab|eGFR has fallen since rituximab], confirmed by a second value[, "
        "with proteinuria {current}].",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid is strongly favoured.",
        (*_RESISTANT, "FALL_EXPLAINED"),
    ),
    "MN-32": RuleWording(
        "Cyclophosphamide failed[ (proteinuria {change})], eGFR stable: consider {next}.",
        "Cyclophosphamide did not work[: proteinuria {change} in {seen} days to {current}][, {antibody_state}]. eGFR "
        "is stable.",
        "RTX",
        "Rituximab can be considered.",
        (*_RESISTANT, "EGFR_FALL"),
    ),
    "MN-33": RuleWording(
        "Cyclophosphamide failed and eGFR is falling[ ({egfr_fall})]: refer to a specialised glomerular centre.",
        "Cyclophosphamide did not work and eGFR is falling[ ({egfr_fall})]. Further sequencing belongs in a "
        "specialised glomerular centre.",
        change=(*_RESISTANT, "FALL_EXPLAINED"),
    ),
    "MN-34": RuleWording(
        "CNI and cyclophosphamide have failed, eGFR stable: consider {next}.",
        "Two standard classes have failed[; proteinuria is {current}][ and {antibody_state}]. eGFR is stable.",
        "RTX",
        "Rituximab is the standard class not yet used.",
        (*_RESISTANT, "EGFR_FALL"),
    ),
    "MN-35": RuleWording(
        "CNI and cyclophosphamide failed, eGFR falling[ ({egfr_fall})]: refer to a specialised glomerular centre.",
        "Two standard classes have failed and eGFR is falling[ ({egfr_fall})]. Further sequencing belongs in a "
        "specialised glomerular centre.",
        change=(*_RESISTANT, "FALL_EXPLAINED"),
    ),
    "MN-36": RuleWording(
        "Rituximab and CNI have failed[ (proteinuria {current})]: consider {next}.",
        "Rituximab and a CNI have failed[; proteinuria is {current}][ and {antibody_state}].",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid is the standard class not yet used.",
        _RESISTANT,
    ),
    "MN-37": RuleWording(
        "Rituximab and cyclophosphamide have failed: refer to a specialised glomerular centre.",
        "The two strongest standard classes have failed[; proteinuria is {current}]. Further sequencing belongs in a "
        "specialised glomerular centre, where trials and newer agents can be weighed.",
        change=_RESISTANT,
    ),
}

RELAPSE: dict[str, RuleWording] = {
    "MN-21": RuleWording(
        "MN relapse after rituximab[ ({current}, lowest {nadir})| ({current})]: consider {next}.",
        "Remission after anti-CD20 therapy, then relapse[: proteinuria {current}, lowest {nadir}|: proteinuria "
        "{current}][; {antibody_state}].",
        "RTX",
        "What worked before may be repeated: another rituximab course comes first.",
        _RELAPSE,
    ),
    "MN-22": RuleWording(
        "CNI-dependent MN, relapse[ ({current})]: consider {next} to break the dependence.",
        "Disease returns whenever the CNI is withdrawn or reduced[: proteinuria {current}, lowest {nadir}|: "
        "proteinuria {current}].",
        "RTX",
        "Rituximab breaks the dependence and spares years of CNI exposure.",
        _RELAPSE,
    ),
    "MN-23": RuleWording(
        "MN relapse after a CNI[ ({current}, lowest {nadir})| ({current})]: consider {next}.",
        "Remission on a CNI, then relapse more than 90 days after stopping it[: proteinuria {current}, lowest "
        "{nadir}].",
        "RTX",
        "Rituximab leads; going back to the CNI that worked remains an alternative (C-09).",
        _RELAPSE,
    ),
    "MN-24": RuleWording(
        "MN relapse after cyclophosphamide[ ({current}, lowest {nadir})| ({current})]: consider {next}.",
        "Remission after cyclophosphamide, then relapse[: proteinuria {current}, lowest {nadir}|: proteinuria "
        "{current}].",
        "RTX",
        "Rituximab leads because it adds no further alkylating dose.",
        _RELAPSE,
    ),
    "MN-26": RuleWording(
        "MN relapse with falling eGFR[ ({egfr_fall})]: consider {next}.",
        "The disease has relapsed and eGFR has fallen[ {egfr_fall}] since remission, confirmed by a second value.",
        "CYC_GC",
        "Cyclophosphamide with glucocorticoid leads when kidney function is being lost.",
        ("NOT_CONFIRMED", "ANTIBODY_GONE_RELAPSE", "FALL_EXPLAINED"),
    ),
    "MN-27": RuleWording(
        "Proteinuria is back[ ({current})] but anti-PLA2R is negative: biopsy before calling it a relapse.",
        "Proteinuria has returned[ ({current})] while the antibody that drove this disease is gone. Scarring or "
        "another disease is likelier than relapse.",
        change=("ANTIBODY_BACK",),
    ),
    "MN-28": RuleWording(
        "Proteinuria is up[ ({current}, lowest {nadir})| ({current})], but not enough for a relapse: repeat in 4-8 "
        "weeks.",
        "[Proteinuria is {current} against a lowest value of {nadir}|The rise over the lowest value is small]: less "
        "than half as much again. Day-to-day variation can explain it.",
        change=("RELAPSE_MET",),
    ),
}

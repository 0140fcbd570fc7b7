"""The words of the course page that no card has: states, outcomes of lines, and why a patient gets no advice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cds_service.cards.wording_classes import LINE_CLASSES

STATES: Mapping[str, str] = {
    "LN_BORDERLINE_RISE": "proteinuria up, not yet a flare",
    "LN_CHRONIC_DAMAGE": "scarring rather than activity",
    "LN_CLASS_I_II": "class I or II",
    "LN_CLASS_VI": "class VI",
    "LN_CNI_TOXICITY": "kidney function down on the CNI",
    "LN_CR": "complete response",
    "LN_EARLY_WORSENING": "getting worse soon after the start",
    "LN_FLARE": "flare",
    "LN_FLARE_UNCONFIRMED": "flare to be confirmed",
    "LN_INACTIVE": "inactive",
    "LN_INADEQUATE_LINE": "line not adequate to judge",
    "LN_INSUFFICIENT_DATA": "a result is missing",
    "LN_INTOLERANT": "line not tolerated",
    "LN_NO_RESPONSE": "no response to the line",
    "LN_ON_TREATMENT_EARLY": "too early to judge the line",
    "LN_PR": "partial response",
    "LN_REFRACTORY": "refractory",
    "LN_RESPONDING": "responding",
    "LN_TMA": "thrombotic microangiopathy",
    "LN_UNTREATED": "untreated",
    "MN_AB_NEG_DECLINING": "antibody gone, eGFR falling",
    "MN_ADVANCED_CKD": "advanced kidney disease",
    "MN_BORDERLINE_RISE": "proteinuria up, not yet a relapse",
    "MN_CNI_DEPENDENT": "CNI-dependent",
    "MN_CNI_TOXICITY": "kidney function down on the CNI",
    "MN_IMMUNOLOGIC_REMISSION": "immunologic remission",
    "MN_INADEQUATE_LINE": "line not adequate to judge",
    "MN_INSUFFICIENT_DATA": "a result is missing",
    "MN_INTOLERANT": "line not tolerated",
    "MN_ON_TREATMENT_EARLY": "too early to judge the line",
    "MN_RELAPSE": "relapse",
    "MN_RELAPSE_AB_NEG": "proteinuria back without the antibody",
    "MN_RELAPSE_UNCONFIRMED": "relapse to be confirmed",
    "MN_REMISSION_CR": "complete remission",
    "MN_REMISSION_PR": "partial remission",
    "MN_RESISTANT": "resistant",
    "MN_RESPONDING": "responding",
    "MN_RTX_PARTIAL_IMMUNOLOGIC": "antibody falling after rituximab",
    "MN_SECONDARY": "probably secondary",
    "MN_SUBNEPHROTIC": "below nephrotic range",
    "MN_SUSPECT_SECONDARY_FSGS": "scarring suspected",
    "MN_UNTREATED_HIGH": "untreated, high risk",
    "MN_UNTREATED_LOW": "untreated, low risk",
    "MN_UNTREATED_MODERATE": "untreated, moderate risk",
    "MN_UNTREATED_VERY_HIGH": "untreated, very high risk",
    "OUT_OF_SCOPE": "outside what is covered",
}

# Beside the words of the card, which say what is thought of a line: what a bar is coloured by.
OUTCOME_TONES: Mapping[str, str] = {
    "FAILED": "failed",
    "RESPONDED": "responded",
    "INTOLERANT": "intolerant",
    "INADEQUATE": "inadequate",
    "UNKNOWN": "inadequate",
    "NOT_STANDARD": "inadequate",
}

QUIET: Mapping[str, str] = {
    "patient_deceased": "The record says that the patient has died: no advice is given.",
    "patient_record_merged": "This record was merged into another one: no advice is given here. Open the other record.",
    "user_not_health_professional": "Advice is for health professionals only.",
}

SEVERITIES: Mapping[str, str] = {"info": "for information", "warning": "needs attention", "critical": "act now"}

# Codes in what a row saw, as a clinician says them.
_CODES: Mapping[str, str] = {
    **LINE_CLASSES,
    "POS": "present",
    "NEG": "gone",
    "LOW": "low",
    "NA": "not applicable",
    "UNKNOWN": "not known",
    "STABLE": "stable",
    "DECLINING": "falling",
    "UNCONFIRMED": "lower once, not confirmed",
}
_CODE = re.compile(rf"\b(?:{'|'.join(sorted(_CODES, key=len, reverse=True))})\b")


def state_in_words(state: str) -> str:
    """The state of the disease, without its name."""
    return STATES.get(state) or state.partition("_")[2].replace("_", " ").lower()


def seen_in_words(saw: str) -> str:
    """What a row of the guideline saw, with its codes in words."""
    return _CODE.sub(lambda code: _CODES[code[0]], saw)

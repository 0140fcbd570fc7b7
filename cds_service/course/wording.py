"""The words of the course page that no card has: tones of lines and states, and why a patient gets no advice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cds_service.cards.wording_classes import LINE_CLASSES
from cds_service.cards.wording_measures import UNITS
from cds_service.cards.wording_states import STATES

# Beside the words of the card, which say what is thought of a line: what a bar is coloured by.
OUTCOME_TONES: Mapping[str, str] = {
    "FAILED": "failed",
    "RESPONDED": "responded",
    "INTOLERANT": "intolerant",
    "INADEQUATE": "inadequate",
    "UNKNOWN": "inadequate",
    "NOT_STANDARD": "inadequate",
}

# What the disease does, whatever has to be done about it: a remission is one on the day of a warning, too.
STATE_TONES: Mapping[str, str] = {
    **dict.fromkeys(("MN_RESISTANT", "MN_RELAPSE", "MN_RELAPSE_AB_NEG"), "bad"),
    **dict.fromkeys(("LN_NO_RESPONSE", "LN_REFRACTORY", "LN_FLARE"), "bad"),
    **dict.fromkeys(("MN_REMISSION_CR", "MN_REMISSION_PR", "MN_IMMUNOLOGIC_REMISSION", "MN_RESPONDING"), "good"),
    **dict.fromkeys(("LN_CR", "LN_PR", "LN_RESPONDING", "LN_INACTIVE"), "good"),
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

_UNIT = re.compile(rf"(?<=\d )(?:{'|'.join(map(re.escape, sorted(UNITS, key=len, reverse=True)))})(?![\w/*])")


def state_in_words(state: str) -> str:
    """The state of the disease, without its name."""
    return STATES.get(state) or state.partition("_")[2].replace("_", " ").lower()


def seen_in_words(saw: str) -> str:
    """What a row of the guideline saw, with its codes in words and its units as the card writes them."""
    return _UNIT.sub(lambda unit: UNITS[unit[0]], _CODE.sub(lambda code: _CODES[code[0]], saw))

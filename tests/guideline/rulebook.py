"""The rules as clinical-spec sections 5 to 8 name them, copied by hand: states, actions, urgency.

Nothing here is read from the engine, so that a rule it loses is missed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What a rule may say. `states` empty: the state is an open question and is not checked."""

    states: frozenset[str]
    actions: frozenset[str]


def _rule(states: str, actions: str) -> Rule:
    return Rule(frozenset(states.split()), frozenset(actions.split()))


_ASK_MN = _rule("MN_INSUFFICIENT_DATA", "DATA_REQUEST")
_ASK_LN = _rule("LN_INSUFFICIENT_DATA", "DATA_REQUEST")
_STATE_OPEN = _rule("", "DATA_REQUEST")
_RESISTANT = _rule("MN_RESISTANT", "START_CLASS REFER_EXPERT")
_RELAPSE = _rule("MN_RELAPSE", "START_CLASS REFER_EXPERT")
_INADEQUATE_MN = _rule("MN_INADEQUATE_LINE", "OPTIMIZE")
_INADEQUATE_LN = _rule("LN_INADEQUATE_LINE", "OPTIMIZE")
_UNTREATED_LN = _rule("LN_UNTREATED", "START_CLASS")
_NO_RESPONSE = _rule("LN_NO_RESPONSE", "START_CLASS")
_REFRACTORY = _rule("LN_REFRACTORY", "START_CLASS")
_FLARE = _rule("LN_FLARE", "START_CLASS")
_REMISSION = "MN_REMISSION_CR MN_REMISSION_PR"
_OUT = _rule("OUT_OF_SCOPE", "NO_CARD")

RULEBOOK: Mapping[str, Rule] = {
    "SC-01": _OUT, "SC-02": _OUT, "SC-03": _OUT,
    "MN-D0": _ASK_MN, "MN-D1": _ASK_MN, "MN-D2": _ASK_MN, "MN-D3": _ASK_MN, "MN-D4": _ASK_MN,
    "MN-D5": _STATE_OPEN, "MN-D6": _STATE_OPEN, "MN-D7": _STATE_OPEN,
    "MN-D8": _ASK_MN, "MN-D9": _ASK_MN, "MN-D10": _rule("MN_RELAPSE_UNCONFIRMED", "DATA_REQUEST"), "MN-D11": _ASK_MN,
    "MN-00": _rule("MN_SECONDARY", "REFER_EXPERT"),
    "MN-01": _rule("MN_UNTREATED_LOW", "SUPPORTIVE"),
    "MN-02": _rule("MN_UNTREATED_MODERATE", "WAIT_MONITOR"),
    "MN-03": _rule("MN_UNTREATED_MODERATE", "START_CLASS REFER_EXPERT"),
    "MN-04": _rule("MN_UNTREATED_HIGH", "START_CLASS REFER_EXPERT"),
    "MN-04b": _rule("MN_UNTREATED_VERY_HIGH", "START_CLASS REFER_EXPERT"),
    "MN-05a": _rule("MN_ADVANCED_CKD", "SUPPORTIVE"), "MN-05b": _rule("MN_ADVANCED_CKD", "REFER_EXPERT"),
    "MN-06": _rule("MN_ON_TREATMENT_EARLY", "CONTINUE"),
    "MN-07": _RESISTANT, "MN-08": _RESISTANT,
    "MN-09": _rule("MN_RTX_PARTIAL_IMMUNOLOGIC", "START_CLASS REFER_EXPERT"),
    "MN-10": _rule("MN_INTOLERANT MN_RESISTANT", "START_CLASS REFER_EXPERT"),
    "MN-11": _rule("MN_REMISSION_PR MN_RESPONDING", "CONTINUE"),
    "MN-12": _rule(_REMISSION, "TAPER_CNI"), "MN-13": _rule(_REMISSION, "CONTINUE"),
    "MN-14": _rule(_REMISSION, "TAPER_OFF_CNI"),
    "MN-15a": _rule("MN_CNI_TOXICITY", "REDUCE_CNI"),
    "MN-15b": _rule("MN_CNI_TOXICITY", "START_CLASS REFER_EXPERT"),
    "MN-16": _rule("MN_SUSPECT_SECONDARY_FSGS", "REBIOPSY"),
    "MN-17": _rule("MN_IMMUNOLOGIC_REMISSION", "WAIT_MONITOR"),
    "MN-17b": _rule("MN_AB_NEG_DECLINING", "REBIOPSY"),
    "MN-17c": _rule("MN_SUSPECT_SECONDARY_FSGS", "REBIOPSY"),
    "MN-18": _rule("MN_SUBNEPHROTIC MN_INTOLERANT", "WAIT_MONITOR"),
    "MN-19": _rule("MN_INTOLERANT", "START_CLASS REFER_EXPERT"),
    "MN-20": _rule(_REMISSION, "WAIT_MONITOR"),
    "MN-21": _RELAPSE, "MN-22": _rule("MN_CNI_DEPENDENT", "START_CLASS REFER_EXPERT"),
    "MN-23": _RELAPSE, "MN-24": _RELAPSE, "MN-26": _RELAPSE,
    "MN-27": _rule("MN_RELAPSE_AB_NEG", "REBIOPSY"),
    "MN-28": _rule("MN_BORDERLINE_RISE", "WAIT_MONITOR"),
    "MN-30": _RESISTANT, "MN-31": _RESISTANT, "MN-32": _RESISTANT,
    "MN-33": _rule("MN_RESISTANT", "REFER_EXPERT"), "MN-34": _RESISTANT,
    "MN-35": _rule("MN_RESISTANT", "REFER_EXPERT"), "MN-36": _RESISTANT,
    "MN-37": _rule("MN_RESISTANT", "REFER_EXPERT"),
    "MN-A1": _INADEQUATE_MN, "MN-A2": _INADEQUATE_MN, "MN-A3": _INADEQUATE_MN,
    "MN-A4": _INADEQUATE_MN, "MN-A5": _INADEQUATE_MN,
    "LN-D0": _ASK_LN, "LN-D1": _ASK_LN, "LN-D2": _ASK_LN, "LN-D3": _ASK_LN, "LN-D4": _STATE_OPEN,
    "LN-D5": _rule("LN_FLARE_UNCONFIRMED", "DATA_REQUEST"), "LN-D6": _ASK_LN, "LN-D8": _ASK_LN,
    "LN-01": _rule("LN_CLASS_I_II", "SUPPORTIVE"), "LN-02": _rule("LN_CLASS_VI", "SUPPORTIVE"),
    "LN-03": _rule("LN_TMA", "REFER_EXPERT"),
    "LN-04a": _UNTREATED_LN, "LN-04b": _UNTREATED_LN, "LN-04c": _UNTREATED_LN,
    "LN-04d": _rule("LN_UNTREATED", "SUPPORTIVE"), "LN-04v": _UNTREATED_LN,
    "LN-05": _rule("LN_UNTREATED LN_FLARE LN_INTOLERANT LN_NO_RESPONSE", "START_CLASS"),
    "LN-10": _rule("LN_ON_TREATMENT_EARLY", "CONTINUE"), "LN-11": _rule("LN_EARLY_WORSENING", "REFER_EXPERT"),
    "LN-13": _rule("LN_RESPONDING", "CONTINUE"),
    "LN-14": _INADEQUATE_LN, "LN-15": _INADEQUATE_LN,
    "LN-16": _rule("LN_CHRONIC_DAMAGE", "SUPPORTIVE"), "LN-17": _rule("LN_CNI_TOXICITY", "REDUCE_CNI"),
    "LN-19": _rule("LN_INTOLERANT", "START_CLASS"),
    "LN-20a": _NO_RESPONSE, "LN-20b": _NO_RESPONSE, "LN-20c": _NO_RESPONSE,
    "LN-21a": _NO_RESPONSE, "LN-21b": _NO_RESPONSE, "LN-21c": _NO_RESPONSE,
    "LN-24": _REFRACTORY, "LN-25": _REFRACTORY, "LN-26": _REFRACTORY,
    "LN-27": _rule("LN_REFRACTORY LN_NO_RESPONSE LN_FLARE LN_INTOLERANT LN_UNTREATED", "REFER_EXPERT"),
    "LN-30": _NO_RESPONSE, "LN-31": _REFRACTORY,
    "LN-40": _FLARE, "LN-41": _FLARE, "LN-42": _rule("LN_FLARE", "OPTIMIZE"), "LN-43": _FLARE, "LN-44": _FLARE,
    "LN-45": _rule("LN_BORDERLINE_RISE", "WAIT_MONITOR"),
    "LN-50": _rule("LN_CR LN_PR LN_INACTIVE", "CONTINUE WAIT_MONITOR"), "LN-51": _rule("LN_PR", "CONTINUE"),
    "SAFE-01": _rule("", "DEFER"), "SAFE-02": _rule("", "DEFER"),
}  # fmt: skip

CRITICAL_RULES = {
    "MN-00", "MN-04b", "MN-08", "MN-17b", "MN-26", "MN-31", "MN-33", "MN-35", "LN-03", "LN-04a", "LN-05", "LN-11",
    "LN-20a", "LN-21a", "LN-25", "LN-43", "SAFE-01", "SAFE-02",
}  # fmt: skip
WARNING_RULES = {"MN-D7", "LN-D6", "MN-05a", "MN-17c", "MN-27"}
QUIET_ACTIONS = {"WAIT_MONITOR", "CONTINUE", "TAPER_CNI", "TAPER_OFF_CNI", "DATA_REQUEST", "SUPPORTIVE"}
NOTE_LEVELS: Mapping[str, str] = {
    "HBV_POSITIVE_PROPHYLAXIS_FIRST": "critical",
    "HBV_CORE_PROPHYLAXIS": "critical",
    "HBV_SCREEN_REQUIRED": "critical",
    "LOW_IGG_HOLD": "critical",
    "LOW_IGG_CAUTION": "warning",
    "LEUKOPENIA_CYC_HOLD": "critical",
    "PREGNANCY_TERATOGEN_ACTIVE": "critical",
    "PREGNANCY_TEST_REQUIRED": "warning",
    "FERTILITY_CYC_CAP_10G": "warning",
    "CYC_CUM_25G": "warning",
    "CNI_EGFR_CAUTION": "warning",
    "CNI_NEPHROTOXICITY": "critical",
    "VTE_RISK": "warning",
    "HCQ_MISSING": "warning",
    "INFECTION_ACTIVE": "critical",
    "MALIGNANCY_ACTIVE": "critical",
}


def severity_by_the_book(rule: str, action: str, notes: Collection[str]) -> str:
    """Section 7.4, in its own order. A NO_CARD has no indicator; the engine calls it info."""
    if rule in CRITICAL_RULES or any(NOTE_LEVELS.get(note) == "critical" for note in notes):
        return "critical"
    if rule in WARNING_RULES:
        return "warning"
    return "info" if action in QUIET_ACTIONS | {"NO_CARD"} or rule == "MN-16" else "warning"

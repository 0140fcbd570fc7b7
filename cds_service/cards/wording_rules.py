"""What a card says for each rule: one table entry per row of the clinical specification.

Sentences are templates. `{name}` is a figure; `[first|second]` shows `first` when all its figures are known and
`second` (or nothing) when not, so that no sentence breaks on a missing figure (see `filling`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleWording:
    """The sentences of one rule.

    `summary` leads the card (139 characters at most once filled). `why` gives the reasoning. `leads` is the class the
    rule puts first and `reason` says why that class: it is shown only when this class really leads, because safety
    may have removed it. `change` names entries of WOULD_CHANGE.
    """

    summary: str
    why: str
    leads: str = ""
    reason: str = ""
    change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionWording:
    """What to do, as a heading over the reasons, and what is expected of the reader."""

    heading: str
    todo: str


ACTIONS: dict[str, ActionWording] = {
    "START_CLASS": ActionWording(
        "Consider {next}", "This is an option to weigh. Agent, dose and timing are the prescriber's."
    ),
    "REFER_EXPERT": ActionWording(
        "Refer to a specialised glomerular centre", "Share biopsy, treatment history and the values below."
    ),
    "CONTINUE": ActionWording("Continue the present treatment", "No change of class is suggested."),
    "WAIT_MONITOR": ActionWording("Watch, do not escalate", "No new immunosuppression is suggested."),
    "TAPER_CNI": ActionWording("Step the CNI down slowly", "Troughs and creatinine with each step."),
    "TAPER_OFF_CNI": ActionWording("Stopping the CNI can be discussed", "Step down, never stop abruptly."),
    "REDUCE_CNI": ActionWording(
        "Reduce or hold the CNI", "Repeat creatinine and trough within two weeks, then judge again."
    ),
    "OPTIMIZE": ActionWording("Put the present line right first", "Judge the line again once this is corrected."),
    "REBIOPSY": ActionWording("Consider a repeat kidney biopsy", "Hold further immunosuppression until it is read."),
    "SUPPORTIVE": ActionWording(
        "Supportive care", "Blood pressure, RAS and SGLT2 inhibition, salt, lipids, clot risk."
    ),
    "DEFER": ActionWording("Hold new immunosuppression", "Judge again when the reason for holding is over."),
    "DATA_REQUEST": ActionWording("A result is needed first", "No class is suggested until it is known."),
}

NOTHING_LEFT_SUMMARY = (
    "No class on the list can be offered[ ({reasons})|: all have failed]. Refer to a specialised glomerular centre."
)
NOTHING_LEFT_WHY = "Every class this rule would list has failed or is ruled out by safety; the reasons are given below."
NEXT_IN_LINE = "{leading} would come first here but is ruled out ({reason}). {next} is the first option left."
NEXT_IN_LINE_UNEXPLAINED = "{leading} usually comes first here, but has been used or does not fit; {next} leads."
NEXT_FOR_FERTILITY = "With a wish for children {next} comes before cyclophosphamide (C-01)."
UNKNOWN_RULE_SUMMARY = "{heading}: see the values and reasons below."

SCOPE_AND_SAFETY: dict[str, RuleWording] = {
    "SC-01": RuleWording(
        "Age not known exactly: this service covers adults only, so it gives no advice yet.",
        "The birth date is missing, or does not tell whether the patient is 18. Record it, and advice follows.",
    ),
    "SC-02": RuleWording(
        "Outside scope: dialysis or kidney transplant on record.",
        "Dialysis or a kidney transplant is on record; native-kidney treatment rules do not apply.",
    ),
    "SC-03": RuleWording(
        "Outside scope: neither membranous nor lupus nephritis is active.",
        "Neither membranous nephropathy nor lupus nephritis is on the active problem list.",
    ),
    "SAFE-01": RuleWording(
        "Hold: active serious infection. No new immunosuppression until it is under control.",
        "A serious infection is active. Starting another immunosuppressant now carries more risk than the delay. The "
        "kidney question stays open and is answered again once the infection is under control.",
        change=("INFECTION_OVER",),
    ),
    "SAFE-02": RuleWording(
        "Hold: active malignancy. Agree on treatment with oncology before new immunosuppression.",
        "An active malignancy is on record. New immunosuppression for lupus nephritis needs a joint decision with "
        "oncology; the kidney question stays open meanwhile.",
        change=("MALIGNANCY_OVER",),
    ),
}

"""The treatment lines of an Assessment: what became of each, the last one as the answer judges it."""

from __future__ import annotations

from dataclasses import replace

from cds_service.case import measures
from cds_service.case.drug_classes import STANDARD_IN_MEMBRANOUS
from cds_service.case.lines import Line
from cds_service.guideline.assessment import LineSummary
from cds_service.guideline.lupus.picture import LupusPicture
from cds_service.guideline.membranous.picture import MembranousPicture
from cds_service.guideline.rows import Answer

VERDICT_OF_STATE = {
    "MN_RESISTANT": "FAILED",
    "LN_NO_RESPONSE": "FAILED",
    "LN_REFRACTORY": "FAILED",
    "MN_INADEQUATE_LINE": "INADEQUATE",
    "LN_INADEQUATE_LINE": "INADEQUATE",
    "MN_INTOLERANT": "INTOLERANT",
    "LN_INTOLERANT": "INTOLERANT",
    "MN_REMISSION_CR": "RESPONDED",
    "MN_REMISSION_PR": "RESPONDED",
    "MN_RELAPSE": "RESPONDED",
    "MN_CNI_DEPENDENT": "RESPONDED",
    "MN_BORDERLINE_RISE": "RESPONDED",
    "MN_RELAPSE_UNCONFIRMED": "RESPONDED",
    "MN_RELAPSE_AB_NEG": "RESPONDED",
    "LN_CR": "RESPONDED",
    "LN_PR": "RESPONDED",
    "LN_FLARE": "RESPONDED",
    "LN_FLARE_UNCONFIRMED": "RESPONDED",
    "LN_BORDERLINE_RISE": "RESPONDED",
}
CAME_BACK = frozenset(
    {"MN_RELAPSE", "MN_CNI_DEPENDENT", "MN_BORDERLINE_RISE", "MN_RELAPSE_UNCONFIRMED", "MN_RELAPSE_AB_NEG"}
    | {"LN_FLARE", "LN_FLARE_UNCONFIRMED", "LN_BORDERLINE_RISE"}
)
"""States of a line that worked, and after which proteinuria rose again."""


def lines_so_far(p: MembranousPicture | LupusPicture, answer: Answer) -> tuple[LineSummary, ...]:
    """Past lines with what became of them, the last one as the answer judges it."""
    summaries = []
    for index, line in enumerate(p.whole_lines):
        if index == p.last_position:
            verdict, why, fall = _verdict_now(answer, line), "", _fall_now(p, answer)
        else:
            outcome = p.past_outcomes[index]
            verdict, why, fall = outcome.verdict, outcome.why, outcome.reduction
        if p.disease == "MN" and not line.classes & STANDARD_IN_MEMBRANOUS:
            verdict = "NOT_STANDARD"
        classes = tuple(sorted(line.classes))
        summaries.append(LineSummary(classes, line.start, line.end, verdict, line.sources, line.agents, fall, why))
    if not p.exactly_dated:
        summaries = list(map(_with_doubtful_days, summaries, p.whole_lines))
    return tuple(summaries)


def _with_doubtful_days(summary: LineSummary, line: Line) -> LineSummary:
    """A fall since a day that nobody wrote is not shown."""
    told = replace(summary, start_stated=line.start_stated, end_stated=line.end_stated)
    return told if told.start_stated else replace(told, reduction=None)


def _verdict_now(answer: Answer, line: Line) -> str:
    """What the answer says of the last line; CURRENT or LAST while it says nothing final."""
    verdict = VERDICT_OF_STATE.get(answer.state)
    if verdict is None or (answer.action == "DATA_REQUEST" and verdict in {"FAILED", "INADEQUATE"}):
        return "CURRENT" if line.open else "LAST"
    return verdict


def _fall_now(p: MembranousPicture | LupusPicture, answer: Answer) -> float | None:
    """The fall by which the last line is judged: to the lowest value where the disease came back, else to now.

    None where the lowest value is not known: what is left of a fall after a relapse says nothing about the line.
    """
    if answer.state not in CAME_BACK:
        return p.reduction
    if isinstance(p, LupusPicture) or p.nadir is None or p.baseline is None:
        return None
    return measures.reduction(p.nadir.value, p.baseline.value)

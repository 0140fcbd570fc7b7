"""The treatment lines so far, as a table of the card."""

from __future__ import annotations

from cds_service.cards.escape import chart_text
from cds_service.cards.figures import joined, moved
from cds_service.cards.numbers import Dates
from cds_service.cards.wording_classes import LINE_CLASSES, OUTCOMES
from cds_service.guideline.assessment import LineSummary

MOST_LINES = 10
_HEAD = "**Treatment so far**\n\n| Treatment | Dates | Judged |\n|---|---|---|"


def lines_table(lines: tuple[LineSummary, ...], dates: Dates) -> str:
    """Class and agents, dates, and how the line is judged."""
    return _HEAD + "".join([_line_row(line, dates) for line in lines[-MOST_LINES:]]) if lines else ""


def _line_row(line: LineSummary, dates: Dates) -> str:
    classes = joined([LINE_CLASSES.get(code) or chart_text(code, 20) for code in line.classes])
    treatment = classes[:1].upper() + classes[1:]
    agents = [chart_text(agent.replace("_", " "), 30) for agent in line.agents]
    if named := ", ".join([agent for agent in agents if agent not in classes]):
        treatment = f"{treatment} ({named})"
    return f"\n| {treatment} | {_dates(line, dates)} | {_judged(line)} |"


def _dates(line: LineSummary, dates: Dates) -> str:
    """From when to when; a day that nobody wrote is not shown as one."""
    start = dates[line.start] if line.start_stated else f"by {dates[line.start]} (day not recorded)"
    if line.end is None:
        return f"{start} to ongoing"
    return f"{start} to {dates[line.end]}" if line.end_stated else f"{start}, ended (day not recorded)"


def _judged(line: LineSummary) -> str:
    outcome, reduction = line.outcome, line.reduction
    words = OUTCOMES.get(outcome) or chart_text(outcome.replace("_", " ").lower(), 30)
    if reduction is not None:
        fall = f"proteinuria {moved(reduction, line.reduction_sign, 'down', 'up')}"
        words = f"{words}; {fall}" if words else fall
    if line.why:
        why = chart_text(line.why, 90)
        words = f"{words}; {why}" if words and why else words or why
    return words

"""A patient's history walked through month by month: when was each state first shown, and what was done then.

Every step is the same evaluation as of another day: what is dated later is not yet known. What a record says about the
past with today's words (a problem that is resolved now) is seen as it stands now; docs/population.md says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from cds_service.case.model import Case
from cds_service.guideline.assessment import Assessment
from cds_service.population.rows import Row

RESISTANT = frozenset({"MN_RESISTANT", "LN_NO_RESPONSE", "LN_REFRACTORY"})
FOLLOWED_WITHIN = 180
_MOST_MONTHS = 240
# Which classes of a line carry out a suggestion; one of each group must be there.
_CARRIED_OUT: Mapping[str, tuple[frozenset[str], ...]] = {
    "CYC_GC": (frozenset({"CYC"}),),
    "RTX_CNI": (frozenset({"RTX"}), frozenset({"CNI"})),
    "ANTI_CD20_2G": (frozenset({"OBI", "OFA"}),),
    "ANTI_CD20_COMBO": (frozenset({"RTX", "OBI", "OFA"}),),
    "CNI_COMBO": (frozenset({"CNI"}),),
    "BEL_COMBO": (frozenset({"BEL"}),),
    "AZA_CNI": (frozenset({"AZA"}), frozenset({"CNI"})),
    "MPAA_GC": (frozenset({"MPAA"}),),
}
SAME, ALTERNATIVE, OTHER, NOTHING = (
    "the suggested class",
    "a listed alternative",
    "another class",
    f"no new line within {FOLLOWED_WITHIN} days",
)


class Step(NamedTuple):
    """What was shown on one day."""

    day: date
    shown: Assessment


class Followed(NamedTuple):
    """A suggestion, the day, how it was followed and after how many days, and whether the patient was resistant."""

    suggested: str
    day: date
    how: str
    days: int | None
    resistant: bool


def months(first: date, last: date) -> list[date]:
    """The last day of every month from `first` on that is before `last`, and `last`; at most twenty years."""
    days = [last]
    month_end = last.replace(day=1) - timedelta(days=1)
    while month_end >= first and len(days) < _MOST_MONTHS:
        days.append(month_end)
        month_end = month_end.replace(day=1) - timedelta(days=1)
    return days[::-1]


def first_told(case: Case) -> date | None:
    """The first day of anything that the chart tells of the disease: a problem, a value, a drug."""
    days = [series[0].day for series in case.quantities.values() if series]
    days += [answers[0].day for answers in case.findings.values() if answers]
    days += [exposure.start for exposure in case.exposures]
    onsets = [condition.onset.first for condition in case.conditions if condition.onset is not None]
    days += onsets or [condition.recorded for condition in case.conditions if condition.recorded is not None]
    return date.fromordinal(min(days)) if days else None


def walk(days: Sequence[date], look: Callable[[date], Assessment | None]) -> Iterator[Step]:
    """What was shown on each of these days; days on which nothing was shown are left out."""
    for day in days:
        shown = look(day)
        if shown is not None and shown.disease is not None and shown.action != "NO_CARD":
            yield Step(day, shown)


def episodes(patient: str, steps: Sequence[Step]) -> Iterator[Row]:
    """The steps with one and the same state, rule and class, one row for each such time."""
    for _, group in groupby(steps, key=_said):
        same = list(group)
        shown = same[0].shown
        yield {
            "patient": patient,
            "disease": shown.disease,
            "state": shown.state,
            "action": shown.action,
            "class": shown.next_class if shown.action == "START_CLASS" else "",
            "rule": shown.rule,
            "severity": shown.severity,
            "firstShown": same[0].day.isoformat(),
            "lastShown": same[-1].day.isoformat(),
            "months": len(same),
        }


def suggestions_followed(steps: Sequence[Step], lines: Sequence[Mapping[str, Any]], last: date) -> Iterator[Followed]:
    """Each suggestion when it was first shown, with the line that began next.

    One that was shown too late to see what followed is left out.
    """
    told = ""
    for step in steps:
        suggested = step.shown.next_class if step.shown.action == "START_CLASS" else ""
        if suggested and suggested != told:
            yield from _followed(step, suggested, lines, last)
        told = suggested


def _followed(step: Step, suggested: str, lines: Sequence[Mapping[str, Any]], last: date) -> Iterator[Followed]:
    later = [line for line in lines if date.fromisoformat(line["start"]) > step.day]
    resistant = step.shown.state in RESISTANT
    if not later:
        if (last - step.day).days >= FOLLOWED_WITHIN:
            yield Followed(suggested, step.day, NOTHING, None, resistant)
        return
    after = (date.fromisoformat(later[0]["start"]) - step.day).days
    classes = frozenset(later[0]["classes"])
    how = NOTHING
    if after <= FOLLOWED_WITHIN:
        alternative = any(_is_carried_out(other, classes) for other in step.shown.alternatives)
        how = SAME if _is_carried_out(suggested, classes) else ALTERNATIVE if alternative else OTHER
    yield Followed(suggested, step.day, how, after, resistant)


def _is_carried_out(suggested: str, classes: frozenset[str]) -> bool:
    asked = _CARRIED_OUT.get(suggested, (frozenset({suggested}),))
    return all(group & classes for group in asked)


def _said(step: Step) -> tuple[str, ...]:
    shown = step.shown
    return shown.state, shown.action, shown.rule, shown.next_class

"""Treatment lines as bars on the time axis: classes, agents, doses, when they were given, how the line is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cds_service.cards.escape import plain_text
from cds_service.cards.figures import joined, moved
from cds_service.cards.numbers import Dates, shown
from cds_service.cards.wording_classes import LINE_CLASSES, OUTCOMES
from cds_service.case.drug_classes import CLASS_OF
from cds_service.case.model import Case, Day, Dose, Exposure
from cds_service.course.time_axis import SLIVER, TimeAxis, percent
from cds_service.course.wording import OUTCOME_TONES
from cds_service.guideline.assessment import Assessment, LineSummary

_MOST_DOSES = 3
_GRAM = 1000


class Bar(NamedTuple):
    """One line. `given` are the days of single infusions; `open` is a line that goes on, `sure` one with known days."""

    name: str
    dose: str
    dates: str
    judged: str
    detail: str
    tone: str
    x: str
    width: str
    end: str
    given: tuple[str, ...]
    open: bool
    sure: bool
    sources: str

    @property
    def full(self) -> str:
        """Everything in one sentence, for a screen reader."""
        dose = f", {self.dose}" if self.dose else ""
        detail = f"; {self.detail}" if self.detail else ""
        return f"{self.name}{dose}, {self.dates}: {self.judged}{detail}; {self.sources}"


def bars_of(case: Case, assessment: Assessment, axis: TimeAxis, dates: Dates) -> tuple[Bar, ...]:
    """A bar for each line of the assessment, in its order."""
    records = {exposure.source: exposure for exposure in case.given}
    return tuple(_bar(line, records, axis, dates) for line in assessment.lines)


def _bar(line: LineSummary, records: Mapping[str, Exposure], axis: TimeAxis, dates: Dates) -> Bar:
    exposures = [records[source] for source in line.sources if source in records]
    begin, end = axis.share(line.start), axis.share(axis.last if line.end is None else line.end)
    given = sorted({e.start for e in exposures if e.kind == "administration"})
    return Bar(
        name=_name(line),
        dose=joined(_doses(exposures)) if exposures else "",
        dates=_dates(line, dates),
        judged=_judged(line),
        detail=_detail(line),
        tone=OUTCOME_TONES.get(line.outcome, "present"),
        x=percent(begin),
        width=percent(max(end - begin, SLIVER)),
        end=percent(max(end, begin + SLIVER)),
        given=tuple(axis.at(day) for day in given),
        open=line.end is None,
        sure=line.start_stated and line.end_stated,
        sources=", ".join(plain_text(source, 120) for source in line.sources),
    )


def _name(line: LineSummary) -> str:
    """Each class with its agents; an agent that bears the name of its class stands for both."""
    words = []
    for code in line.classes:
        known = LINE_CLASSES.get(code) or plain_text(code, 20)
        agents = [plain_text(agent.replace("_", " "), 30) for agent in line.agents if CLASS_OF.get(agent) == code]
        named = all(known in agent for agent in agents)
        words.append((joined(agents) or known) if named else f"{known} ({joined(agents)})")
    name = joined(words)
    return f"{name[:1].upper()}{name[1:]}"


def _dates(line: LineSummary, dates: Dates) -> str:
    """From when to when; a day that nobody wrote is not shown as one."""
    start = dates[line.start] if line.start_stated else f"by {dates[line.start]} (day not recorded)"
    if line.start == line.end and line.start_stated and line.end_stated:
        return start
    if line.end is None:
        return f"{start}, ongoing"
    return f"{start} to {dates[line.end]}" if line.end_stated else f"{start}, ended (day not recorded)"


def _judged(line: LineSummary) -> str:
    return OUTCOMES.get(line.outcome) or plain_text(line.outcome.replace("_", " ").lower(), 30)


def _detail(line: LineSummary) -> str:
    """What proteinuria did."""
    way = "" if line.reduction is None else moved(line.reduction, line.reduction_sign, "down", "up")
    fall = f"proteinuria {way}" if way else ""
    return "; ".join(part for part in (fall, plain_text(line.why, 90)) if part)


def _doses(exposures: Sequence[Exposure]) -> Iterator[str]:
    """Each dose of each agent; infusions of one size with their number."""
    by_agent: dict[str, list[Exposure]] = {}
    for exposure in sorted(exposures, key=lambda exposure: exposure.start):
        by_agent.setdefault(exposure.agent, []).append(exposure)
    for agent, records in by_agent.items():
        said = list(dict.fromkeys(_said(records)))
        told = ", ".join(said[:_MOST_DOSES]) + (", …" if len(said) > _MOST_DOSES else "")
        if told:
            yield f"{plain_text(agent.replace('_', ' '), 30)} {told}" if len(by_agent) > 1 else told


def _said(records: Sequence[Exposure]) -> Iterator[str]:
    """The doses of one agent. Only what was given is counted: a course that was ordered or told is no dose more."""
    given = Counter(record.dose for record in records if record.kind == "administration" and record.dose is not None)
    for record in records:
        dose = record.dose
        if dose is None:
            continue
        if dose.per == "day":
            yield f"{_amount(dose)}/d"
        elif dose in given:
            yield f"{given[dose]}\u00a0×\u00a0{_amount(dose)}"
        elif not given:
            yield f"{_amount(dose)}\u00a0per\u00a0dose" if dose.per else _amount(dose)


def _amount(dose: Dose) -> str:
    # Blanks that do not break: a dose is read in one piece.
    grams = dose.milligrams >= _GRAM
    amount = f"{shown(dose.milligrams / _GRAM)}\u00a0g" if grams else f"{shown(dose.milligrams)}\u00a0mg"
    return f"{amount}/m²" if dose.per == "administration-m2" else amount


def line_days(assessment: Assessment) -> Iterator[Day]:
    """The days on which lines begin or end."""
    for line in assessment.lines:
        yield line.start
        if line.end is not None:
            yield line.end

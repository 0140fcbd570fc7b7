"""Short ways to write the records of a chart down.

Days are written relative to the day of looking (0 = today, -30 = thirty days ago): lines, segments and doses
only ever compare days, so a story reads the same here as in the clinical specification.
"""

from __future__ import annotations

from datetime import date

from cds_service.case.model import Dose, DosePer, Exposure, Finding, Quantity, RecordKind

TODAY = 0
ON = date(2026, 11, 22)
ON_DAY = ON.toordinal()


def course(
    agent: str,
    start: int,
    end: int | None,
    *,
    kind: RecordKind = "statement",
    milligrams: float | None = None,
    per: DosePer = "day",
    route: str = "",
    reason: str = "",
    coded: bool = True,
    source: str = "",
) -> Exposure:
    """A record over a period; `end` None is ongoing."""
    return Exposure(
        agent=agent,
        kind=kind,
        start=start,
        end=end,
        source=source or f"{kind}/{agent}-{start}",
        dose=None if milligrams is None else Dose(milligrams, per),
        route=route,
        reason=reason,
        coded=coded,
    )


def given(
    agent: str,
    day: int,
    milligrams: float | None = None,
    *,
    per: DosePer = "administration",
    route: str = "",
    reason: str = "",
    coded: bool = True,
    source: str = "",
) -> Exposure:
    """One administration."""
    return course(
        agent,
        day,
        day,
        kind="administration",
        milligrams=milligrams,
        per=per,
        route=route,
        reason=reason,
        coded=coded,
        source=source,
    )


def quantity(measure: str, day: int, value: float, **more: str) -> Quantity:
    """A value whose source tells measure and day."""
    return Quantity(measure, day, value, "", f"Observation/{measure}-{day}", **more)  # type: ignore[arg-type]


def timed(day: int, value: float) -> Quantity:
    """24 h proteinuria in g/d."""
    return quantity("proteinuria_24h", day, value)


def spot(day: int, value: float) -> Quantity:
    """Protein/creatinine ratio in g/g."""
    return quantity("upcr", day, value)


def egfr(day: int, value: float) -> Quantity:
    """Reported eGFR in mL/min/1.73m2."""
    return quantity("egfr", day, value)


def finding(measure: str, day: int, value: str = "positive") -> Finding:
    """An answer in a word."""
    return Finding(measure, day, value, f"Observation/{measure}-{day}")

"""Reading a series: the current value, the baseline of a line, the eGFR and its trend (clinical-spec 2.2, 4).

Days are ordinals and `today` is an argument. Proteinuria is in g/d, where 1 g/g counts as 1 g/d.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

from cds_service.case.light import light_dataclass
from cds_service.case.model import Case, Comparator, Day, Patient, Quantity

Trend = Literal["STABLE", "DECLINING", "UNCONFIRMED", "UNKNOWN"]

TIMED_COLLECTION_BEFORE_SPOT = 14
MICROMOLES_PER_MILLIGRAM = 88.4
LOWEST_EGFR, HIGHEST_EGFR = 1.0, 200.0


def newest(series: Sequence[Quantity], today: Day, max_age: int) -> Quantity | None:
    """The newest value at most `max_age` days old; a stale value is a missing value."""
    if series and today - series[-1].day <= max_age:
        return series[-1]
    return None


def between(series: Sequence[Quantity], first: Day, last: Day) -> list[Quantity]:
    """The values from first to last day, both included."""
    return [value for value in series if first <= value.day <= last]


def proteinuria_series(case: Case) -> tuple[Quantity, ...]:
    """24 h excretion and protein/creatinine ratio as one series; on one day the 24 h value wins."""
    spots, timed = case.series("upcr"), case.series("proteinuria_24h")
    if not spots or not timed:
        return timed or spots
    by_day = {value.day: value for value in spots}
    by_day.update({value.day: value for value in timed})
    return tuple([by_day[day] for day in sorted(by_day)])


def current_proteinuria(series: Sequence[Quantity], today: Day, max_age: int) -> Quantity | None:
    """The newest value; a 24 h collection at most 14 d before a spot ratio is preferred to it."""
    current = newest(series, today, max_age)
    if current is None or current.measure != "upcr":
        return current
    earliest = max(current.day - TIMED_COLLECTION_BEFORE_SPOT, today - max_age)
    for value in reversed(series):
        if value.day < earliest:
            break
        if value.measure == "proteinuria_24h":
            return value
    return current


def baseline(series: Sequence[Quantity], start: Day) -> Quantity | None:
    """The value a line is judged against: newest in the 90 d before (to 7 d after) its start, else the
    newest of the 90 d before that, else the oldest of the first month. 24 h collections are preferred.
    """
    near: Quantity | None = None
    earlier: Quantity | None = None
    after: Quantity | None = None
    for value in series:
        days = value.day - start
        timed = value.measure == "proteinuria_24h"
        if days < -180 or days > 30:
            continue
        if days > 7:
            if after is None or (timed and after.measure != "proteinuria_24h"):
                after = value
        elif days >= -90:
            if near is None or timed or near.measure != "proteinuria_24h":
                near = value
        elif earlier is None or timed or earlier.measure != "proteinuria_24h":
            earlier = value
    return near or earlier or after


def nearest(series: Sequence[Quantity], day: Day, within: int) -> Quantity | None:
    """The value nearest to a day, at most `within` days away; of two equally near, the later."""
    near = between(series, day - within, day + within)
    return min(near, key=lambda value: (abs(value.day - day), -value.day)) if near else None


def reduction(current: float, reference: float) -> float:
    """By which share a value has fallen from its reference; negative when it rose."""
    return 1.0 - current / reference


def egfr_series(case: Case) -> tuple[Quantity, ...]:
    """Reported eGFR, and CKD-EPI 2021 from creatinine on days without a reported one (R-14)."""
    reported = case.series("egfr")
    creatinines = case.series("creatinine")
    if not creatinines:
        return reported
    by_day = {value.day: value for value in reported}
    for creatinine in creatinines:
        if creatinine.day not in by_day:
            computed = _computed_egfr(creatinine, case.patient)
            if computed is not None:
                by_day[creatinine.day] = computed
    return tuple([by_day[day] for day in sorted(by_day)])


def _computed_egfr(creatinine: Quantity, patient: Patient) -> Quantity | None:
    if patient.born is None or patient.sex == "unknown":
        return None
    age = age_in_years(patient.born.last, creatinine.day)
    value = ckd_epi_2021(creatinine.value, age, female=patient.sex == "female")
    if not LOWEST_EGFR <= value <= HIGHEST_EGFR:
        if not creatinine.bound:
            return None
        value = min(max(value, LOWEST_EGFR), HIGHEST_EGFR)  # a bound reaches as far as an eGFR can be
    return Quantity(
        measure="egfr",
        day=creatinine.day,
        value=value,
        unit="mL/min/1.73m2",
        source=creatinine.source,
        stated=f"CKD-EPI 2021 from creatinine {creatinine.stated}",
        bound=TURNED[creatinine.bound],
        issued=creatinine.issued,
    )


TURNED: Mapping[Comparator, Comparator] = {"": "", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def ckd_epi_2021(creatinine: float, age: int, *, female: bool) -> float:
    """eGFR in mL/min/1.73m2 from creatinine in umol/L (CKD-EPI 2021, without race)."""
    milligrams = creatinine / MICROMOLES_PER_MILLIGRAM
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = milligrams / kappa
    egfr: float = 142.0 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.200 * 0.9938**age
    return egfr * 1.012 if female else egfr


def age_in_years(born: Day, on: Day) -> int:
    """Completed years of life on a day."""
    birth, day = date.fromordinal(born), date.fromordinal(on)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@light_dataclass(frozen=True, slots=True)
class EgfrTrend:
    """The trend with what it was read from; `fall` is a share of the reference, None when unknown."""

    trend: Trend
    reference: Quantity | None = None
    now: Quantity | None = None
    previous: Quantity | None = None
    fall: float | None = None


def egfr_trend(
    series: Sequence[Quantity], reference: Quantity | None, today: Day, *, decline: float, max_age: int
) -> EgfrTrend:
    """STABLE below the decline, DECLINING when a second value 14 to 180 d earlier confirms it (clinical-spec 4)."""
    now = newest(series, today, max_age)
    if reference is None or now is None or now.day - reference.day < 28:
        return EgfrTrend("UNKNOWN", reference, now)
    fall = reduction(now.value, reference.value)
    earliest = max(now.day - 180, reference.day + 1)
    earlier = between(series, earliest, now.day - 14)
    previous = earlier[-1] if earlier else None
    trend: Trend = "UNCONFIRMED"
    if not at_least(fall, decline):
        trend = "STABLE"
    elif previous is not None and at_least(reduction(previous.value, reference.value), decline):
        trend = "DECLINING"
    return EgfrTrend(trend, reference, now, previous, fall)


def at_least(value: float, limit: float) -> bool:
    """`value >= limit` for computed shares: 1 - 56/80 must count as the 30 % that it is on paper."""
    return value >= limit - 1e-9

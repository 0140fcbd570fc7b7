"""Doses, minimum exposure and the outcome of a past line (clinical-spec 3.4, R-03, R-10, R-13, R-23, R-27)."""

from __future__ import annotations

from tests.oracle.facts import EPS, Chart, Record, Value
from tests.oracle.lines import ANTI_CD20, Line, Segment, carried_on, distinct, is_daily, next_start

GRAM = 1000.0


def at_least(value: float, limit: float) -> bool:
    return value >= limit - EPS


def below(value: float, limit: float) -> bool:
    return value < limit - EPS


def above(value: float, limit: float) -> bool:
    return value > limit + EPS


def cd20_grams(segments: list[Segment]) -> float | None:
    """Grams, 375 mg/m2 as 0.7 g, no dose as 1 g; None = statements or orders only, taken as adequate (R-27)."""
    records = [r for s in segments for r in s.records]
    if not any(r.rank == 3 for r in records):
        return None
    return sum(_infusion_grams(r) for r in records if r.rank == 3)  # an order that was not given is no infusion


def _infusion_grams(record: Record) -> float:
    if record.dose is None:
        return 1.0
    if record.per == "administration-m2":
        return record.dose * 0.7 / 375
    return record.dose / GRAM


def cd20_adequate(segments: list[Segment]) -> bool:
    grams = cd20_grams(segments)
    return grams is None or at_least(grams, 1.4)


def courses(records: list[Record]) -> int:
    """TL-7: infusions at most 45 d apart are one course."""
    count, last = 0, -(10**6)
    for record in sorted(records, key=lambda r: r.start):
        if record.start - last > 45:
            count += 1
        last = max(last, record.last)
    return count


def cyc_days_and_pulses(segment: Segment) -> tuple[int, int]:
    days: set[int] = set()
    for record in segment.records:
        if is_daily(record):
            days |= set(range(record.start, record.last + 1))
    return len(days), sum(not is_daily(r) for r in segment.records)


def record_grams(record: Record) -> float | None:
    """Grams of cyclophosphamide in one record: daily dose x days inclusive, or the dose of the administration."""
    if record.dose is None or record.per == "administration-m2":
        return None
    return record.dose / GRAM * (record.last - record.start + 1 if is_daily(record) else 1)


def cyc_adequate(segment: Segment, disease: str) -> bool:
    """R-13."""
    days, pulses = cyc_days_and_pulses(segment)
    grams = [record_grams(r) for r in segment.records]
    if disease == "LN" and all(g is not None for g in grams):
        return at_least(sum(g for g in grams if g is not None), 2.5)
    return days >= 80 or pulses >= 6


def cumulative_cyc(chart: Chart) -> float:
    """3.4: newest prior amount plus everything computed."""
    prior = chart.newest("cyc_cumulative_prior", None)
    kept, _ = distinct([r for r in chart.records if r.agent == "cyclophosphamide"])
    return (prior.value if prior else 0.0) + sum(record_grams(r) or 0.0 for r in kept)


def mpaa_full_dose(segment: Segment) -> bool | None:
    """Ever at least 2 g/d MMF-equivalent; None when a dose is missing and none that is known reaches it."""
    unknown = False
    for record in segment.records:
        if record.dose is None or record.per != "day":
            unknown = True
            continue
        factor = 2000 / 1440 if record.agent == "mycophenolic_acid" else 1.0
        if at_least(record.dose * factor, 2000):
            return True
    return None if unknown else False


def failing_classes(line: Line, disease: str, until: int | None = None) -> set[str]:
    """The classes for which a line had its minimum exposure (3.4, R-23); empty when the line had none.

    `until`: the day an add-on began; from then on the drugs count for that line (TL-4).
    """
    weak: set[str] = set()
    met: set[str] = set()
    for segment in line.segments:
        if segment.therapy in ANTI_CD20:
            adequate = cd20_adequate(line.anti_cd20())
        elif segment.therapy == "CYC":
            adequate = cyc_adequate(segment, disease)
        else:
            end = segment.end if until is None else min(segment.end, until)
            met |= {segment.therapy} if end - max(segment.start, line.start) >= 120 else set()
            continue
        (met if adequate else weak).add(segment.therapy)
    if line.classes != {"AZA"}:
        met -= {"AZA"}
    return line.classes - weak if met else set()


def doubtful_classes(line: Line, disease: str, until: int | None = None) -> set[str]:
    """Decision 10: too short as far as the days are told, and perhaps not in truth. Anti-CD20 goes by its grams."""
    found: set[str] = set()
    for segment in line.segments:
        if segment.therapy in ANTI_CD20 or segment.reason == "intolerance" or all(r.dated for r in segment.records):
            continue
        if segment.therapy == "AZA" and line.classes != {"AZA"}:
            continue
        if segment.therapy == "CYC":
            enough = cyc_adequate(segment, disease)
        else:
            end = segment.end if until is None else min(segment.end, until)
            enough = end - max(segment.start, line.start) >= 120
        if not enough:
            found.add(segment.therapy)
    return found


def window(line: Line, next_start: int | None) -> tuple[int, int]:
    """W of 3.4 and R-10; never after D0."""
    end = max(s.end + (180 if s.therapy in ANTI_CD20 else 60) for s in line.segments)
    last = min(end, 0) if next_start is None else min(end, next_start + 14, 0)
    return line.start + 30, last


def response_in(values: list[Value], base: float | None, disease: str) -> list[Value]:
    """Values that meet the proteinuria part of PR (4, 6.1)."""
    limit = 3.5 if disease == "MN" else 3.0
    if base is None:
        return []
    return [v for v in values if below(v.value, limit) and at_least(1 - v.value / base, 0.5)]


def in_doubt(found: list[Line], line: Line, outcome: str, disease: str) -> bool:
    """Whether a past line blocks a suggestion: its outcome is unknown, or that of one of its drugs."""
    partner = outcome == "FAILED" and bool(doubtful_classes(line, disease, carried_on(found, line)))
    return outcome == "UNKNOWN" or partner


def outcome(found: list[Line], line: Line, proteinuria: list[Value], base: float | None, disease: str) -> str:
    """The past-line outcome table of 3.4, first match."""
    following = next_start(found, line)
    cd20 = line.anti_cd20()
    only_cd20 = len(cd20) == len(line.segments)
    mpaa = line.segment("MPAA")
    if line.reason == "non-adherence" or (disease == "LN" and mpaa and mpaa_full_dose(mpaa) is False):
        return "INADEQUATE"
    if only_cd20 and not cd20_adequate(cd20) and line.reason != "intolerance":
        return "INADEQUATE"
    exposed = bool(failing_classes(line, disease, carried_on(found, line)))
    if line.reason == "ineffective" and exposed:
        return "FAILED"
    if line.reason == "intolerance":
        return "INTOLERANT"
    first, last = window(line, following)
    values = [v for v in proteinuria if first <= v.day <= last]
    doubtful = not exposed and bool(doubtful_classes(line, disease, carried_on(found, line)))
    if doubtful and line.reason == "ineffective":
        return "UNKNOWN"
    if line.reason == "remission" or response_in(values, base, disease):
        return "RESPONDED"
    if doubtful:
        return "UNKNOWN"
    late = [v for v in values if v.day >= line.start + 120]
    limit = 0.30 if disease == "MN" else 0.25
    if exposed and late and base is not None and below(1 - late[-1].value / base, limit):
        return "FAILED"
    return "UNKNOWN" if exposed else "INADEQUATE"

"""How much of a drug a patient had: anti-CD20 grams, cyclophosphamide days, pulses and grams, daily doses.

Source: clinical-spec 3.4, rulings R-13, R-23, R-27. Grams unless a name says otherwise.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from cds_service.case.drug_classes import MOFETIL_PER_ACID
from cds_service.case.light import light_dataclass
from cds_service.case.measures import at_least
from cds_service.case.model import Day, Exposure
from cds_service.case.segments import (
    INJECTED,
    SMALLEST_PULSE_MILLIGRAMS,
    Segment,
    coded_parts,
    counted_and_echoes,
    may_be_one_route,
)

STANDARD_INFUSION_GRAMS = 1.0
GRAMS_PER_STANDARD_M2_DOSE = 0.7
STANDARD_M2_DOSE = 375.0


@light_dataclass(frozen=True, slots=True)
class AntiCd20Dose:
    """Gram equivalents of one anti-CD20 segment.

    `assumed` counts infusions without a recorded dose, taken as one standard infusion. `grams` is None
    when only a statement or an order exists: then exposure is taken as adequate, and said (R-27).
    """

    grams: float | None
    assumed: int = 0


def anti_cd20_dose(segment: Segment) -> AntiCd20Dose:
    """The dose of a segment of rituximab or a second-generation anti-CD20; 375 mg/m2 counts as 0.7 g.

    A drug known from its name alone has none (terminology.md section 6).
    """
    doses = [_anti_cd20_of(part) for part in coded_parts(segment)]
    return max(doses, key=lambda dose: math.inf if dose.grams is None else dose.grams, default=AntiCd20Dose(0.0))


def _anti_cd20_of(segment: Segment) -> AntiCd20Dose:
    infusions = segment.infusions()
    if not infusions:
        return AntiCd20Dose(None)
    grams = sum(_infusion_grams(infusion) for infusion in infusions)
    return AntiCd20Dose(grams, sum(1 for infusion in infusions if infusion.dose is None))


def _infusion_grams(infusion: Exposure) -> float:
    if infusion.dose is None:
        return STANDARD_INFUSION_GRAMS
    if infusion.dose.per == "administration-m2":
        return infusion.dose.milligrams / STANDARD_M2_DOSE * GRAMS_PER_STANDARD_M2_DOSE
    return infusion.dose.milligrams / 1000.0


@light_dataclass(frozen=True, slots=True)
class CyclophosphamideDose:
    """Days on daily cyclophosphamide, number of pulses, and grams; grams None when any dose is unknown."""

    days: int
    pulses: int
    grams: float | None


def cyclophosphamide_dose(records: Sequence[Exposure], today: Day) -> CyclophosphamideDose:
    """The cyclophosphamide in these records up to today, as far as coded; a day and a dose are never counted twice."""
    return _dose_of([record for record in records if record.coded], today)


def _dose_of(records: Sequence[Exposure], today: Day) -> CyclophosphamideDose:
    counted, _ = counted_and_echoes([record for record in records if record.start <= today])
    pulses = [record for record in counted if _is_a_pulse(record)]
    courses: list[tuple[Day, Day, float | None]] = []
    for record in counted:
        if _is_a_pulse(record):
            continue
        last = today if record.end is None else min(record.end, today)
        dose = _daily_milligrams(record)
        if dose is None and any(record.start <= p.start <= last and may_be_one_route(record, p) for p in pulses):
            continue  # a record around pulses describes them
        courses.append((record.start, last, dose))
    days, daily = _on_days(courses)
    return CyclophosphamideDose(days, len(pulses), _total([*map(_single_milligrams, pulses), daily]))


def _on_days(courses: Sequence[tuple[Day, Day, float | None]]) -> tuple[int, float | None]:
    """How many days the courses cover, and their milligrams; on a day of several, the highest dose counts once."""
    edges = sorted({edge for first, last, _ in courses for edge in (first, last + 1)})
    days, milligrams = 0, 0.0
    known = True
    for start, end in itertools.pairwise(edges):
        doses = [dose for first, last, dose in courses if first <= start <= last]
        if not doses:
            continue
        days += end - start
        if None in doses:
            known = False
        else:
            milligrams += (end - start) * max(dose for dose in doses if dose is not None)
    return days, milligrams if known else None


def _is_a_pulse(record: Exposure) -> bool:
    """A single dose that is not one day of a daily course."""
    if record.end != record.start or (record.dose is not None and record.dose.per == "day"):
        return False
    if record.route == "oral":
        return False
    return (
        record.route in INJECTED
        or record.dose is None
        or record.dose.per == "administration-m2"
        or (record.dose.milligrams >= SMALLEST_PULSE_MILLIGRAMS)
    )


def _daily_milligrams(record: Exposure) -> float | None:
    if record.dose is None or record.agent != "cyclophosphamide":
        return None
    single = record.dose.per == "administration" and record.start == record.end
    if record.dose.per == "day" or single:
        return record.dose.milligrams
    return None


def _single_milligrams(record: Exposure) -> float | None:
    if record.dose is None or record.dose.per == "administration-m2":
        return None
    return record.dose.milligrams


def _total(milligrams: Iterable[float | None]) -> float | None:
    total = 0.0
    for amount in milligrams:
        if amount is None:
            return None
        total += amount
    return total / 1000.0


def cumulative_cyclophosphamide_grams(exposures: Sequence[Exposure], today: Day, prior_grams: float | None) -> float:
    """Life-long grams as far as known: the recorded earlier total plus every dose that can be computed."""
    known = [exposure for exposure in exposures if _daily_milligrams(exposure) is not None]
    # a ceiling counts what is known from text only, too
    computed = (_dose_of(known, today).grams or 0.0) if known else 0.0
    return (prior_grams or 0.0) + computed


def highest_mycophenolate_grams(segment: Segment, enough: float) -> float | None:
    """The highest daily dose in grams of mofetil; None when a dose that is not recorded could have been higher.

    Where some records have a code the others, known by a name alone, do not speak.
    """
    records, echoes = segment.records, segment.echoes
    if False in [record.coded for record in records]:
        parts = coded_parts(segment)
        records = tuple([record for part in parts for record in part.records]) or records
        echoes = tuple([echo for part in parts for echo in part.echoes]) if parts else echoes
    counted, told_again = _daily_mofetil_grams(records), _daily_mofetil_grams(echoes)
    doses = counted + told_again
    unknown = len(counted) < len(records) and not told_again
    if not doses or (unknown and not at_least(max(doses), enough)):
        return None
    return max(doses)


def _daily_mofetil_grams(records: Iterable[Exposure]) -> list[float]:
    return [
        record.dose.milligrams / 1000.0 * (MOFETIL_PER_ACID if record.agent == "mycophenolic_acid" else 1.0)
        for record in records
        if record.dose is not None and record.dose.per == "day"
    ]


@light_dataclass(frozen=True, slots=True)
class DoseReduction:
    """Newest dose as a share of the first, and since when the trailing run of reduced doses has held."""

    fraction: float
    since: Day | None


def dose_reduction(segment: Segment, reduced_at_most: float) -> DoseReduction | None:
    """How far a daily drug was stepped down within its segment; None when doses are not recorded."""
    doses = [
        (record.start, record.dose.milligrams)
        for record in sorted(segment.records, key=lambda record: (record.start, record.source))
        if record.agent == segment.records[-1].agent and record.dose is not None and record.dose.per == "day"
    ]
    if not doses or doses[0][1] <= 0:
        return None
    first = doses[0][1]
    since: Day | None = None
    for day, milligrams in doses:
        if milligrams / first > reduced_at_most:
            since = None
        elif since is None:
            since = day
    return DoseReduction(doses[-1][1] / first, since)

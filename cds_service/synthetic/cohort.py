"""The cohort of seed document 002 (Chen and others, Balkan Med J 2023;40:287-293), patient by invented patient.

91 adults with membranous nephropathy after failed treatment: 34 got rituximab with low-dose tacrolimus, 57 rituximab
alone. The baseline table and the quartiles at twelve months are met; so are the remissions, as whole patients. Where
the paper cannot be met literally:
- its rates are no whole patients (37.13 % of 34): the nearest are taken, 13 and 17 of 34, 15 and 23 of 57;
- 15 complete remissions of 57 do not go with a first quartile of 0.58 g at twelve months. So remissions are counted as
  reached by twelve months, and three patients have lost theirs by then;
- titres are those of antibody-positive patients (a third is negative, and the first quartile is 30 RU/mL).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple

from cds_service.synthetic.chart import Chart
from cds_service.synthetic.cohort_tables import ALONE, COMBINED, Arm
from cds_service.synthetic.registry import Invented

_GOOD_EGFR = 70.0


class Course(NamedTuple):
    """What one patient's proteinuria does: before rituximab, at twelve months, and what the paper calls it."""

    before: float
    after: float
    remission: str
    lost: bool = False


def cohort(seed: int, on: date) -> Iterator[Invented]:
    """The 91 patients, seen a few days after their twelve months."""
    for arm in (COMBINED, ALONE):
        # Test data: nothing here has to be hard to guess.
        dice = Random(f"{seed}/{arm.name}")  # noqa: S311
        yield from _arm(arm, seed, on, dice)


def _arm(arm: Arm, seed: int, on: date, dice: Random) -> Iterator[Invented]:
    ages, weights = _spread(arm.age, arm.number, dice), _spread(arm.weight, arm.number, dice)
    albumins, egfrs = _spread(arm.albumin, arm.number, dice), _spread(arm.egfr, arm.number, dice)
    titres = _titres(arm, dice)
    courses = _courses(arm, dice)
    _give_good_kidneys(egfrs, courses)
    cyc_only = arm.cyclophosphamide - arm.both
    male = dice.sample(range(arm.number), arm.male)
    hypertension = dice.sample(range(arm.number), arm.hypertension)
    not_complete = [place for place, course in enumerate(courses) if course.remission != "CR"]
    complete = [place for place, course in enumerate(courses) if course.remission == "CR"]
    again = dice.sample(not_complete, min(arm.again, len(not_complete)))
    again += complete[: arm.again - len(again)]
    for place, course in enumerate(courses):
        chart = Chart(f"c002-{seed}-{arm.name.lower().replace('+', '-')}-{place + 1:02d}", on, dice, "hebei")
        chart.sex, chart.age = "male" if place in male else "female", round(ages[place])
        chart.begin()
        if place in hypertension:
            chart.problem("hypertension", -900)
        before = {"cyclophosphamide"} if place < cyc_only else {"cyclosporine"}
        before |= {"cyclophosphamide", "cyclosporine"} if cyc_only <= place < cyc_only + arm.both else set()
        start = -380 + dice.randrange(8)
        _history(chart, start, course, before)
        chart.lab("weight", (start - 3, weights[place]))
        _therapy(chart, start, arm is COMBINED, weights[place], place in again)
        _follow_up(chart, start, course, albumins[place], egfrs[place], titres[place])
        label: dict[str, Any] = {"patient": chart.patient, "disease": "MN", "state": "", "course": "cohort-002"}
        label |= {"group": arm.name, "paper": course.remission, "mess": [], "clean": True, "readable": True}
        yield Invented(chart.resources, label)


def _give_good_kidneys(egfrs: list[float], courses: Sequence[Course]) -> None:
    """Complete remission asks for normal kidney function: whoever has not, changes place with one who needs it less."""
    others = sorted((egfr, place) for place, egfr in enumerate(egfrs) if courses[place].remission != "CR")
    for place, egfr in enumerate(egfrs):
        if courses[place].remission == "CR" and egfr < _GOOD_EGFR:
            best, other = others.pop()
            egfrs[place], egfrs[other] = best, egfr


def _history(chart: Chart, start: int, course: Course, before: set[str]) -> None:
    chart.problem("membranous_nephropathy", start - 640)
    chart.biopsy(start - 640)
    chart.taken("lisinopril", start - 640, milligrams=10)
    chart.visits((start - 640, start - 3, start + 91, start + 182, start + 365))
    chart.lab("proteinuria_24h", (start - 562, course.before * 1.05), (start - 330, course.before * 1.03))
    chart.lab("egfr", (start - 562, 100), (start - 330, 100))
    if "cyclophosphamide" in before:
        chart.taken("cyclophosphamide", start - 560, start - 380, milligrams=100, reason="ineffective")
    if "cyclosporine" in before:
        chart.taken("cyclosporine", start - 320, start - 60, milligrams=200, reason="ineffective")


def _therapy(chart: Chart, start: int, combined: bool, weight: float, again: bool) -> None:
    chart.infused("rituximab", 1000, start, start + 14)
    if combined:
        chart.taken("tacrolimus", start + 30, start + 212, milligrams=round(0.03 * weight * 2) / 2)
        chart.lab("tacrolimus_trough", (start + 90, 4.4), (start + 180, 4.6))
    if again:
        chart.infused("rituximab", 700, start + 184)


def _follow_up(chart: Chart, start: int, course: Course, albumin: float, egfr: float, titre: float | None) -> None:
    """Baseline, three, six and twelve months."""
    before, after, remission, lost = course
    dice = chart.dice
    at_six = before + (after - before) * 0.75
    if lost:
        at_six = dice.uniform(0.12, 0.25)
    elif remission == "none":
        at_six = before * dice.uniform(0.85, 0.97)
    at_three = (before + at_six) / 2 if remission != "none" else before * 0.98
    chart.lab("proteinuria_24h", (start - 3, before), (start + 91, at_three), (start + 182, at_six))
    chart.lab("proteinuria_24h", (start + 365, after))
    last = {"CR": (40, 48), "PR": (33, 41), "none": (19, 28)}[remission]
    ended = dice.uniform(*last)
    middle = 38.0 if lost else (albumin + ended) / 2
    chart.lab("albumin", (start - 3, albumin), (start + 182, middle), (start + 365, ended))
    kept = dice.uniform(0.93, 1.04) if remission != "none" else dice.uniform(0.7, 1)
    chart.lab("egfr", (start - 3, egfr), (start + 182, egfr * (1 + kept) / 2), (start + 365, egfr * kept))
    chart.lab("cd19_count", (start - 3, dice.uniform(180, 320)), (start + 120, dice.uniform(0, 3)))
    if titre is not None:
        share = {"CR": 0.005, "PR": 0.1, "none": 0.75}[remission]
        chart.lab("anti_pla2r_elisa", (start - 3, titre), (start + 365, titre * share))


def _courses(arm: Arm, dice: Random) -> list[Course]:
    """Who has which proteinuria at twelve months, and from where. What fell by half needs much to fall from."""
    before = _by_quartiles(arm.proteinuria, arm.number)
    none = arm.number - arm.complete - arm.partial
    courses = [_taken(before, value, "PR", 2.1) for value in reversed(_evenly(arm.halved_values, arm.halved))]
    for value in reversed(_by_quartiles(arm.other_values, none)):
        courses.append(_kept(before, value))
    dice.shuffle(before)
    stay = arm.complete - arm.lost
    courses += [Course(before.pop(), value, "CR") for value in _evenly((0.1, 0.27), stay)]
    courses += [Course(before.pop(), value, "CR", True) for value in _evenly((0.45, 0.6), arm.lost)]
    low = _by_quartiles(arm.low_values, arm.partial - arm.halved)
    courses += [Course(before.pop(), value, "PR") for value in low]
    dice.shuffle(courses)
    return courses


def _taken(before: list[float], value: float, remission: str, times: float) -> Course:
    """The smallest baseline that is enough for such a fall."""
    chosen = min(one for one in before if one >= times * value)
    before.remove(chosen)
    return Course(chosen, value, remission)


def _kept(before: list[float], value: float) -> Course:
    """The largest baseline of which the value is clearly more than half."""
    chosen = max((one for one in before if one <= 1.7 * value), default=min(before))
    before.remove(chosen)
    return Course(chosen, value, "none")


def _titres(arm: Arm, dice: Random) -> list[float | None]:
    """Titres of the positive, low numbers for the negative, and one patient of whom none was sent."""
    positive: list[float | None] = list(_by_quartiles(arm.titre, arm.antibody_positive))
    negative: list[float | None] = [dice.uniform(0.3, 1.8) for _ in range(arm.number - arm.antibody_positive - 1)]
    titres = [*positive, *negative, None]
    dice.shuffle(titres)
    return titres


def _spread(told: tuple[float, float], number: int, dice: Random) -> list[float]:
    """Evenly spread numbers of exactly this mean and standard deviation."""
    mean, deviation = told
    places = [place - (number - 1) / 2 for place in range(number)]
    size = (sum(place * place for place in places) / (number - 1)) ** 0.5
    values = [mean + deviation * place / size for place in places]
    dice.shuffle(values)
    return values


def _evenly(ends: tuple[float, float], number: int) -> list[float]:
    low, high = ends
    return [low + (high - low) * place / max(1, number - 1) for place in range(number)]


def _by_quartiles(quartiles: Sequence[float], number: int) -> list[float]:
    """Numbers whose quartiles are these, rising."""
    values = []
    for place in range(number):
        part, within = divmod(4 * place / (number - 1), 1)
        quarter = min(int(part), 3)
        low, high = quartiles[quarter], quartiles[quarter + 1]
        values.append(low + (high - low) * (within if quarter == int(part) else 1))
    return values

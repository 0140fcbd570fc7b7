"""The registry: invented patients with either disease, each labelled with the state it was built to show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple

from cds_service.synthetic import lupus, membranous
from cds_service.synthetic.chart import Chart
from cds_service.synthetic.mess import LOSING, READABLE, messed_up

Resource = dict[str, Any]
SITES = ("north", "south", "harbour", "hill")
_LUPUS_SHARE = 0.4
_MESSY_SHARE = 0.3
_LOSING_SHARE = 0.35
_COURSES = {"MN": membranous.COURSES, "LN": lupus.COURSES}


class Invented(NamedTuple):
    """One patient: the records, in FHIR R4, and what is known of them."""

    resources: list[Resource]
    label: Mapping[str, Any]


def registry(number: int, seed: int, on: date) -> Iterator[Invented]:
    """Patients, one after another. Each depends on the seed, its own number and the day alone."""
    for index in range(number):
        yield patient(index, seed, on)


def patient(index: int, seed: int, on: date) -> Invented:
    """One patient of the registry."""
    # Test data: nothing here has to be hard to guess.
    dice = Random(f"{seed}/{index}")  # noqa: S311
    disease = "LN" if dice.random() < _LUPUS_SHARE else "MN"
    courses = _COURSES[disease]
    course = dice.choices(list(courses), weights=list(courses.values()))[0]
    young = disease == "LN"
    chart = Chart(
        f"syn-{seed}-{index:06d}",
        on,
        dice,
        dice.choice(SITES),
        "female" if dice.random() < (0.88 if young else 0.35) else "male",
        dice.randrange(20, 50) if young else dice.randrange(32, 74),
    )
    chart.begin()
    state = course(chart)
    if dice.random() < 0.4:
        chart.problem("hypertension", -500)
    if dice.random() < 0.5:
        chart.taken("atorvastatin", -480, milligrams=20)
    mess = _mess(dice)
    label = {
        "patient": chart.patient,
        "disease": disease,
        "state": state,
        "course": course.__name__,
        "mess": mess,
        "clean": not mess,
        "readable": all(name in READABLE for name in mess),
    }
    return Invented(messed_up(chart.resources, mess, dice), label)


def _mess(dice: Random) -> list[str]:
    """What happened to the chart: usually nothing."""
    if dice.random() >= _MESSY_SHARE:
        return []
    kinds: Sequence[str] = sorted(READABLE)
    names = dice.sample(kinds, dice.randint(1, 2))
    if dice.random() < _LOSING_SHARE:
        names.append(dice.choice(sorted(LOSING)))
    # Other codes come before drugs are taken out of their records, and what loses codes comes last.
    order = ["other codes", "other units", "local codes", "brand texts", "no units"]
    order += ["drugs by reference", "entered in error", "records twice"]
    return sorted(names, key=order.index)

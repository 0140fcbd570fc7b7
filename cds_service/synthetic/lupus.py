"""Courses of lupus nephritis, each written to show one state of clinical-spec section 6."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.synthetic.chart import Chart
from cds_service.synthetic.membranous import Course

_CLASSES = ("III", "IV", "IV", "III+V", "IV+V")


def _diagnosed(chart: Chart, onset: int, biopsy: int, *visits: int) -> None:
    chart.problem("lupus_nephritis", onset)
    chart.biopsy(biopsy)
    chart.finding("ln_class", biopsy, chart.dice.choice(_CLASSES))
    chart.taken("hydroxychloroquine", onset, milligrams=400)
    chart.visits(visits)


def _kidneys(chart: Chart, *days: int) -> None:
    steady = chart.dice.uniform(75, 100)
    for day in days:
        chart.lab("egfr", (day, steady * chart.dice.uniform(0.98, 1.02)))


def _serology(chart: Chart, day: int, low: bool) -> None:
    chart.lab("c3", (day, chart.dice.uniform(0.5, 0.75) if low else chart.dice.uniform(1.0, 1.4)))
    chart.lab("igg", (day, chart.dice.uniform(8, 13)))


def untreated(chart: Chart) -> str:
    """Found on biopsy some weeks ago."""
    _diagnosed(chart, -30, -28, -28, -9)
    chart.lab("upcr", (-28, 3.6), (-9, chart.dice.uniform(1.5, 5)))
    _kidneys(chart, -28, -9)
    _serology(chart, -9, low=True)
    return "LN_UNTREATED"


def treated_recently(chart: Chart) -> str:
    """Two months of mycophenolate and prednisone."""
    _diagnosed(chart, -80, -70, -70, -30, -9)
    chart.lab("upcr", (-66, chart.dice.uniform(3.5, 5)), (-9, chart.dice.uniform(3.1, 3.4)))
    chart.taken("mycophenolate_mofetil", -62, milligrams=3000)
    chart.taken("prednisone", -62, milligrams=30)
    _kidneys(chart, -66, -9)
    _serology(chart, -9, low=True)
    return "LN_ON_TREATMENT_EARLY"


def complete_response(chart: Chart) -> str:
    """More than a year of mycophenolate, all quiet."""
    _diagnosed(chart, -420, -410, -410, -250, -100, -9)
    chart.lab("upcr", (-405, 4.2), (-250, 1.1), (-100, 0.4), (-9, chart.dice.uniform(0.1, 0.4)))
    chart.taken("mycophenolate_mofetil", -400, milligrams=2500)
    _kidneys(chart, -405, -250, -100, -9)
    _serology(chart, -9, low=False)
    return "LN_CR"


def partial_response(chart: Chart) -> str:
    """Eight months, more than halved."""
    _diagnosed(chart, -270, -260, -260, -120, -9)
    chart.lab("upcr", (-255, 4.4), (-120, 2.2), (-9, chart.dice.uniform(0.8, 1.6)))
    chart.taken("mycophenolate_mofetil", -250, milligrams=2500)
    _kidneys(chart, -255, -120, -9)
    _serology(chart, -9, low=False)
    return "LN_PR"


def responding(chart: Chart) -> str:
    """Seven months, a third less."""
    _diagnosed(chart, -220, -215, -215, -100, -9)
    chart.lab("upcr", (-212, 4.4), (-100, 3.4), (-9, 4.4 * chart.dice.uniform(0.58, 0.68)))
    chart.taken("mycophenolate_mofetil", -208, milligrams=3000)
    _kidneys(chart, -212, -100, -9)
    _serology(chart, -9, low=False)
    return "LN_RESPONDING"


def no_response(chart: Chart) -> str:
    """Full dose for more than half a year, nothing changed."""
    _diagnosed(chart, -250, -240, -240, -120, -9)
    start = chart.dice.uniform(2.4, 4.5)
    chart.lab("upcr", (-234, start), (-120, start), (-9, start * chart.dice.uniform(0.85, 0.98)))
    chart.taken("mycophenolate_mofetil", -230, milligrams=3000)
    chart.finding("adherence", -20, "adherent")
    _kidneys(chart, -234, -120, -9)
    _serology(chart, -9, low=True)
    return "LN_NO_RESPONSE"


def refractory(chart: Chart) -> str:
    """Cyclophosphamide and mycophenolate have both failed."""
    _diagnosed(chart, -800, -300, -790, -610, -400, -200, -9)
    start = chart.dice.uniform(3.2, 4.5)
    chart.lab("upcr", (-765, start), (-600, start * 0.95), (-405, start), (-200, start), (-9, start * 0.92))
    chart.infused("cyclophosphamide", 1000, *range(-760, -609, 30))
    chart.taken("mycophenolate_mofetil", -400, milligrams=3000)
    chart.finding("adherence", -20, "adherent")
    _kidneys(chart, -765, -600, -405, -200, -9)
    _serology(chart, -9, low=True)
    return "LN_REFRACTORY"


def flare(chart: Chart) -> str:
    """Years of quiet on mycophenolate, then protein again, twice."""
    _diagnosed(chart, -920, -910, -910, -500, -300, -60, -9)
    chart.lab("upcr", (-905, 4.1), (-500, 0.3), (-300, 0.2))
    chart.lab("upcr", (-60, chart.dice.uniform(1.5, 2)), (-9, chart.dice.uniform(1.8, 2.6)))
    chart.taken("mycophenolate_mofetil", -900, milligrams=2000)
    _kidneys(chart, -905, -500, -300, -60, -9)
    _serology(chart, -9, low=True)
    return "LN_FLARE"


def intolerant(chart: Chart) -> str:
    """Mycophenolate stopped for side effects."""
    _diagnosed(chart, -230, -220, -220, -140, -9)
    chart.lab("upcr", (-205, 3.4), (-140, 3.3), (-9, chart.dice.uniform(3, 3.3)))
    chart.taken("mycophenolate_mofetil", -200, -140, milligrams=2000, reason="intolerance")
    _kidneys(chart, -205, -140, -9)
    _serology(chart, -9, low=True)
    return "LN_INTOLERANT"


def too_little_mycophenolate(chart: Chart) -> str:
    """Half the dose for more than half a year."""
    _diagnosed(chart, -250, -240, -240, -120, -9)
    start = chart.dice.uniform(2.6, 4.2)
    chart.lab("upcr", (-234, start), (-120, start), (-9, start * chart.dice.uniform(0.87, 0.97)))
    chart.taken("mycophenolate_mofetil", -230, milligrams=1000)
    _kidneys(chart, -234, -120, -9)
    _serology(chart, -9, low=True)
    return "LN_INADEQUATE_LINE"


def rescued_by_obinutuzumab(chart: Chart) -> str:
    """Mycophenolate alone did nothing; with obinutuzumab proteinuria fell by more than half."""
    _diagnosed(chart, -660, -650, -650, -500, -420, -200, -9)
    start = chart.dice.uniform(2.6, 4.5)
    chart.lab("upcr", (-645, start), (-500, start), (-420, start * 0.95), (-200, start * 0.6))
    chart.lab("upcr", (-9, start * chart.dice.uniform(0.22, 0.34)))
    chart.taken("mycophenolate_mofetil", -640, milligrams=3000)
    chart.finding("adherence", -430, "adherent")
    chart.infused("obinutuzumab", 1000, -320, -306, -140, -126)
    _kidneys(chart, -645, -500, -420, -330, -200, -9)
    _serology(chart, -9, low=False)
    return "LN_PR"


def class_not_recorded(chart: Chart) -> str:
    """The report of the biopsy is somewhere else."""
    chart.problem("lupus_nephritis", -300)
    chart.biopsy(-290)
    chart.visits((-290, -9))
    chart.taken("hydroxychloroquine", -300, milligrams=400)
    chart.lab("upcr", (-290, 3.1), (-9, chart.dice.uniform(1.2, 3)))
    _kidneys(chart, -290, -9)
    return "LN_INSUFFICIENT_DATA"


COURSES: Mapping[Course, int] = {
    untreated: 8,
    treated_recently: 10,
    complete_response: 18,
    partial_response: 14,
    responding: 10,
    no_response: 8,
    refractory: 5,
    flare: 9,
    intolerant: 5,
    too_little_mycophenolate: 6,
    class_not_recorded: 7,
    rescued_by_obinutuzumab: 8,
}

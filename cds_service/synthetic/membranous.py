"""Courses of membranous nephropathy, each written to show one state of clinical-spec section 5.

Numbers vary from patient to patient inside what the state allows, with room on both sides of every limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cds_service.synthetic.chart import Chart
from cds_service.synthetic.membranous_later import (
    dependent_on_tacrolimus,
    relapse_after_rituximab,
    rescued_by_cyclophosphamide,
    rescued_by_rituximab,
)
from cds_service.synthetic.membranous_parts import baseline, diagnosed, kidneys, now

Course = Callable[[Chart], str]


def untreated_low(chart: Chart) -> str:
    """Below nephrotic range, supportive care."""
    diagnosed(chart, -400, -300, -200, -100, -12)
    chart.lab("proteinuria_24h", *[(day, chart.dice.uniform(1.5, 3.1)) for day in (-390, -200, -12)])
    chart.lab("albumin", (-12, chart.dice.uniform(32, 38)))
    chart.lab("anti_pla2r_elisa", (-12, chart.dice.uniform(16, 40)))
    kidneys(chart, -390, -200, -12)
    return "MN_UNTREATED_LOW"


def untreated_moderate(chart: Chart) -> str:
    """Diagnosed weeks ago, watched."""
    diagnosed(chart, -90, -88, -40, -10)
    chart.lab("proteinuria_24h", *[(day, chart.dice.uniform(4.2, 6)) for day in (-88, -10)])
    chart.lab("albumin", (-10, chart.dice.uniform(27, 31)))
    chart.lab("anti_pla2r_elisa", (-10, chart.dice.uniform(18, 45)))
    kidneys(chart, -88, -40, -10)
    return "MN_UNTREATED_MODERATE"


def untreated_high(chart: Chart) -> str:
    """Half a year of supportive care, albumin low, antibody high."""
    diagnosed(chart, -320, -300, -200, -90, -10)
    protein = chart.dice.uniform(6, 9)
    chart.lab("proteinuria_24h", *[(day, protein * chart.dice.uniform(0.95, 1.05)) for day in (-300, -90, -10)])
    chart.lab("albumin", (-10, chart.dice.uniform(18, 23)))
    chart.lab("anti_pla2r_elisa", (-10, chart.dice.uniform(80, 250)))
    kidneys(chart, -300, -90, -10)
    return "MN_UNTREATED_HIGH"


def rituximab_given_recently(chart: Chart) -> str:
    """Two infusions two months ago."""
    diagnosed(chart, -300, -290, -70, -10)
    protein = baseline(chart, -66)
    chart.infused("rituximab", 1000, -62, -48)
    kidneys(chart, -66, -10)
    now(chart, -10, protein * chart.dice.uniform(0.75, 0.9), chart.dice.uniform(22, 27), chart.dice.uniform(40, 90))
    return "MN_ON_TREATMENT_EARLY"


def responding_to_tacrolimus(chart: Chart) -> str:
    """Seven months of tacrolimus, a favourable trend."""
    diagnosed(chart, -400, -390, -215, -120, -10)
    protein = baseline(chart, -214)
    chart.taken("tacrolimus", -210, milligrams=4)
    chart.lab("tacrolimus_trough", *[(day, chart.dice.uniform(4.5, 7)) for day in (-150, -100, -50, -12)])
    kidneys(chart, -214, -120, -10)
    now(chart, -10, protein * chart.dice.uniform(0.57, 0.65), chart.dice.uniform(27, 32), chart.dice.uniform(30, 60))
    return "MN_RESPONDING"


def complete_remission(chart: Chart) -> str:
    """Rituximab a year ago, in complete remission."""
    diagnosed(chart, -600, -590, -410, -300, -200, -100, -9)
    protein = baseline(chart, -405)
    chart.infused("rituximab", 1000, -400, -386)
    chart.lab("cd19_count", (-300, chart.dice.uniform(0, 3)))
    steps = ((-300, 0.55), (-200, 0.2), (-100, 0.07))
    chart.lab("proteinuria_24h", *[(day, protein * share) for day, share in steps])
    kidneys(chart, -405, -200, -9)
    now(chart, -9, chart.dice.uniform(0.08, 0.24), chart.dice.uniform(38, 44), chart.dice.uniform(0.3, 1.6))
    return "MN_REMISSION_CR"


def partial_remission(chart: Chart) -> str:
    """Rituximab ten months ago, in partial remission."""
    diagnosed(chart, -500, -490, -310, -150, -9)
    protein = baseline(chart, -305)
    chart.infused("rituximab", 1000, -300, -286)
    chart.lab("proteinuria_24h", (-150, protein * 0.5))
    kidneys(chart, -305, -150, -9)
    now(chart, -9, chart.dice.uniform(0.9, 2.6), chart.dice.uniform(33, 38), chart.dice.uniform(3, 12))
    return "MN_REMISSION_PR"


def resistant_to_tacrolimus(chart: Chart) -> str:
    """Eight months with good troughs, nothing changed."""
    diagnosed(chart, -450, -440, -260, -120, -8)
    protein = baseline(chart, -254)
    chart.taken("tacrolimus", -250, milligrams=5)
    chart.lab("tacrolimus_trough", *[(day, chart.dice.uniform(5, 8)) for day in (-170, -110, -60, -12)])
    kidneys(chart, -254, -120, -8)
    now(chart, -8, protein * chart.dice.uniform(0.82, 0.98), chart.dice.uniform(20, 26), chart.dice.uniform(90, 180))
    return "MN_RESISTANT"


def resistant_to_rituximab(chart: Chart) -> str:
    """B cells were gone, antibody and proteinuria stayed."""
    diagnosed(chart, -450, -440, -240, -120, -8)
    protein = baseline(chart, -234)
    chart.infused("rituximab", 1000, -230, -216)
    chart.lab("cd19_count", (-150, chart.dice.uniform(0, 3)))
    kidneys(chart, -234, -120, -8)
    now(chart, -8, protein * chart.dice.uniform(0.82, 0.98), chart.dice.uniform(20, 26), chart.dice.uniform(90, 180))
    return "MN_RESISTANT"


def resistant_to_cyclophosphamide(chart: Chart) -> str:
    """Half a year of tablets with prednisone, nothing changed."""
    diagnosed(chart, -600, -590, -310, -200, -8)
    protein = baseline(chart, -304)
    chart.taken("cyclophosphamide", -300, -120, milligrams=100)
    chart.taken("prednisone", -300, -110, milligrams=30)
    kidneys(chart, -304, -200, -8)
    now(chart, -8, protein * chart.dice.uniform(0.82, 0.98), chart.dice.uniform(20, 26), chart.dice.uniform(90, 180))
    return "MN_RESISTANT"


def intolerant_of_cyclosporine(chart: Chart) -> str:
    """Stopped after two months for side effects."""
    diagnosed(chart, -400, -390, -160, -95, -8)
    protein = baseline(chart, -154)
    chart.taken("cyclosporine", -150, -92, milligrams=200, reason="intolerance")
    kidneys(chart, -154, -95, -8)
    now(chart, -8, protein * chart.dice.uniform(0.85, 0.98), chart.dice.uniform(20, 26), chart.dice.uniform(90, 180))
    return "MN_INTOLERANT"


def tablets_left_out(chart: Chart) -> str:
    """Resistance that is none: the tablets were not taken."""
    diagnosed(chart, -450, -440, -260, -120, -8)
    protein = baseline(chart, -254)
    chart.taken("tacrolimus", -250, milligrams=5)
    chart.lab("tacrolimus_trough", *[(day, chart.dice.uniform(4.5, 7)) for day in (-170, -110, -60)])
    chart.finding("adherence", -20, "non-adherent")
    kidneys(chart, -254, -120, -8)
    now(chart, -8, protein * chart.dice.uniform(0.85, 0.98), chart.dice.uniform(20, 26), chart.dice.uniform(90, 180))
    return "MN_INADEQUATE_LINE"


def antibody_gone(chart: Chart) -> str:
    """The antibody went, proteinuria lags."""
    diagnosed(chart, -500, -490, -310, -200, -9)
    protein = baseline(chart, -304)
    chart.infused("rituximab", 1000, -300, -286)
    chart.lab("anti_pla2r_elisa", (-200, chart.dice.uniform(0.4, 1.6)))
    kidneys(chart, -304, -200, -9)
    now(chart, -9, protein * chart.dice.uniform(0.75, 0.9), chart.dice.uniform(23, 29), chart.dice.uniform(0.3, 1.6))
    return "MN_IMMUNOLOGIC_REMISSION"


def creatinine_up_on_tacrolimus(chart: Chart) -> str:
    """Creatinine a third above where tacrolimus found it."""
    diagnosed(chart, -400, -390, -160, -60, -8)
    protein = baseline(chart, -144)
    chart.taken("tacrolimus", -140, milligrams=5)
    kidneys(chart, -144, -60, creatinine=80)
    kidneys(chart, -8, creatinine=80 * chart.dice.uniform(1.32, 1.45))
    now(chart, -8, protein * chart.dice.uniform(0.75, 0.9), chart.dice.uniform(22, 27), chart.dice.uniform(50, 90))
    return "MN_CNI_TOXICITY"


def subnephrotic(chart: Chart) -> str:
    """Below nephrotic range, not half of what it was."""
    diagnosed(chart, -400, -390, -210, -100, -8)
    chart.lab("proteinuria_24h", (-204, chart.dice.uniform(4.6, 5.2)))
    chart.lab("anti_pla2r_elisa", (-204, 90))
    chart.infused("rituximab", 1000, -200, -186)
    kidneys(chart, -204, -100, -8)
    now(chart, -8, chart.dice.uniform(2.8, 3.2), chart.dice.uniform(30, 34), chart.dice.uniform(16, 30))
    return "MN_SUBNEPHROTIC"


def nothing_recent(chart: Chart) -> str:
    """Lost to follow-up for most of a year."""
    diagnosed(chart, -700, -690, -310, -250)
    protein = baseline(chart, -304)
    chart.infused("rituximab", 1000, -300, -286)
    kidneys(chart, -304, -250)
    now(chart, -250, protein * 0.8, 25, 80)
    return "MN_INSUFFICIENT_DATA"


# How often each course is met, in parts of the whole.
COURSES: Mapping[Course, int] = {
    untreated_low: 8,
    untreated_moderate: 5,
    untreated_high: 6,
    rituximab_given_recently: 8,
    responding_to_tacrolimus: 6,
    complete_remission: 14,
    partial_remission: 12,
    resistant_to_tacrolimus: 6,
    resistant_to_rituximab: 6,
    resistant_to_cyclophosphamide: 3,
    relapse_after_rituximab: 6,
    dependent_on_tacrolimus: 4,
    intolerant_of_cyclosporine: 3,
    tablets_left_out: 3,
    antibody_gone: 5,
    creatinine_up_on_tacrolimus: 3,
    subnephrotic: 4,
    nothing_recent: 6,
    rescued_by_rituximab: 9,
    rescued_by_cyclophosphamide: 5,
}

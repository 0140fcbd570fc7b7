"""Courses of membranous nephropathy with more than one line, or with remission and what came after it."""

from __future__ import annotations

from cds_service.synthetic.chart import Chart
from cds_service.synthetic.membranous_parts import baseline, diagnosed, kidneys, now


def relapse_after_rituximab(chart: Chart) -> str:
    """A year in remission, then the antibody came back."""
    diagnosed(chart, -900, -890, -710, -500, -350, -60, -9)
    baseline(chart, -705)
    chart.infused("rituximab", 1000, -700, -686)
    steps = ((-500, 1.4), (-350, 0.5), (-60, chart.dice.uniform(4.3, 5)))
    chart.lab("proteinuria_24h", *steps)
    kidneys(chart, -705, -350, -60, -9)
    now(chart, -9, chart.dice.uniform(5.1, 7), chart.dice.uniform(22, 28), chart.dice.uniform(50, 120))
    return "MN_RELAPSE"


def dependent_on_tacrolimus(chart: Chart) -> str:
    """In remission on tacrolimus, relapsed weeks after it was stopped."""
    diagnosed(chart, -900, -890, -610, -300, -120, -60, -9)
    baseline(chart, -604)
    chart.taken("tacrolimus", -600, -120, milligrams=4)
    chart.lab("proteinuria_24h", (-300, 1.1), (-130, 0.9), (-60, chart.dice.uniform(4.1, 4.8)))
    kidneys(chart, -604, -300, -130, -60, -9)
    now(chart, -9, chart.dice.uniform(4.9, 7), chart.dice.uniform(22, 28), chart.dice.uniform(40, 90))
    return "MN_CNI_DEPENDENT"


def rescued_by_rituximab(chart: Chart) -> str:
    """Tacrolimus failed, rituximab some weeks later did not."""
    diagnosed(chart, -900, -890, -760, -600, -470, -300, -150, -9)
    protein = baseline(chart, -724)
    chart.taken("tacrolimus", -720, -470, milligrams=5, reason="ineffective")
    chart.lab("tacrolimus_trough", *[(day, chart.dice.uniform(5, 8)) for day in (-650, -600, -560, -520, -480)])
    chart.lab("proteinuria_24h", (-600, protein * 0.97), (-520, protein * 0.95), (-470, protein * 0.93))
    chart.lab("albumin", (-600, 23), (-520, 22), (-470, 23))
    chart.lab("anti_pla2r_elisa", (-600, 120), (-520, 130), (-470, 125))
    given = -chart.dice.randint(330, 450)
    chart.infused("rituximab", 1000, given, given + 14)
    chart.lab("proteinuria_24h", (given + 150, protein * 0.4))
    kidneys(chart, -724, -600, -520, -470, -150, -9)
    now(chart, -9, chart.dice.uniform(0.1, 0.24), chart.dice.uniform(38, 43), chart.dice.uniform(0.3, 1.6))
    return "MN_REMISSION_CR"


def rescued_by_cyclophosphamide(chart: Chart) -> str:
    """Rituximab failed, half a year of cyclophosphamide with prednisone helped."""
    diagnosed(chart, -1000, -990, -860, -640, -500, -300, -150, -9)
    protein = baseline(chart, -854)
    chart.infused("rituximab", 1000, -850, -836)
    chart.lab("cd19_count", (-780, chart.dice.uniform(0, 3)))
    chart.lab("proteinuria_24h", (-700, protein * 0.97), (-640, protein * 0.95), (-560, protein * 0.95))
    chart.lab("albumin", (-700, 22), (-640, 23), (-560, 22))
    chart.lab("anti_pla2r_elisa", (-700, 150), (-640, 140), (-560, 140))
    given = -chart.dice.randint(420, 550)
    chart.taken("cyclophosphamide", given, given + 180, milligrams=100)
    chart.taken("prednisone", given, given + 200, milligrams=30)
    kidneys(chart, -854, -700, -640, -560, -150, -9)
    now(chart, -9, chart.dice.uniform(0.9, 2.4), chart.dice.uniform(34, 39), chart.dice.uniform(3, 10))
    return "MN_REMISSION_PR"

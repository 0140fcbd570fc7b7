"""What every course of membranous nephropathy is made of."""

from __future__ import annotations

from cds_service.synthetic.chart import Chart


def diagnosed(chart: Chart, onset: int, *visits: int) -> None:
    """Diagnosed by biopsy, on an ACE inhibitor, seen on these days."""
    chart.problem("membranous_nephropathy", onset)
    chart.biopsy(onset)
    chart.finding("pla2r_stain", onset, "positive")
    chart.taken("lisinopril", onset, milligrams=10)
    chart.visits(visits)


def kidneys(chart: Chart, *days: int, creatinine: float = 0) -> None:
    """A steady kidney function."""
    steady = creatinine or chart.dice.uniform(60, 80)
    for day in days:
        chart.lab("creatinine", (day, steady * chart.dice.uniform(0.97, 1.03)))


def baseline(chart: Chart, day: int) -> float:
    """A nephrotic patient with antibodies before a line; gives back the proteinuria."""
    protein = chart.dice.uniform(7, 11)
    chart.lab("proteinuria_24h", (day, protein))
    chart.lab("albumin", (day, chart.dice.uniform(19, 25)))
    chart.lab("anti_pla2r_elisa", (day, chart.dice.uniform(110, 220)))
    return protein


def now(chart: Chart, day: int, protein: float, albumin: float, antibody: float) -> None:
    """What the last visit found."""
    chart.lab("proteinuria_24h", (day, protein))
    chart.lab("albumin", (day, albumin))
    chart.lab("anti_pla2r_elisa", (day, antibody))

"""The tables of seed document 002: both groups before rituximab and after twelve months, as numbers to draw from."""

from __future__ import annotations

from dataclasses import dataclass

Quartiles = tuple[float, float, float, float, float]
"""Lowest, first quartile, median, third quartile, highest."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One group of the paper's tables. Means come with standard deviations."""

    name: str
    number: int
    male: int
    age: tuple[float, float]
    weight: tuple[float, float]
    albumin: tuple[float, float]
    egfr: tuple[float, float]
    proteinuria: Quartiles
    titre: Quartiles
    antibody_positive: int
    hypertension: int
    cyclophosphamide: int
    cyclosporine: int
    both: int
    again: int
    complete: int
    lost: int
    partial: int
    halved: int
    low_values: Quartiles
    halved_values: tuple[float, float]
    other_values: Quartiles


COMBINED = Arm(
    name="RTX+TAC",
    number=34,
    male=25,
    age=(43.47, 13.83),
    weight=(77.91, 15.06),
    albumin=(25.74, 5.27),
    egfr=(103.4, 21.1),
    proteinuria=(2.6, 3.53, 7.25, 9.35, 12.5),
    titre=(16, 30.34, 89.44, 169.88, 320),
    antibody_positive=23,
    hypertension=21,
    cyclophosphamide=22,
    cyclosporine=25,
    both=13,
    again=23,
    complete=13,
    lost=0,
    partial=17,
    halved=5,
    low_values=(0.4, 1.2, 1.6, 2.4, 3.3),
    halved_values=(3.66, 4.2),
    other_values=(4.4, 5, 5.6, 6.5, 7.5),
)
ALONE = Arm(
    name="RTX",
    number=57,
    male=43,
    age=(46.63, 13.03),
    weight=(74.85, 12.87),
    albumin=(23.36, 8.13),
    egfr=(98.54, 25.06),
    proteinuria=(3.0, 4.27, 8.06, 11.35, 15),
    titre=(16, 48.74, 102.87, 198.43, 380),
    antibody_positive=37,
    hypertension=36,
    cyclophosphamide=38,
    cyclosporine=43,
    both=24,
    again=44,
    complete=15,
    lost=3,
    partial=23,
    halved=9,
    low_values=(0.65, 1.4, 2.2, 2.9, 3.36),
    halved_values=(3.6, 4.5),
    other_values=(3.9, 4.55, 5.4, 6.5, 8.5),
)
NUMBER = COMBINED.number + ALONE.number

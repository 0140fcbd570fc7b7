"""Which measures get a figure, on what scale, and which lines are drawn because the guideline decides with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cds_service.case import measures
from cds_service.case.model import Case, Quantity
from cds_service.guideline.assessment import Assessment
from cds_service.guideline.thresholds import Thresholds

# Upper ends of the usual trough windows: the regimen of the class CNI in cards/wording_classes.py (K21).
TACROLIMUS_WINDOW_END, CYCLOSPORINE_WINDOW_END = 8.0, 225.0


class Line(NamedTuple):
    """A level that is drawn across a figure, with its words."""

    value: float
    words: str


Lines = Callable[[Thresholds, str], Sequence[Line]]


def _none(_: Thresholds, __: str) -> Sequence[Line]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One figure. `low` and `high` are shown at least; `needed` says for which answers its absence is worth a word."""

    title: str
    measures: tuple[str, ...]
    low: float
    high: float
    logarithmic: bool = False
    height: int = 84
    lines: Lines = _none
    window: Callable[[Thresholds], tuple[float, float]] | None = None
    always: bool = True
    needed: Callable[[Assessment], bool] = lambda _: False

    def series(self, case: Case) -> tuple[Quantity, ...]:
        """The values of the figure, oldest first."""
        if self.measures[0] == "proteinuria_24h":
            return measures.proteinuria_series(case)
        return measures.egfr_series(case) if self.measures[0] == "egfr" else case.series(self.measures[0])


def _proteinuria(t: Thresholds, disease: str) -> Sequence[Line]:
    if disease == "LN":
        # 2.8 g/g lies under the line and is no response when the line began at 4.
        return Line(t.ln_partial, "partial if halved"), Line(t.ln_complete, "complete response")
    return Line(t.mn_nephrotic, "nephrotic"), Line(t.mn_complete_remission, "complete remission")


def _albumin(t: Thresholds, disease: str) -> Sequence[Line]:
    if disease == "LN":
        return ()
    return Line(t.mn_normal_albumin, "normal"), Line(t.vte_albumin, "clot risk below")


def _antibody(t: Thresholds, _: str) -> Sequence[Line]:
    return Line(t.antibody_positive, "positive"), Line(t.antibody_negative, "negative below")


def _uses(*classes: str) -> Callable[[Assessment], bool]:
    return lambda assessment: any(set(classes) & set(line.classes) for line in assessment.lines)


def _of(*diseases: str) -> Callable[[Assessment], bool]:
    return lambda assessment: assessment.disease in diseases


def _on(agent: str) -> Callable[[Assessment], bool]:
    return lambda assessment: any(agent in line.agents for line in assessment.lines)


def _rare(title: str, measure: str, low: float, high: float, lines: Lines = _none) -> Kind:
    return Kind(title, (measure,), low, high, lines=lines, always=False)


KINDS: tuple[Kind, ...] = (
    Kind("Proteinuria", ("proteinuria_24h", "upcr"), 0.15, 10, True, 124, _proteinuria, needed=_of("MN", "LN")),
    Kind("Albumin", ("albumin",), 18, 42, height=92, lines=_albumin, needed=_of("MN")),
    Kind("eGFR", ("egfr",), 40, 100, height=104, needed=_of("MN", "LN")),
    Kind("Anti-PLA2R", ("anti_pla2r_elisa",), 1, 300, True, 104, _antibody, needed=_of("MN")),
    Kind("Anti-dsDNA", ("anti_dsdna",), 0, 50, needed=_of("LN")),
    Kind("C3", ("c3",), 0.4, 1.4, lines=lambda t, _: (Line(t.ln_low_c3, "low below"),), needed=_of("LN")),
    Kind("C4", ("c4",), 0, 0.4, needed=_of("LN")),
    Kind(
        "Tacrolimus trough",
        ("tacrolimus_trough",),
        0,
        12,
        window=lambda t: (t.tacrolimus_trough, TACROLIMUS_WINDOW_END),
        needed=_on("tacrolimus"),
    ),
    Kind(
        "Cyclosporine trough",
        ("cyclosporine_trough",),
        0,
        320,
        window=lambda t: (t.cyclosporine_trough, CYCLOSPORINE_WINDOW_END),
        needed=_on("cyclosporine"),
    ),
    Kind(
        "B cells (CD19)",
        ("cd19_count",),
        0,
        30,
        lines=lambda t, _: (Line(t.b_cells_depleted, "depleted below"),),
        needed=_uses("RTX", "CD20_2G"),
    ),
    # Drawn only where the answer rests on them.
    _rare("Creatinine", "creatinine", 50, 150),
    _rare("IgG", "igg", 2, 12, lambda t, _: (Line(t.igg_hold, "hold anti-CD20 below"),)),
    _rare("White cells", "wbc", 1, 8, lambda t, _: (Line(t.wbc_hold, "hold below"),)),
    _rare("Neutrophils", "neutrophils", 0, 6, lambda t, _: (Line(t.neutrophil_hold, "hold below"),)),
    _rare("Systolic blood pressure", "sbp", 90, 180, lambda t, _: (Line(t.cni_systolic, "no CNI above"),)),
    _rare("Diastolic blood pressure", "dbp", 50, 120, lambda t, _: (Line(t.cni_diastolic, "no CNI above"),)),
)

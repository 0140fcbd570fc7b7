"""The candidate list of lupus nephritis (clinical-spec 6.2)."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.case.drug_classes import ANTI_CD20
from cds_service.case.lines import Line
from cds_service.case.measures import EgfrTrend
from cds_service.guideline.lupus.picture import LupusPicture

COMBO_OF = {
    "RTX": "ANTI_CD20_COMBO",
    "CD20_2G": "ANTI_CD20_COMBO",
    "CNI": "CNI_COMBO",
    "BEL": "BEL_COMBO",
    "CYC": "CYC_GC",
}
NOTHING_LEFT = "LN-27"
RESCUE_MENU = (
    "anti-CD38 antibody",
    "leflunomide",
    "intravenous immunoglobulin",
    "plasma exchange",
    "autologous stem-cell transplantation",
    "CAR-T cells",
    "anti-complement therapy",
    "low-dose interleukin-2",
)
RESCUE_MENU_IN_PREGNANCY = ("intravenous immunoglobulin", "plasma exchange")


def escalation(p: LupusPicture, trend: EgfrTrend, without: Iterable[str] = ()) -> tuple[str, ...]:
    """The ordered list ESC for this phenotype, without the therapy classes named (mycophenolate never blocks a
    combination).
    """
    if p.membranous:
        order = ("CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC")
    elif p.severe(trend):
        order = ("CYC_GC", "ANTI_CD20_COMBO", "BEL_COMBO")
    elif p.heavy:
        return minus(("CNI_COMBO", "ANTI_CD20_COMBO", "CYC_GC", "BEL_COMBO"), without)
    else:
        return minus(("BEL_COMBO", "ANTI_CD20_COMBO", "CNI_COMBO", "CYC_GC"), without)
    return minus(order, without)


def minus(candidates: tuple[str, ...], used: Iterable[str]) -> tuple[str, ...]:
    """Candidates without those whose class was used."""
    gone = {COMBO_OF[name] for name in used if name in COMBO_OF}
    return tuple(candidate for candidate in candidates if candidate not in gone)


def in_pregnancy(used: Iterable[str]) -> tuple[str, ...]:
    """Azathioprine with a calcineurin inhibitor, unless a calcineurin inhibitor has failed."""
    return () if "CNI" in used else ("AZA_CNI",)


def used_in(failures: Iterable[frozenset[str]]) -> frozenset[str]:
    """U: the classes of the failed lines."""
    return frozenset(name for classes in failures for name in classes)


def settled_by(failures: Iterable[frozenset[str]]) -> frozenset[str]:
    """Classes of which one more line would change no candidate: those that failed, and azathioprine (6.1)."""
    used = used_in(failures)
    return used | {"AZA"} | (ANTI_CD20 if used & ANTI_CD20 else frozenset())


def same_regimen(line: Line, used: Iterable[str]) -> tuple[str, ...]:
    """The candidate that repeats a line, its strongest component; none when that had failed before."""
    if line.classes & ANTI_CD20:
        return minus(("ANTI_CD20_COMBO",), used)
    for name in ("CNI", "BEL", "CYC"):
        if name in line.classes:
            return minus((COMBO_OF[name],), used)
    return ("MPAA_GC",) if "MPAA" in line.classes and "MPAA" not in used else ()

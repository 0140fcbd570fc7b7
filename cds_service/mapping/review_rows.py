"""The report of what was not understood as lines for a table: to read, or to put into a site's overlay."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.mapping.code_forms import fault_of_code
from cds_service.mapping.overlay import LOCAL_COLUMNS
from cds_service.mapping.terminology import Terminology
from cds_service.mapping.unmapped import Report, UnmappedCode

REPORT_COLUMNS = ("what", "may_matter", "count", "seen_in", "system", "code", "name", "unit", "concept", "role", "why")
# A spreadsheet runs what begins so as a formula, and these texts come from somebody's chart.
_FORMULA = ("=", "+", "-", "@")
_STRAIGHT = str.maketrans("\u2018\u2019\u201a\u00b4\u201c\u201d\u201e\u00ab\u00bb", '\'\'\'\'"""""')

Line = tuple[str, ...]


def report_lines(report: Report) -> Iterator[Line]:
    """Everything in the report under REPORT_COLUMNS, what may matter first."""
    for matters, codes in (("yes", report.codes), ("no", report.rest)):
        for one in codes:
            cells = (one.system, one.code, one.display, " | ".join(one.units), one.concept, one.role, one.because)
            yield _safe("code", matters, str(one.count), seen_in(one), *cells)
        if matters == "yes":
            yield from _lines_between(report)


def overlay_lines(report: Report, terminology: Terminology) -> Iterator[Line]:
    """Rows of a site's codes.csv for the codes that may matter.

    Who approved them and from when they hold is left empty: until a person has filled that in, they stop the start.
    A code that no overlay could hold (no system, or damaged) is left out.
    """
    for one in report.codes:
        damaged = fault_of_code(terminology.canonical_system(one.system), one.code) is not None
        if damaged or not one.system or one.code.startswith(_FORMULA) or one.system.startswith(_FORMULA):
            continue
        name = one.display.translate(_STRAIGHT).lstrip("".join(_FORMULA)).strip()
        told = {"system": one.system, "code": one.code, "display": name, "concept": one.concept, "role": one.role}
        yield tuple(told.get(column, "") for column in LOCAL_COLUMNS)


def seen_in(code: UnmappedCode) -> str:
    """`MedicationRequest 4, MedicationStatement 1`."""
    return ", ".join(f"{kind} {count}" for kind, count in code.resources)


def _lines_between(report: Report) -> Iterator[Line]:
    for unit in report.units:
        why = f"{unit.reason}; like {unit.nearest}, factor {unit.factor}" if unit.nearest else unit.reason
        cells = (unit.system, unit.code, "", unit.unit, unit.concept, "", why)
        yield _safe("unit", "yes", str(unit.count), f"Observation {unit.count}", *cells)
    for text in report.text_only:
        matters = "yes" if text.concept else "no"
        cells = ("", "", "", "", text.concept, "", "a name without a code")
        yield _safe("text", matters, str(text.count), f"{text.resource} {text.count}", *cells)


def _safe(*cells: str) -> Line:
    return tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)

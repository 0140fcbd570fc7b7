"""The figures an assessment hands over, in words: what sentences are filled with.

A figure that is absent or not a number stays absent, and the sentence does without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import partial

from cds_service.cards.escape import plain_text
from cds_service.cards.numbers import percent, shown
from cds_service.cards.wording_classes import ANOTHER_COURSE, CLASSES, LINE_CLASSES
from cds_service.cards.wording_requests import MISSING
from cds_service.cards.wording_vetoes import veto_wording
from cds_service.guideline.assessment import Assessment

_MARKUP = re.compile(r"[\\`*_\[\]|~#{}]")
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_UNIT = {"MN": "g/d", "LN": "g/g"}
_ANTIBODY = {"NEG": "anti-PLA2R gone", "LOW": "anti-PLA2R low", "NA": "PLA2R-negative disease"}

_PLAIN: dict[str, Callable[[float], str]] = {
    "reduction": percent,
    "egfr_fall": percent,
    "creatinine_rise": percent,
    "trough_share": percent,
    "dose_fraction": percent,
    "egfr": shown,
    "egfr_reference": shown,
    "albumin": lambda value: f"{shown(value)} g/L",
    "antibody_value": lambda value: f"{shown(value)} RU/mL",
    "cd19_lowest": lambda value: f"{shown(value)}/µL",
    "rtx_dose_g": lambda value: f"{shown(value)} g",
    "cyc_cumulative_g": lambda value: f"{shown(value)} g",
    "mpaa_dose_g": lambda value: f"{shown(value)} g",
    "days": lambda value: str(int(value)),
    "cyc_days": lambda value: str(int(value)),
    "antibody_days": lambda value: str(int(value)),
    "reduced_days": lambda value: str(int(value)),
    "failed_count": lambda value: _COUNTS.get(int(value), str(int(value))),
}
_PROTEINURIA = ("current", "baseline", "nadir")
_TIMES = {"time": "days", "antibody_time": "antibody_days", "reduced_time": "reduced_days"}
_LINES = ("line", "failed")
_WORDS = ("check", "ln_class")


def shown_figures(assessment: Assessment, names: Iterable[str] | None = None) -> dict[str, str]:
    """The figures of the assessment in words, and the ones derived from it (change, time, antibody_state, ...).

    `names` are the ones a sentence can use; all when left out. A figure without a value is absent.
    """
    wanted = _WRITERS.keys() if names is None else _WRITERS.keys() & names
    return {name: text for name in wanted if (text := _WRITERS[name](assessment))}


def duration(days: int) -> str:
    """Days below two months, months of 30 days above (a card says months, the table has the dates)."""
    return f"{days} days" if days < 60 else f"{days // 30} months"


def line_names(codes: str) -> str:
    """Class codes in words: `CNI, CYC` becomes `CNI and cyclophosphamide`."""
    return joined(LINE_CLASSES.get(code, code) for code in re.split(r"[,;+/\s]+", codes) if code)


def joined(words: Iterable[str]) -> str:
    """a, b and c."""
    listed = list(dict.fromkeys(words))
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else ""


def repeats_rituximab(assessment: Assessment) -> bool:
    """A second course (MN-09, MN-21) is said as such: "consider rituximab" would read as a mistake."""
    return assessment.next_class == "RTX" and any("RTX" in line.classes for line in assessment.lines)


def _change(assessment: Assessment) -> str:
    reduction = _number(assessment, "reduction")
    if reduction is None:
        return ""
    if abs(reduction) < 0.005:
        return "did not change"
    return f"fell {percent(reduction)}" if reduction > 0 else f"rose {percent(-reduction)}"


def _next(assessment: Assessment) -> str:
    if repeats_rituximab(assessment):
        return ANOTHER_COURSE
    wording = CLASSES.get(assessment.next_class)
    return wording.short if wording else _safe(assessment.next_class)


def _missing(assessment: Assessment) -> str:
    return joined(MISSING[code].short for code in assessment.missing if code in MISSING)


def _reasons(assessment: Assessment) -> str:
    return joined(veto_wording(veto.reason).short for veto in assessment.vetoed)


def _antibody_state(assessment: Assessment) -> str:
    antibody = _word(assessment, "antibody")
    if antibody == "POS":
        value = _plain(assessment, "antibody_value")
        return f"anti-PLA2R persists at {value}" if value else "anti-PLA2R persists"
    return _ANTIBODY.get(antibody, "")


def _plain(assessment: Assessment, name: str) -> str:
    value = _number(assessment, name)
    return "" if value is None else _PLAIN[name](value)


def _proteinuria(assessment: Assessment, name: str) -> str:
    value = _number(assessment, name)
    unit = _word(assessment, "current_unit") or _UNIT.get(assessment.disease or "", "")
    return "" if value is None else f"{shown(value)} {unit}".strip()


def _time(assessment: Assessment, name: str) -> str:
    days = _number(assessment, _TIMES[name])
    return "" if days is None else duration(int(days))


def _line(assessment: Assessment, name: str) -> str:
    return line_names(_word(assessment, name))


def _number(assessment: Assessment, name: str) -> float | None:
    value = assessment.figures.get(name)
    if isinstance(value, str) or value is None or not math.isfinite(value):
        return None
    return float(value)


def _word(assessment: Assessment, name: str) -> str:
    value = assessment.figures.get(name)
    return _safe(value) if isinstance(value, str) else ""


def _safe(word: str) -> str:
    return plain_text(_MARKUP.sub(" ", word), 60)


_WRITERS: dict[str, Callable[[Assessment], str]] = {
    **{name: partial(_plain, name=name) for name in _PLAIN},
    **{name: partial(_proteinuria, name=name) for name in _PROTEINURIA},
    **{name: partial(_time, name=name) for name in _TIMES},
    **{name: partial(_word, name=name) for name in _WORDS},
    **{name: partial(_line, name=name) for name in _LINES},
    "change": _change,
    "antibody_state": _antibody_state,
    "missing": _missing,
    "next": _next,
    "reasons": _reasons,
}

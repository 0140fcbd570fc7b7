"""The figures an assessment hands over, in words: what sentences are filled with.

A figure that is absent or not a number stays absent, and the sentence does without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import partial

from cds_service.cards.escape import is_harmless, plain_text
from cds_service.cards.numbers import shown
from cds_service.cards.wording_classes import ANOTHER_COURSE, CLASSES, LINE_CLASSES
from cds_service.cards.wording_requests import MISSING
from cds_service.cards.wording_vetoes import veto_wording
from cds_service.case.measures import TURNED
from cds_service.case.model import Comparator
from cds_service.guideline.assessment import SAID, Assessment
from cds_service.guideline.shares import percent

_MARKUP = re.compile(r"[\\`*_\[\]|~#{}]")
_MORE_OR_LESS: dict[Comparator, str] = {**SAID, "<": "less than ", ">": "more than "}
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_UNIT = {"MN": "g/d", "LN": "g/g"}
_ANTIBODY = {"NEG": "anti-PLA2R gone", "LOW": "anti-PLA2R low", "NA": "PLA2R-negative disease"}

_SHARES = ("reduction", "egfr_fall", "creatinine_rise", "cni_egfr_fall", "trough_share", "dose_fraction")
_PLAIN: dict[str, Callable[[float], str]] = {
    **dict.fromkeys(_SHARES, percent),
    "egfr": shown,
    "egfr_reference": shown,
    "albumin": lambda value: f"{shown(value)} g/L",
    "antibody_value": lambda value: f"{shown(value)} RU/mL",
    "cd19_lowest": lambda value: f"{shown(value)}/µL",
    "rtx_dose_g": lambda value: f"{shown(value)} g",
    "cyc_cumulative_g": lambda value: f"{shown(value)} g",
    "mpaa_dose_g": lambda value: f"{shown(value)} g",
    "days": lambda value: str(int(value)),
    "seen": lambda value: str(int(value)),
    "cyc_days": lambda value: str(int(value)),
    "antibody_days": lambda value: str(int(value)),
    "reduced_days": lambda value: str(int(value)),
    "failed_count": lambda value: _COUNTS.get(int(value), str(int(value))),
}
_PROTEINURIA = ("current", "baseline", "nadir")
_TIMES = {"time": "seen", "antibody_time": "antibody_days", "reduced_time": "reduced_days"}
_LINES = ("line", "failed")
_WORDS = ("check", "ln_class")


class Figures(dict[str, str]):
    """The figures of one assessment in words, each written when a sentence first asks for it.

    Also those derived from them (change, time, antibody_state, ...). A figure without a value is "".
    """

    __slots__ = ("_assessment",)

    def __init__(self, assessment: Assessment) -> None:
        self._assessment = assessment

    def __missing__(self, name: str) -> str:
        writer = _WRITERS.get(name)
        text = self[name] = writer(self._assessment) if writer else ""
        return text


def shown_figures(assessment: Assessment) -> dict[str, str]:
    """All figures of the assessment in words; one without a value is absent."""
    figures = Figures(assessment)
    return {name: text for name in _WRITERS if (text := figures[name])}


def duration(days: int) -> str:
    """Days below two months, months of 30 days above (a card says months, the table has the dates)."""
    return f"{days} days" if days < 60 else f"{round(days / 30)} months"


def line_names(codes: str) -> str:
    """Class codes in words: `CNI, CYC` becomes `CNI and cyclophosphamide`."""
    if codes in LINE_CLASSES:
        return LINE_CLASSES[codes]
    return joined(LINE_CLASSES.get(code, code) for code in re.split(r"[,;+/\s]+", codes) if code)


def joined(words: Iterable[str]) -> str:
    """a, b and c."""
    *others, last = dict.fromkeys(words) or ("",)
    return f"{', '.join(others)} and {last}" if others else last


def moved(reduction: float, sign: Comparator, fell: str, rose: str) -> str:
    """By how much proteinuria fell, or rose where negative; a share with a sign may be more, or the opposite."""
    if reduction < 0:
        reduction, sign, fell, rose = -reduction, TURNED[sign], rose, fell
    other = f" or {rose}" if sign[:1] == "<" else ""
    return f"{fell} {_MORE_OR_LESS[sign]}{percent(reduction)}{other}"


def repeats_rituximab(assessment: Assessment) -> bool:
    """A second course (MN-09, MN-21) is said as such: "consider rituximab" would read as a mistake."""
    if assessment.next_class != "RTX":
        return False
    return "RTX" in [code for line in assessment.lines for code in line.classes]


def _change(assessment: Assessment) -> str:
    reduction = _number("reduction", assessment)
    if reduction is None:
        return ""
    sign = assessment.signs.get("reduction", "")
    if not sign and -0.005 < reduction < 0.005:
        return "did not change"
    return moved(reduction, sign, "fell", "rose")


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
    antibody = _word("antibody", assessment)
    if antibody == "POS":
        value = _plain("antibody_value", assessment)
        return f"anti-PLA2R persists at {value}" if value else "anti-PLA2R persists"
    return _ANTIBODY.get(antibody, "")


def _plain(name: str, assessment: Assessment) -> str:
    value = _number(name, assessment)
    if value is None:
        return ""
    words = _MORE_OR_LESS if name in _SHARES else SAID
    return words[assessment.signs.get(name, "")] + _PLAIN[name](value)


def _proteinuria(name: str, assessment: Assessment) -> str:
    value = _number(name, assessment)
    unit = _word("current_unit", assessment) or _UNIT.get(assessment.disease or "", "")
    return "" if value is None else f"{SAID[assessment.signs.get(name, '')]}{shown(value)} {unit}".strip()


def _time(name: str, assessment: Assessment) -> str:
    days = _number(_TIMES[name], assessment)
    return "" if days is None else duration(int(days))


def _line(name: str, assessment: Assessment) -> str:
    return line_names(_word(name, assessment))


def _number(name: str, assessment: Assessment) -> float | None:
    value = assessment.figures.get(name)
    return None if value is None or isinstance(value, str) or not math.isfinite(value) else value


def _word(name: str, assessment: Assessment) -> str:
    value = assessment.figures.get(name)
    return _safe(value) if isinstance(value, str) else ""


def _safe(word: str) -> str:
    if is_harmless(word, 60):
        return word
    return plain_text(_MARKUP.sub(" ", word), 60)


_WRITERS: dict[str, Callable[[Assessment], str]] = {
    **{name: partial(_plain, name) for name in _PLAIN},
    **{name: partial(_proteinuria, name) for name in _PROTEINURIA},
    **{name: partial(_time, name) for name in _TIMES},
    **{name: partial(_word, name) for name in _WORDS},
    **{name: partial(_line, name) for name in _LINES},
    "change": _change,
    "antibody_state": _antibody_state,
    "missing": _missing,
    "next": _next,
    "reasons": _reasons,
}

"""Current values, baselines, trends and the antibody (clinical-spec 2.2, 4, 6.1)."""

from __future__ import annotations

from tests.oracle.exposure import at_least, below
from tests.oracle.facts import Chart, Value


def proteinuria(chart: Chart) -> list[Value]:
    """2.2: 24 h values plus UPCR; on one day the 24 h value wins."""
    full = chart.series("proteinuria_24h")
    days = {v.day for v in full}
    spots = [Value(v.day, v.value, True) for v in chart.series("upcr") if v.day not in days]
    return sorted([*full, *spots], key=lambda v: v.day)


def current_proteinuria(chart: Chart) -> Value | None:
    """2.2: newest within 90 d; a 24 h value at most 14 d before a UPCR is preferred (itself not stale)."""
    fresh = [v for v in proteinuria(chart) if v.day >= -90]
    if not fresh:
        return None
    newest = fresh[-1]
    if newest.spot:
        near = [v for v in fresh if not v.spot and newest.day - v.day <= 14]
        return near[-1] if near else newest
    return newest


def baseline(values: list[Value], start: int) -> Value | None:
    """2.2: the baseline of a quantity for a line that starts on a day."""
    for low, high, newest_first in ((-90, 7, True), (-180, -91, True), (8, 30, False)):
        fitting = [v for v in values if start + low <= v.day <= start + high]
        full = [v for v in fitting if not v.spot]
        chosen = full or fitting
        if chosen:
            return chosen[-1] if newest_first else chosen[0]
    return None


def oldest(values: list[Value], low: int, high: int) -> Value | None:
    fitting = [v for v in values if low <= v.day <= high]
    return fitting[0] if fitting else None


def nearest(values: list[Value], day: int, within: int) -> Value | None:
    fitting = [v for v in values if abs(v.day - day) <= within]
    return min(fitting, key=lambda v: abs(v.day - day)) if fitting else None


def trend(chart: Chart, ref: Value | None) -> str:
    """4: STABLE, DECLINING, UNCONFIRMED or UNKNOWN against a reference."""
    now = chart.newest("egfr", 90)
    if ref is None or now is None or now.day - ref.day < 28:
        return "UNKNOWN"
    if not at_least(1 - now.value / ref.value, 0.20):
        return "STABLE"
    between = [v for v in chart.series("egfr") if now.day - 180 <= v.day <= now.day - 14 and v.day > ref.day]
    if between and at_least(1 - between[-1].value / ref.value, 0.20):
        return "DECLINING"
    return "UNCONFIRMED"


def line_reference(chart: Chart, start: int) -> Value | None:
    """4: the reference of the trend on a line."""
    if start >= -730:
        return baseline(chart.series("egfr"), start)
    return oldest(chart.series("egfr"), -730, -90)


def fall(chart: Chart, ref: Value | None) -> float:
    now = chart.newest("egfr", 90)
    return 1 - now.value / ref.value if ref and now else 0.0


def pla2r_disease(chart: Chart) -> bool | None:
    """4, row antibody NA."""
    elisa = [v.value for v in chart.series("anti_pla2r_elisa")]
    iif = [w for _, w in chart.words.get("anti_pla2r_iif", [])]
    stain = [w for _, w in chart.words.get("pla2r_stain", [])]
    if any(at_least(v, 14) for v in elisa) or "positive" in iif or "positive" in stain:
        return True
    blood_negative = any(below(v, 2) for v in elisa) or "negative" in iif
    return False if blood_negative and "negative" in stain else None


def antibody(chart: Chart) -> str:
    """POS, NEG, LOW, NA or MISSING (4, R-05, R-26)."""
    if pla2r_disease(chart) is False:
        return "NA"
    elisa = chart.newest("anti_pla2r_elisa", 120)
    anchor = elisa.day if elisa else 0
    near = [w for d, w in chart.words.get("anti_pla2r_iif", []) if abs(d - anchor) <= 30 and d >= -120]
    iif = near[-1] if near else ""
    if iif == "positive" or (elisa and at_least(elisa.value, 14)):
        return "POS"
    if iif == "negative" or (elisa and below(elisa.value, 2)):
        return "NEG"
    return "LOW" if elisa else "MISSING"


def antibody_free_days(chart: Chart) -> int:
    """4: days since the first result of the current run of negative results."""
    iif = chart.words.get("anti_pla2r_iif", [])
    results = [(d, w == "negative") for d, w in iif]
    for v in chart.series("anti_pla2r_elisa"):
        backed = any(w == "negative" and abs(d - v.day) <= 30 for d, w in iif)
        results.append((v.day, below(v.value, 2) or (below(v.value, 14) and backed)))
    first = 0
    for day, negative in sorted(results, reverse=True):
        if not negative:
            break
        first = day
    return -first


def non_adherent(chart: Chart, classes: set[str], reason: str) -> bool:
    """5.3 and 3.2: the newest adherence answer within 180 d, a not-taken record of the line, or its end reason."""
    not_taken = any(therapy in classes and day >= -180 for therapy, day in chart.not_taken)
    return chart.word("adherence", 180) == "non-adherent" or reason == "non-adherence" or not_taken


def pregnant(chart: Chart) -> bool:
    return chart.has("pregnancy") or chart.word("pregnancy_test", 30) == "positive"


def yes(chart: Chart, measure: str) -> bool:
    return chart.word(measure, None) in {"yes", "positive"}

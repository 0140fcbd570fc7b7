"""A vignette as plain values: filtered, converted and sorted (clinical-spec 1, 2 and 3.2).

Written from the specification alone, as a second opinion on the engine: it shares no code with it.
Days are offsets from the index date (day 0), negative in the past.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

INDEX = date(2026, 11, 22)
EPS = 1e-9

# 3.1 drug to class
CLASS_OF = {
    "rituximab": "RTX", "obinutuzumab": "CD20_2G", "ofatumumab": "CD20_2G",
    "cyclophosphamide": "CYC", "chlorambucil": "CYC",
    "tacrolimus": "CNI", "cyclosporine": "CNI", "voclosporin": "CNI",
    "mycophenolate_mofetil": "MPAA", "mycophenolic_acid": "MPAA",
    "azathioprine": "AZA", "belimumab": "BEL", "leflunomide": "LEF",
    "daratumumab": "ANTI_CD38", "isatuximab": "ANTI_CD38", "felzartamab": "ANTI_CD38",
    "bortezomib": "PI", "anifrolumab": "ANIF",
    "prednisone": "GC", "prednisolone": "GC", "methylprednisolone": "GC",
    "hydroxychloroquine": "HCQ", "acei": "RASI", "arb": "RASI", "sglt2i": "SGLT2",
    "hbv_antiviral": "HBVRX",
}  # fmt: skip

# 2.1 accepted units (factor to canonical) and plausible range
UPCR_MOLAR = 1 / 113.12
NUMBERS: dict[str, tuple[float, float, dict[str, float]]] = {
    "proteinuria_24h": (0.01, 50, {"g/d": 1, "mg/d": 0.001}),
    "upcr": (0.01, 50, {"g/g": 1, "mg/mg": 1, "mg/g": 0.001, "mg/mmol": UPCR_MOLAR, "g/mol": UPCR_MOLAR}),
    "albumin": (5, 60, {"g/L": 1, "g/dL": 10, "umol/L": 0.0665}),
    "creatinine": (20, 2000, {"umol/L": 1, "mg/dL": 88.4}),
    "egfr": (1, 200, {"mL/min/1.73m2": 1}),
    "anti_pla2r_elisa": (0, 20000, {"RU/mL": 1}),
    "c3": (0.05, 4, {"g/L": 1, "mg/dL": 0.01}),
    "c4": (0.005, 2, {"g/L": 1, "mg/dL": 0.01}),
    "cd19_count": (0, 3000, {"cells/uL": 1, "10*9/L": 1000}),
    "igg": (0.1, 60, {"g/L": 1, "mg/dL": 0.01}),
    "tacrolimus_trough": (0, 60, {"ng/mL": 1, "ug/L": 1}),
    "cyclosporine_trough": (0, 2000, {"ng/mL": 1, "ug/L": 1}),
    "wbc": (0.1, 200, {"10*9/L": 1, "/uL": 0.001}),
    "neutrophils": (0, 150, {"10*9/L": 1, "/uL": 0.001}),
    "sbp": (50, 300, {"mm[Hg]": 1}),
    "dbp": (20, 200, {"mm[Hg]": 1}),
    "weight": (20, 350, {"kg": 1}),
    "kidney_length": (0, 1e9, {"cm": 1, "mm": 0.1}),
    "crescents_pct": (0, 100, {"%": 1}),
    "ln_activity_index": (0, 24, {"": 1, "{score}": 1}),
    "ln_chronicity_index": (0, 12, {"": 1, "{score}": 1}),
    "cyc_cumulative_prior": (0, 1e9, {"g": 1}),
}
WORDS = {
    "anti_pla2r_iif", "hbsag", "anti_hbc", "pregnancy_test", "pla2r_stain", "anti_rituximab_ab", "ln_class",
    "fibrinoid_necrosis", "tma_on_biopsy", "sediment_active", "adherence", "fertility_wish",
}  # fmt: skip

KEPT_OBSERVATION = {"final", "amended", "corrected"}
DROPPED_MEDICATION = {
    "entered-in-error", "not-taken", "not-done", "intended", "draft", "cancelled", "unknown", "preparation", "on-hold",
}  # fmt: skip
ORDER_INTENTS = {"order", "original-order", "instance-order", "filler-order"}
RANK = {"MedicationAdministration": 3, "MedicationStatement": 2, "MedicationRequest": 1}


@dataclass(frozen=True, slots=True)
class Value:
    """One canonical number on one day. `spot` marks a UPCR inside a proteinuria series."""

    day: int
    value: float
    spot: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One medication record that counts (3.2). `per` is day, administration, administration-m2 or empty.

    `dated` is False when its first or last day is not told; then `start` and `end` are the days that are sure.
    """

    agent: str
    therapy: str
    rank: int
    start: int
    end: int | None
    dose: float | None = None
    per: str = ""
    reason: str = ""
    dated: bool = True

    @property
    def last(self) -> int:
        return 0 if self.end is None else self.end


@dataclass(frozen=True, slots=True)
class Problem:
    concept: str
    onset: int | None
    clinical: str
    verification: str

    @property
    def current(self) -> bool:
        return self.clinical in {"", "active", "recurrence", "relapse"}


@dataclass(slots=True)
class Chart:
    """Everything of one vignette that may be used."""

    sex: str
    age: int
    numbers: dict[str, list[Value]] = field(default_factory=dict)
    words: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    not_taken: list[tuple[str, int]] = field(default_factory=list)
    unplaced: set[str] = field(default_factory=set)
    allergies: set[str] = field(default_factory=set)
    procedures: list[tuple[str, int]] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    doubles: list[tuple[str, Value]] = field(default_factory=list)

    def series(self, measure: str) -> list[Value]:
        return self.numbers.get(measure, [])

    def newest(self, measure: str, max_age: int | None) -> Value | None:
        """2.1 column max age: stale is missing."""
        kept = [v for v in self.series(measure) if max_age is None or v.day >= -max_age]
        return kept[-1] if kept else None

    def word(self, measure: str, max_age: int | None) -> str | None:
        kept = [w for d, w in self.words.get(measure, []) if max_age is None or d >= -max_age]
        return kept[-1] if kept else None

    def has(self, concept: str) -> bool:
        return any(p.concept == concept and p.current for p in self.problems)

    def biopsy_day(self) -> int | None:
        days = [d for c, d in self.procedures if c == "kidney_biopsy"] + [d for d, _ in self.words.get("ln_class", [])]
        return max(days) if days else None


def read(vignette: dict[str, Any]) -> Chart:
    """The chart of a vignette after the status filters, conversions and plausibility limits."""
    chart = Chart(sex=vignette["patient"]["sex"], age=vignette["patient"]["age"])
    readers = {"Observation": _observation, "Condition": _condition, "AllergyIntolerance": _allergy}
    for fact in vignette["facts"]:
        when = fact.get("day", fact.get("start", fact.get("onset")))
        if when is not None and when > 0:
            continue  # 1: facts dated after D0 are ignored
        if fact["r"] in RANK:
            _medication(chart, fact)
        elif fact["r"] == "Procedure":
            if fact.get("status", "completed") == "completed":
                chart.procedures.append((fact["concept"], fact["day"]))
        else:
            readers[fact["r"]](chart, fact)
    return chart


def _observation(chart: Chart, fact: dict[str, Any]) -> None:
    concept, day = fact["concept"], fact["day"]
    if fact.get("status", "final") not in KEPT_OBSERVATION:
        return  # R-16
    if concept in WORDS:
        others = [(d, w) for d, w in chart.words.get(concept, []) if d != day]
        chart.words[concept] = sorted([*others, (day, str(fact["value"]))])
        return
    if concept not in NUMBERS:
        return  # distractors such as urine albumin/creatinine ratio
    low, high, units = NUMBERS[concept]
    factor = units.get(fact.get("unit", ""))
    if factor is None:
        chart.notes.add("UNIT_REJECTED")
        return
    value = fact["value"] * factor
    if not low - EPS <= value <= high + EPS:
        chart.notes.add("PLAUSIBILITY_REJECTED")
        return
    if concept == "albumin" and fact.get("method") in {"BCP", "immunometric"}:
        value += 5  # 2.1, C-11
    others_n = [v for v in chart.series(concept) if v.day != day]  # R-04: the last one in the file wins
    chart.doubles += [(concept, v) for v in chart.series(concept) if v.day == day]
    chart.numbers[concept] = sorted([*others_n, Value(day, value)], key=lambda v: v.day)


def _condition(chart: Chart, fact: dict[str, Any]) -> None:
    verification = fact.get("verification", "")
    if verification in {"refuted", "entered-in-error"}:
        return
    chart.problems.append(Problem(fact["concept"], fact.get("onset"), fact.get("clinical", ""), verification))


def _allergy(chart: Chart, fact: dict[str, Any]) -> None:
    if fact.get("clinical", "") == "active" and fact.get("verification", "") in {"confirmed", "unconfirmed"}:
        chart.allergies.add(fact["concept"])


def what_is_told(fact: dict[str, Any]) -> str:
    """Of a drug record: all, only its start or its end, nothing of its days, or no name."""
    ended = fact.get("status") in {"stopped", "completed"} and "start" in fact and fact.get("end") is None
    return str(fact.get("told", "start" if ended else "all"))


def _medication(chart: Chart, fact: dict[str, Any]) -> None:
    therapy = CLASS_OF.get(fact["concept"])
    told = what_is_told(fact)
    if told in {"nothing", "no name"}:  # decision 10: a record that cannot be placed may be a line
        chart.unplaced.add("any" if told == "no name" else therapy or "")
        return
    if therapy is None:
        return
    status = fact.get("status", "completed")
    start = fact["day"] if "day" in fact else fact["start"]
    if status in {"not-taken"}:
        chart.not_taken.append((therapy, start))  # 3.2: evidence of non-adherence, not exposure
    if status in DROPPED_MEDICATION:
        return
    if fact["r"] == "MedicationRequest" and fact.get("intent", "order") not in ORDER_INTENTS:
        return
    end = fact["day"] if "day" in fact else fact.get("end")
    if told == "start":
        end = start
    if told == "end" and end is not None:
        start = end
    unit = fact.get("dose_unit", "")
    dose = fact.get("dose")
    milligrams = None if dose is None else dose * (1000 if unit.startswith("g") else 1)
    per = {"mg/d": "day", "g/d": "day", "mg": "administration", "g": "administration", "mg/m2": "administration-m2"}
    chart.records.append(
        Record(
            fact["concept"],
            therapy,
            RANK[fact["r"]],
            start,
            end,
            milligrams,
            per.get(unit, ""),
            fact.get("reason", ""),
            told == "all",
        )
    )


def fill_egfr(chart: Chart) -> None:
    """2.1: reported eGFR, else CKD-EPI 2021 from the creatinine of that day, at the age on that day (R-14)."""
    reported = {v.day for v in chart.series("egfr")}
    computed = [
        Value(v.day, ckd_epi(v.value, chart.sex, age_on(chart.age, v.day)))
        for v in chart.series("creatinine")
        if v.day not in reported
    ]
    chart.numbers["egfr"] = sorted([*chart.series("egfr"), *computed], key=lambda v: v.day)


def age_on(age: int, day: int) -> int:
    """Whole years on a day, the birth date being the index date minus `age` years minus 100 days."""
    born = INDEX.replace(year=INDEX.year - age) - timedelta(days=100)
    then = INDEX + timedelta(days=day)
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))


def ckd_epi(creatinine: float, sex: str, age: int) -> float:
    """mL/min/1.73 m2 from umol/L (2.1)."""
    k, a, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    ratio = creatinine / 88.4 / k
    return float(142 * min(ratio, 1.0) ** a * max(ratio, 1.0) ** -1.200 * 0.9938**age * factor)

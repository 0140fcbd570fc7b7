"""The raw facts of a chart as the prohibitions read them; nothing here is asked of the engine."""

from __future__ import annotations

from datetime import date

from cds_service.case.model import Case, Condition, Exposure, Finding, Quantity
from tests.guideline.patients import TODAY

AGENT_CLASS = {
    "rituximab": "RTX", "obinutuzumab": "CD20_2G", "ofatumumab": "CD20_2G", "cyclophosphamide": "CYC",
    "chlorambucil": "CYC", "tacrolimus": "CNI", "cyclosporine": "CNI", "voclosporin": "CNI",
    "mycophenolate_mofetil": "MPAA", "mycophenolic_acid": "MPAA", "azathioprine": "AZA", "belimumab": "BEL",
}  # fmt: skip
NOT_ACTIVE = {"inactive", "resolved", "remission"}


class Chart:
    """The raw facts of a chart, as far as they are known today."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def newest(self, measure: str, max_age: int = 100_000) -> Quantity | None:
        seen = [q for q in self.case.series(measure) if TODAY - max_age <= q.day <= TODAY]
        return seen[-1] if seen else None

    def word(self, measure: str, max_age: int = 100_000) -> str:
        seen: list[Finding] = [f for f in self.case.answers(measure) if f.day <= TODAY]
        return seen[-1].value if seen and TODAY - seen[-1].day <= max_age else ""

    def has(self, concept: str) -> bool:
        """An entry that is certainly established and ongoing."""
        return any(c.concept == concept and self._certain(c) for c in self.case.conditions)

    @staticmethod
    def _certain(c: Condition) -> bool:
        known = c.onset is None or c.onset.last <= TODAY
        return known and c.ended is None and c.clinical not in NOT_ACTIVE and c.verification in {"confirmed", ""}

    @property
    def records(self) -> list[Exposure]:
        return [e for e in self.case.exposures if e.start <= TODAY]

    def taking(self, *agents: str) -> bool:
        return any(e.agent in agents and (e.end is None or e.end > TODAY) for e in self.records)

    @property
    def pregnant(self) -> bool:
        return self.has("pregnancy") or self.word("pregnancy_test", 30) == "positive"

    @property
    def years(self) -> int:
        assert self.case.patient.born is not None
        born, today = date.fromordinal(self.case.patient.born.last), date.fromordinal(TODAY)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @property
    def cyclophosphamide_at_least(self) -> float:
        """Grams that are certain: the recorded total and every distinct dose given."""
        prior = self.newest("cyc_cumulative_prior")
        given = {
            (e.start, e.dose.milligrams)
            for e in self.records
            if e.agent == "cyclophosphamide"
            and e.kind == "administration"
            and e.dose
            and e.dose.per != "administration-m2"
        }
        by_day = {day: max(mg for other, mg in given if other == day) for day, _ in given}
        known = prior.value if prior is not None and prior.bound not in {"<", "<="} else 0.0
        return known + sum(by_day.values()) / 1000

    @property
    def refused(self) -> set[str]:
        """Classes with an allergy or intolerance on record, or left for intolerance and never taken up again."""
        found = {AGENT_CLASS[a.agent] for a in self.case.allergies if a.agent in AGENT_CLASS}
        for e in self.records:
            of_class = [x for x in self.records if AGENT_CLASS.get(x.agent) == AGENT_CLASS.get(e.agent, "none")]
            ended = e.end is not None and e.end <= TODAY and e.reason == "intolerance"
            if ended and all(x is e or (x.end is not None and e.end is not None and x.end < e.end) for x in of_class):
                found.add(AGENT_CLASS.get(e.agent, ""))
        return found - {""}

    @property
    def antibody_gone(self) -> bool:
        """PLA2R disease shown by stain, antibody now below 2 RU/mL, nothing by immunofluorescence."""
        now = self.newest("anti_pla2r_elisa", 120)
        stained = any(f.value == "positive" and f.day <= TODAY for f in self.case.answers("pla2r_stain"))
        return (
            stained and now is not None and not now.bound and now.value < 2 and not self.case.answers("anti_pla2r_iif")
        )


def certainly_below(value: Quantity, limit: float, *, inclusive: bool) -> bool:
    """Whether whatever the value may be is below the limit (or at it)."""
    if value.bound in {">", ">="}:
        return False
    return value.value < limit or (value.value == limit and (inclusive or value.bound == "<"))


def at_most(value: Quantity | None, limit: float) -> bool:
    """Whether a known value is certainly not above the limit."""
    return value is not None and value.bound not in {">", ">="} and value.value <= limit


def at_least(value: Quantity | None, limit: float) -> bool:
    """Whether a known value is certainly not below the limit."""
    return value is not None and value.bound not in {"<", "<="} and value.value >= limit

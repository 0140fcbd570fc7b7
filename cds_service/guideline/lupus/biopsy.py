"""What the newest kidney biopsy says in lupus nephritis."""

from __future__ import annotations

from cds_service.case.lazy import lazy
from cds_service.case.model import Day, Finding
from cds_service.guideline.response import ResponsePicture

BIOPSY_AGE = 365


class BiopsyPicture(ResponsePicture):
    """The part of the picture that only biopsies make. `class_finding` is the newest class."""

    __slots__ = ("class_finding",)

    class_finding: Finding | None

    @lazy
    def classes(self) -> frozenset[str]:
        """The class as a set: {"III", "V"} for III+V; empty when unknown."""
        return frozenset() if self.class_finding is None else frozenset(self.class_finding.value.split("+"))

    @property
    def membranous(self) -> bool:
        """Class V without III or IV."""
        return "V" in self.classes and not self.classes & {"III", "IV"}

    @lazy
    def biopsy_day(self) -> Day:
        """The day of the newest biopsy that is known."""
        days = [x.day for x in self.case.procedures if x.concept == "kidney_biopsy" and x.day is not None]
        assert self.class_finding is not None  # noqa: S101 - step 1 has answered otherwise
        days.append(self.class_finding.day)
        return max(days)

    def on_biopsy(self, measure: str, max_age: int) -> Finding | None:
        """A positive biopsy finding not older than that."""
        answer = self.newest_answer(measure, max_age)
        return answer if answer is not None and answer.value in {"positive", "yes"} else None

"""Anti-PLA2R now and over time: negative, low, positive, or not a PLA2R disease at all (clinical-spec section 4)."""

from __future__ import annotations

from typing import Literal

from cds_service.case.lazy import lazy
from cds_service.case.model import Day, Finding, Quantity
from cds_service.guideline.response import ResponsePicture

AntibodyState = Literal["NEG", "LOW", "POS", "NA", "UNKNOWN"]


class AntibodyPicture(ResponsePicture):
    """The part of the picture that only the antibody results make."""

    __slots__ = ("antibody", "elisa", "immunofluorescence", "pla2r_disease")

    def look(self) -> None:
        """Look at the antibody, too."""
        super().look()
        self.elisa = self._elisa()
        self.immunofluorescence = self._immunofluorescence()
        self.pla2r_disease = self._pla2r_disease()
        self.antibody = self._antibody()

    def _elisa(self) -> Quantity | None:
        """Current anti-PLA2R by ELISA."""
        return self.newest("anti_pla2r_elisa", self.thresholds.antibody_age)

    def _immunofluorescence(self) -> Finding | None:
        """The newest IIF within 30 d of the ELISA, or of today when there is none (R-26)."""
        anchor = self.today if self.elisa is None else self.elisa.day
        for answer in reversed(self.case.answers("anti_pla2r_iif")):
            near = abs(answer.day - anchor) <= self.thresholds.antibody_pairing
            if near and self.age(answer.day) <= self.thresholds.antibody_age:
                return answer
        return None

    def _pla2r_disease(self) -> bool | None:
        """Whether the disease carries the antibody at all; None while that cannot be told."""
        elisa = [value.value for value in self.case.series("anti_pla2r_elisa")]
        words = [answer.value for answer in self.case.answers("anti_pla2r_iif")]
        stains = [answer.value for answer in self.case.answers("pla2r_stain")]
        if "positive" in words or "positive" in stains:
            return True
        if elisa and max(elisa) >= self.thresholds.antibody_positive:
            return True
        if "negative" not in stains:
            return None
        blood_negative = "negative" in words or (bool(elisa) and min(elisa) < self.thresholds.antibody_negative)
        return False if blood_negative else None

    def _antibody(self) -> AntibodyState:
        """The antibody now: negative, low, positive, not applicable, or unknown (R-05)."""
        if self.pla2r_disease is False:
            return "NA"
        word = self.immunofluorescence.value if self.immunofluorescence else ""
        if self.elisa is None:
            return {"positive": "POS", "negative": "NEG"}.get(word, "UNKNOWN")  # type: ignore[return-value]
        if word == "positive" or self.elisa.value >= self.thresholds.antibody_positive:
            return "POS"
        if word == "negative" or self.elisa.value < self.thresholds.antibody_negative:
            return "NEG"
        return "LOW"

    @lazy
    def days_without_antibody(self) -> int:
        """Days since the first result of the current run of negative results."""
        results: dict[Day, bool] = {}
        for value in self.case.series("anti_pla2r_elisa"):
            results[value.day] = value.value < self.thresholds.antibody_negative
        low = {v.day for v in self.case.series("anti_pla2r_elisa") if v.value < self.thresholds.antibody_positive}
        for answer in self.case.answers("anti_pla2r_iif"):
            agreeing = answer.day in low or answer.day not in results
            results[answer.day] = answer.value == "negative" and agreeing
        first = self.immunofluorescence.day if self.immunofluorescence else self.today
        for day in sorted(results, reverse=True):
            if not results[day]:
                break
            first = day
        return self.age(first)

    def use_first_negative(self) -> None:
        """Remember the result since which the antibody has been gone, where it is not the newest one."""
        first = self.today - self.days_without_antibody
        newest = [seen.day for seen in (self.elisa, self.immunofluorescence) if seen is not None]
        if first in newest:
            return
        for value in self.case.series("anti_pla2r_elisa"):
            if value.day == first:
                self.use(value, "first negative")
        for answer in self.case.answers("anti_pla2r_iif"):
            if answer.day == first:
                self.use_finding(answer, "first negative")

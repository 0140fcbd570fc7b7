"""How the kidney takes the calcineurin inhibitor: creatinine, or eGFR where creatinine is not on record."""

from __future__ import annotations

from cds_service.case import measures
from cds_service.case.lazy import lazy
from cds_service.case.model import Quantity
from cds_service.case.segments import Segment
from cds_service.guideline.membranous.antibody import AntibodyPicture
from cds_service.guideline.shares import percent

CREATININE_EXPONENT = 1.2


class KidneyOnCniPicture(AntibodyPicture):
    """The part of the picture about the calcineurin inhibitor of the last line, `cni`, while it is being taken."""

    __slots__ = ("cni",)

    cni: Segment | None

    @lazy
    def creatinine_pair(self) -> tuple[Quantity, Quantity] | None:
        """Creatinine before the calcineurin inhibitor and now; None unless both are on record. Asked on one only."""
        assert self.cni is not None  # noqa: S101 - nobody asks without one
        now = self.newest("creatinine", self.thresholds.laboratory_age)
        before = measures.baseline(self.case.series("creatinine"), self.cni.start)
        return None if now is None or before is None else (before, now)

    @lazy
    def egfr_before_cni(self) -> Quantity | None:
        """The eGFR before the calcineurin inhibitor where it stands in for creatinine; else None. Asked on one only."""
        assert self.cni is not None  # noqa: S101 - nobody asks without one
        return None if self.creatinine_pair else measures.baseline(self.egfr, self.cni.start)

    @lazy
    def creatinine_rise(self) -> float | None:
        """Creatinine now as a multiple of its level before the calcineurin inhibitor; from eGFR without one."""
        if self.cni is None:
            return None
        if self.creatinine_pair:
            before, now = self.creatinine_pair
            self.use(now, "current")
            self.use(before, "before the calcineurin inhibitor")
            return now.value / before.value
        if self.egfr_before_cni is None or self.egfr_now is None:
            return None
        rise: float = (self.egfr_before_cni.value / self.egfr_now.value) ** (1 / CREATININE_EXPONENT)
        return rise

    @property
    def cni_toxic(self) -> bool:
        """Creatinine up by more than 20 % on the calcineurin inhibitor."""
        return self.creatinine_rise is not None and self.creatinine_rise > self.thresholds.cni_creatinine_rise + 1e-9

    @property
    def cni_toxicity_seen(self) -> str:
        """What the toxicity step saw."""
        if self.cni is None:
            return "no calcineurin inhibitor is being taken"
        if self.creatinine_rise is None:
            return "no creatinine to compare with the one before the calcineurin inhibitor"
        injury = "; acute kidney injury is coded" if self.kidney_injury else ""
        up = self.creatinine_rise - 1
        moved = f"{'down' if up < 0 else 'up'} {percent(abs(up))} on the calcineurin inhibitor"
        if self.egfr_before_cni is None:
            return f"creatinine {moved}{injury}"
        assert self.egfr_now is not None  # noqa: S101 - the rise was reckoned from it
        before, now = self.egfr_before_cni.value, self.egfr_now.value
        return f"creatinine not on record twice; eGFR {before:g} to {now:g} stands for a creatinine {moved}{injury}"

"""How proteinuria has moved since the start of the line that counts: what both diseases ask first."""

from __future__ import annotations

from cds_service.case import measures
from cds_service.case.lazy import lazy
from cds_service.case.lines import Line
from cds_service.case.measures import at_least
from cds_service.case.model import Quantity
from cds_service.guideline.picture import Picture
from cds_service.guideline.shares import percent


class ResponsePicture(Picture):
    """The part of the picture that compares proteinuria now with proteinuria at the start of the line."""

    __slots__ = ("baseline", "reduction")

    baseline: Quantity | None
    reduction: float | None

    @property
    def current_value(self) -> float:
        """Current proteinuria in g/d or g/g. Only asked for once a row has found one."""
        assert self.current is not None  # noqa: S101 - the row about missing values has answered otherwise
        return self.current.value

    def _reduction(self) -> float | None:
        """By which share proteinuria has fallen since the start of the line; None without a baseline."""
        if self.baseline is None or self.current is None:
            return None
        return measures.reduction(self.current.value, self.baseline.value)

    @lazy
    def reduction_seen(self) -> str:
        """The fall, or the rise, in words."""
        if self.reduction is None:
            return "no baseline"
        return f"rose {percent(-self.reduction)}" if self.reduction < 0 else f"fell {percent(self.reduction)}"

    def reduced_by(self, share: float) -> bool:
        """Whether the fall is known and at least this share."""
        return self.reduction is not None and at_least(self.reduction, share)

    def left_early_for_intolerance(self, line: Line) -> bool:
        """Whether the line ended for intolerance before it could be judged in full: then it has not failed."""
        return line.reason == "intolerance" and line.end is not None and line.end - line.start < self.thresholds.full

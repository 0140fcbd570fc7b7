"""Whether a clinician has signed the knowledge, and until when it may be trusted: the words of source line and foot.

Days are ordinals (`date.toordinal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cds_service.cards.escape import chart_text, plain_text

UNSIGNED = "No clinician has signed this knowledge yet."
_LONGEST_NAME = 100
_WORDINGS = 64


@dataclass(frozen=True, slots=True)
class Approval:
    """What a site's sign-off says about the knowledge that answers. Nobody has signed: `who` is empty.

    `signed` is the version that was signed, `on` the day. `differs` says what runs instead of what was signed: then
    nothing is signed, and the card says so. `review_by` is the last day on which the knowledge counts as reviewed.
    """

    who: str = ""
    on: date | None = None
    signed: str = ""
    differs: str = ""
    review_by: date | None = None

    def holds(self, day: int) -> bool:
        """Is the knowledge signed as it runs, on that day?"""
        return bool(self.who) and not self.differs and self.on is not None and self.on.toordinal() <= day

    def is_overdue(self, day: int) -> bool:
        """Is the day behind the last one on which the knowledge counts as reviewed?"""
        return self.review_by is not None and day > self.review_by.toordinal()


NOT_SIGNED = Approval()


@lru_cache(maxsize=_WORDINGS)
def in_source_line(approval: Approval, day: int) -> str:
    """For the end of the source line, which every client shows."""
    said = "not yet signed by a clinician"
    if approval.holds(day):
        said = f"signed by {plain_text(approval.who, _LONGEST_NAME)} on {approval.on}"
    elif approval.differs:
        said = f"not signed as it runs: {approval.differs}"
    return f"{said}; review was due by {approval.review_by}" if approval.is_overdue(day) else said


@lru_cache(maxsize=_WORDINGS)
def in_detail(approval: Approval, day: int) -> str:
    """For the foot of a card, in Markdown."""
    return _sentences(approval, day, chart_text(approval.who, _LONGEST_NAME), "**")


def in_plain_words(approval: Approval, day: int) -> str:
    """The same where no Markdown is read."""
    return _sentences(approval, day, plain_text(approval.who, _LONGEST_NAME), "")


def _sentences(approval: Approval, day: int, who: str, strong: str) -> str:
    said = UNSIGNED
    if approval.holds(day):
        said = f"Signed for this site by {who} on {approval.on}, to be reviewed by {approval.review_by}."
    elif approval.differs:
        said = f"No clinician has signed this knowledge as it runs: {approval.differs}."
    if approval.is_overdue(day):
        said += f" {strong}Its review was due by {approval.review_by}: it may be out of date.{strong}"
    return said

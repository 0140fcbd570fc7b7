"""How a fetch can fail: a reason from a short list, never a text of the other side."""

from __future__ import annotations

from typing import Literal

Reason = Literal["timeout", "unreachable", "refused", "redirect", "status", "too-large", "broken", "busy"]


class FetchFailed(Exception):  # noqa: N818 - the house word
    """A fetch that brought nothing. `status` is the answer's, where there was one."""

    def __init__(self, reason: Reason, status: int = 0) -> None:
        self.reason, self.status = reason, status
        super().__init__(f"{reason} {status}" if status else reason)

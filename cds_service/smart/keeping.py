"""What the SMART app needs kept for it. The store of the service does it; this room only says what it asks."""

from __future__ import annotations

from typing import Protocol


class Keeping(Protocol):
    """Seals texts, marks things as used, and holds visits for all workers and machines of the service.

    Errors of all that write or read: NotDurable, when the database is away.
    """

    def seal(self, plain: bytes, name: str) -> bytes:
        """Sealed under a name, for a cookie."""

    def unseal(self, sealed: bytes, name: str) -> bytes | None:
        """What was sealed under that name; None when it was not, or was altered."""

    def spend(self, issuer: str, token_id: str, expires_at: int, now: int) -> bool:
        """Is this the first use, over all workers and restarts?"""

    def begin(self, key: str, content: bytes, ends_at: int, idle_at: int, now: int) -> None:
        """Hold the content of a visit, sealed. `idle_at` is when it ends unless somebody comes back."""

    def find(self, key: str, now: int, idle_at: int) -> bytes | None:
        """The content of a visit that has not ended; from now on it is idle at `idle_at`."""

    def end(self, key: str) -> None:
        """The visit is over, at once and everywhere."""

"""The conversation with a Bulk Data server: the token where it belongs, a new one when it is refused, and patience."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cds_service.bulk.fault import ExportFault
from cds_service.bulk.outcome import codes_in
from cds_service.bulk.patience import Patience
from cds_service.bulk.places import Place, Places
from cds_service.bulk.tokens import Tokens
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import AGAIN, Fetched, Outbound, Sink
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed

SECONDS = 60.0
MOST_BYTES = 64 * 1024 * 1024
"""Of an answer that is kept in memory: the manifest of a large export has tens of thousands of files."""
WITHOUT_END = frozenset({"refused", "too-large", "redirect"})
LATER = AGAIN - {500}


class Server:
    """One FHIR server. `tokens` is None for a server that asks for none."""

    def __init__(self, outbound: Outbound, places: Places, patience: Patience, tokens: Tokens | None = None) -> None:
        self._outbound, self._tokens = outbound, tokens
        self.places, self.patience = places, patience

    def ask(self, method: str, place: Place, headers: Mapping[str, str], *, what: str, twice: bool = True) -> Fetched:
        """The answer, whatever its status, once the server has time. `what` names the request in faults.

        `twice` false: it must not be sent again when nobody knows whether it arrived. Errors: ExportFault.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self.once(method, place, headers)
            except FetchFailed as failed:
                if failed.reason in WITHOUT_END or (not twice and failed.reason != "busy"):
                    raise ExportFault(f"{what} failed: {failed}") from None
                self.patience.wait(attempt, why=f"{what} failed ({failed})")
                continue
            if answer.status not in LATER:
                return answer
            self.patience.wait(attempt, answer.headers, why=f"{what} was put off by the server ({answer.status})")

    def once(
        self,
        method: str,
        place: Place,
        headers: Mapping[str, str],
        *,
        with_token: bool = True,
        into: Sink | None = None,
        seconds: float = SECONDS,
    ) -> Fetched:
        """One request; a second one with a new token where the first one's was refused. Errors: FetchFailed."""
        token = self._tokens.bearer() if self._tokens and with_token else ""
        answer = self._sent(method, place, headers, token, into, seconds)
        if answer.status == 401 and token and self._tokens:
            answer = self._sent(method, place, headers, self._tokens.bearer(token), into, seconds)
        return answer

    def lacking(self, types: Sequence[str]) -> list[str]:
        """The types that the token does not let us read, as far as the server says."""
        return self._tokens.lacking(types) if self._tokens else []

    def refused(self, answer: Fetched, what: str, keep: Path) -> ExportFault:
        """The fault for an answer that is none; its body, which may say more than its codes, is kept in a file."""
        if answer.body:
            with os.fdopen(os.open(keep, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                stream.write(self._tokens.without(answer.body) if self._tokens else answer.body)
        kept = f"; what it said is in {keep}" if answer.body else ""
        return ExportFault(f"the server refuses {what}: {answer.status}{codes_in(answer.body)}{kept}")

    def _sent(
        self, method: str, place: Place, headers: Mapping[str, str], token: str, into: Sink | None, seconds: float
    ) -> Fetched:
        signed = {"Authorization": f"Bearer {token}"} if token else {}
        return self._outbound.exchange(
            method,
            place.where,
            place.query,
            headers={**headers, **signed},
            deadline=Deadline.after(seconds),
            allowance=Allowance(MOST_BYTES),
            into=into,
            silence=SECONDS,
        )

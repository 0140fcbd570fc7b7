"""Every fault this service raises on purpose. One tree; `web/errors.py` maps each leaf to one HTTP status.

    NextlineError
    ├── ConfigurationFault            the service refuses to start; carries every fault found, not the first
    └── RequestFault                  the call is refused; becomes an OperationOutcome, never `{"cards": []}`
        ├── Unauthenticated      401  nobody we know; one constant answer, never a reason
        ├── MalformedBody        400  not JSON, or not the shape CDS Hooks asks for
        ├── UnknownService       404  no service of that id, no such route
        ├── MethodNotAllowed     405  the route exists, the method does not; carries the methods that do
        ├── PreconditionFailed   412  something the answer needs is not there
        │   ├── DataUnobtainable 412  required prefetch data absent or failed; names the missing keys
        │   └── UnsupportedRelease 412  the chart is written in a FHIR release that is not read
        ├── BodyTooLarge         413  more bytes, or more entries, than the service reads
        ├── UnsupportedMediaType 415  not JSON, not UTF-8, or a content coding
        ├── MisdirectedRequest   421  a Host header that names another server
        ├── PatientMismatch      422  the chart is not the chart of context.patientId
        ├── TooManyCalls         429  more calls than this client may make; carries the seconds for Retry-After
        └── Overloaded           503  come back later; carries the seconds for Retry-After
            └── NotDurable       503  the decision or feedback could not be kept, so it is not given

A message is written for the person who integrates a client. It never repeats what the client sent:
a value, an identifier or a piece of the body may be patient data. Keys of our own are fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class NextlineError(Exception):
    """Root of the tree."""


class ConfigurationFault(NextlineError):  # noqa: N818 - the house word for what is refused is fault
    """The service cannot start as configured. `faults` holds one sentence for each thing that is wrong."""

    def __init__(self, faults: Iterable[str] | str) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("; ".join(self.faults))


class RequestFault(NextlineError):  # noqa: N818 - see ConfigurationFault
    """A call that is refused. `issue_code` is the FHIR IssueType, `expression` where in the body (no values).

    `told` is what the log may know besides: names and counts of ours.
    """

    issue_code: str = "processing"

    def __init__(self, message: str, *, expression: str = "") -> None:
        self.message = message
        self.expression = expression
        self.told: Mapping[str, Any] = {}
        super().__init__(message)


class Unauthenticated(RequestFault):
    """401: the call carries no token that this service believes. It is told nothing else (JWT-46)."""

    issue_code = "login"

    def __init__(self) -> None:
        super().__init__("")


class MalformedBody(RequestFault):
    """400: the body is not strict JSON, or not a CDS Hooks request."""

    issue_code = "invalid"


class UnknownService(RequestFault):
    """404: no service with this id."""

    issue_code = "not-found"


class MethodNotAllowed(RequestFault):
    """405: `allowed` names the methods of the route."""

    issue_code = "not-supported"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(sorted(allowed))
        super().__init__("This address does not answer that method.")


class PreconditionFailed(RequestFault):
    """412: something the answer needs is missing (PFD-6)."""

    issue_code = "required"


class DataUnobtainable(PreconditionFailed):
    """412: required prefetch keys are absent or failed, and could not be fetched (PFD-6, PFD-7).

    `issue_code` is `timeout` or `transient` when the client's server was asked in vain.
    """

    def __init__(self, missing: Iterable[str], *, issue_code: str = "required") -> None:
        self.missing = tuple(sorted(missing))
        self.issue_code = issue_code
        super().__init__("Required data could not be obtained. Prefetch keys missing: " + ", ".join(self.missing) + ".")


class UnsupportedRelease(PreconditionFailed):
    """412: the chart is written in a FHIR release that is not read. Guessing would lose treatment lines."""

    issue_code = "not-supported"


class BodyTooLarge(RequestFault):
    """413: more than the service reads in one call."""

    issue_code = "too-costly"


class UnsupportedMediaType(RequestFault):
    """415: the body is not application/json in UTF-8 without a content coding."""

    issue_code = "not-supported"


class MisdirectedRequest(RequestFault):
    """421: the request names a host that this service does not answer for (JSON-40)."""

    issue_code = "not-supported"


class PatientMismatch(RequestFault):
    """422: the prefetched patient is not the patient of the context (PAT-01)."""

    issue_code = "conflict"


class TooManyCalls(RequestFault):
    """429: one client calls more often than it may. `retry_after` is in seconds."""

    issue_code = "throttled"

    def __init__(self, *, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__("Too many calls of this client.")


class Overloaded(RequestFault):
    """503: not now. `retry_after` is in seconds."""

    issue_code = "throttled"

    def __init__(self, message: str = "The service is busy.", *, retry_after: int = 2) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class NotDurable(Overloaded):
    """503: what has to be kept could not be kept, neither in the database nor beside it (promise A1)."""

    issue_code = "transient"

    def __init__(self) -> None:
        super().__init__("The service cannot keep a record at the moment, so it gives no answer.", retry_after=5)

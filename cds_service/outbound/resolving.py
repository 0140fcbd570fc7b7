"""Looking a name up within a deadline: the C library takes none, and waits for a dead name server for many seconds."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future

from cds_service.outbound.deadline import Deadline


def addresses_of(host: str, port: int | None, deadline: Deadline) -> list[str]:
    """The addresses of a host, in the order of the name server. Errors: OSError, also when it takes too long."""
    found: Future[list[str]] = Future()
    # A thread of its own, because nothing else ends the wait. It is left behind when the name server is silent; how
    # many there can be is bounded by who may call (bulkhead), and by whoever is not called any more (breaker).
    threading.Thread(target=_look_up, args=(host, port, found), name="outbound-names", daemon=True).start()
    return found.result(deadline.left)  # TimeoutError is an OSError


def _look_up(host: str, port: int | None, found: Future[list[str]]) -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
    except OSError as error:
        found.set_exception(error)
    except Exception:  # a name that cannot be encoded, for one
        found.set_exception(OSError("not a name"))

"""The gunicorn worker: a thread is taken only by a request that has arrived whole, and given back with its answer.

gunicorn's own thread worker gives a thread to every connection that has begun to send, so a few clients that send
slowly keep all others from their answers (JSON-45). Decision 11 tells what was measured and what else was tried.
"""

from __future__ import annotations

import resource
import sys
import traceback
from http import HTTPStatus
from pathlib import PurePath
from typing import Any

from gunicorn.http import wsgi  # type: ignore[import-untyped]

from cds_service.errors import Overloaded
from cds_service.web.connection import Answer, Connection, Phase
from cds_service.web.metrics import REFUSED
from cds_service.web.receiving import ReceivingWorker

WAITING_FOR_A_THREAD = 8
"""Requests that may wait, for each thread. Those beyond are told at once to come back later."""
_SPARE_DESCRIPTORS = 64
_SECONDS_BETWEEN_THREADS = 0.0005
"""How long a busy thread keeps the interpreter while another waits for it. The thread that reads and refuses asks for
it at every call to the system: with Python's own 5 ms it came to some dozen requests a second on a busy worker."""
_HEALTH = ("/health/live", "/health/ready")


class WholeRequestWorker(ReceivingWorker):
    """A thread worker that no slow client can stop. Its own refusals are an OperationOutcome (contract section 5)."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._most_inside = self.cfg.threads * (1 + WAITING_FOR_A_THREAD)
        self._inside = 0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Errors: RuntimeError when gunicorn is told to speak TLS, which is the proxy's business."""
        if cfg.is_ssl:
            raise RuntimeError("TLS ends at the proxy in front: this worker does not speak it")
        super().check_config(cfg, log)

    def init_process(self) -> None:
        """Before the loop: no more connections than there are descriptors for, and threads that take turns often."""
        sys.setswitchinterval(_SECONDS_BETWEEN_THREADS)
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if descriptors != resource.RLIM_INFINITY:
            self.worker_connections = max(2, min(self.worker_connections, descriptors - _SPARE_DESCRIPTORS))
        super().init_process()

    def admit(self, connection: Connection) -> None:
        """Let a whole request wait for a thread, or refuse it. Health is asked for when the service is busy, too."""
        asked_for_health = connection.gathering.request.path.endswith(_HEALTH)
        if self._inside >= self._most_inside * (2 if asked_for_health else 1):
            raise Overloaded
        self._watch(connection, 0)
        self._waiting.remove(connection)
        connection.phase = Phase.WORK
        self._inside += 1
        self.tpool.submit(self._work, connection)

    def _work(self, connection: Connection) -> None:
        """In a thread: answer, and send as much of the answer as the client takes at once."""
        gone = True
        try:
            connection.send(self._answer(connection))
            gone = False
        except OSError:
            self.log.debug("answer_not_sent")
        finally:
            self.method_queue.defer(self._worked, connection, gone)

    def _worked(self, connection: Connection, gone: bool) -> None:
        self._inside -= 1
        if gone:
            self.drop(connection)
        else:
            self.answered(connection)

    def _answer(self, connection: Connection) -> bytes:
        answer = Answer()
        try:
            connection.last = not self._ask_app(connection, answer)
        except Exception as fault:
            self.log.error("http_failed fault=%s at=%s", type(fault).__name__, _place(fault))
            connection.last = True
            REFUSED.labels("unforeseen").inc()
            return self.refusals.answer(HTTPStatus.INTERNAL_SERVER_ERROR, connection.gathering.origin)
        return answer.octets()

    def _ask_app(self, connection: Connection, answer: Answer) -> bool:
        """Let the app answer. Whether the connection may be used again."""
        request = connection.gathering.finished()
        response, environ = wsgi.create(request, answer, connection.client, connection.server, self.cfg)
        environ["wsgi.multithread"] = True
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        pieces = self.wsgi(environ, response.start_response)
        if not self.alive or connection.gathering.too_large:
            response.force_close()
        try:
            for piece in pieces:
                response.write(piece)
            response.close()
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
        return not response.should_close()


def _place(fault: Exception) -> str:
    """Where it happened. Never its message, which may quote the chart."""
    frames = traceback.extract_tb(fault.__traceback__)
    return " < ".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))

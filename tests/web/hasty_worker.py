"""The worker of the service with less patience, so that tests of its patience take less of ours."""

from __future__ import annotations

from cds_service.web.worker import WholeRequestWorker


class HastyWorker(WholeRequestWorker):
    """As the service's own, in a tenth of the time."""

    head_seconds = 0.5
    body_seconds = 1.0
    sending_seconds = 1.0
    leaving_seconds = 0.5

"""How Granian is started: the same application and settings, without what gunicorn's worker of ours adds.

Granian reads heads in its own threads, so slow heads and slow readers cost it no Python thread; a slow body does
(decision 11), so it belongs behind a proxy that collects requests. It also lacks workers that share what was loaded
before the fork, a 503 with Retry-After when all threads are taken (callers beyond its back-pressure wait), and an
OperationOutcome for what is not HTTP. `docs/performance.md` has both servers measured.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile

from cds_service.errors import ConfigurationFault
from cds_service.settings import Settings


def granian_command(settings: Settings, port: int) -> list[str]:
    """The command line. Errors: ConfigurationFault when the extra `granian` is not installed."""
    if importlib.util.find_spec("granian") is None:
        raise ConfigurationFault("serve --server granian: install nextline-cds[granian]")
    # The workers count into files of their own; it must be known before the counters are made.
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="nextline-metrics-")
    options = {
        "--interface": "wsgi",
        "--http": "1",
        "--host": settings.host,
        "--port": str(port),
        "--workers": str(settings.workers),
        "--blocking-threads": str(settings.threads),
        "--backpressure": str(settings.threads * 9),
        "--log-level": "warning",
    }
    words = [word for option in options.items() for word in option]
    return [sys.executable, "-m", "granian", *words, "--respawn-failed-workers", "cds_service.wsgi:application"]

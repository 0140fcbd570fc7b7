"""gunicorn's configuration, derived from the settings: `gunicorn -c python:cds_service.gunicorn_settings`.

Names are gunicorn's own. `preload_app` loads mappings and guidelines once, before the workers fork, and a
start that is refused never opens the port.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from typing import Any

import gunicorn.http.wsgi  # type: ignore[import-untyped]

from cds_service.settings import load_or_exit

# What is loaded from here on lives as long as the process, and every collection would walk it; settle() switches
# collecting on again.
gc.disable()

_settings = load_or_exit()
_address = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

# The name of the server software is nobody's business, and it cannot be switched off by a setting.
gunicorn.http.wsgi.SERVER = "nextline-cds"

# The workers count into files of their own; it must be known before the counters are made.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="nextline-metrics-")
    _owner = os.getpid()

    @atexit.register
    def _forget_counts() -> None:
        if os.getpid() == _owner:
            shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """A worker ended: its gauges end with it, its counts stay in the sum."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


wsgi_app = "cds_service.wsgi:application"
bind = [f"{_address}:{_settings.port}"]
preload_app = True
worker_class = "cds_service.web.worker.WholeRequestWorker"
workers = _settings.workers
threads = _settings.threads
timeout = _settings.request_timeout
graceful_timeout = _settings.request_timeout
keepalive = 75  # longer than the idle time of common proxies, so that they close first
accesslog = None
errorlog = "-"
loglevel = "warning" if _settings.log_level == "info" else _settings.log_level

# A client on loopback could otherwise set SCRIPT_NAME by a header and get a 500.
forwarder_headers = ""
forwarded_allow_ips = ""
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190

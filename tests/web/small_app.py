"""A WSGI app for tests of the server itself, which starts in no time and does what a test asks for by path."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], object]


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """`/echo` tells what it got, `/large/<octets>` is long, `/sleep/<seconds>` waits, `/compute/<seconds>` computes.

    `/gate` waits until the file that the header X-Gate names is there.
    """
    _, what, *more = environ["PATH_INFO"].split("/")
    amount = float(more[0]) if what != "health" and more else 0.0
    if what == "fail":
        raise ValueError("canary-of-the-small-app")
    if what == "sleep":
        time.sleep(amount)
    if what == "gate":
        _wait_for(Path(environ["HTTP_X_GATE"]))
    if what == "compute":
        end = time.thread_time() + amount
        while time.thread_time() < end:
            hashlib.sha256(b"work").digest()
    body = b"x" * int(amount) if what == "large" else json.dumps(told(environ)).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _wait_for(gate: Path) -> None:
    end = time.monotonic() + 20
    while not gate.exists() and time.monotonic() < end:
        time.sleep(0.01)


def told(environ: dict[str, Any]) -> dict[str, Any]:
    """What the app was told of the request."""
    body = environ["wsgi.input"].read()
    return {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "announced": environ.get("CONTENT_LENGTH"),
        "coding": environ.get("HTTP_TRANSFER_ENCODING"),
        "octets": len(body),
        "digest": hashlib.sha256(body).hexdigest(),
    }

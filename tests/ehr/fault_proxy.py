"""A proxy of ours before a FHIR server: the truth of the server, the faults of a script, a record of all requests."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests

from tests.ehr.exchange import Answer, Request
from tests.ehr.listener import Listener, listening
from tests.ehr.script import Handler

SECONDS_FOR_THE_TRUTH = 60
_NOT_PASSED_ON = ("host", "connection", "content-length", "accept-encoding")
_NOT_PASSED_BACK = ("connection", "content-length", "transfer-encoding", "content-encoding", "date", "server")


def forwarding(address: str) -> Handler:
    """Fetches the truth from the server at the origin of this address; paths stay as they are.

    The server writes its own origin into links and `fullUrl`; the client sees the name and port it asked for instead,
    so that one server may stand behind several proxies and host names.
    """
    parts = urlsplit(address)
    upstream = f"{parts.scheme}://{parts.netloc}"
    session = requests.Session()
    session.trust_env = False

    def handler(request: Request) -> Answer:
        headers = {key: value for key, value in request.headers if key.lower() not in _NOT_PASSED_ON}
        got = session.request(
            request.method,
            upstream + request.target,
            headers=headers | {"Accept-Encoding": "identity"},
            data=request.body,
            timeout=SECONDS_FOR_THE_TRUTH,
            allow_redirects=False,
        )
        told = tuple((key, value) for key, value in got.headers.items() if key.lower() not in _NOT_PASSED_BACK)
        public = f"{request.scheme}://{request.header('host')}"
        return Answer(got.status_code, told, got.content.replace(upstream.encode(), public.encode()))

    return handler


@contextmanager
def fault_proxy(
    upstream: str, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """A proxy before the server at the origin of this address."""
    with listening(forwarding(upstream), host=host, port=port, tls=tls) as proxy:
        yield proxy

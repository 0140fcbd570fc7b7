"""How a token comes with a call: usually one header, in attacks also two, none, elsewhere, or misspelt."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Presented:
    """What is added to a call. `query` goes behind the address, without the question mark."""

    headers: Headers = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer with its headers as they came, doubled ones included."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def bearer(token: str) -> Presented:
    return Presented((("Authorization", f"Bearer {token}"),))


def send(
    url: str,
    presented: Presented,
    body: bytes | None = None,
    *,
    method: str = "POST",
    headers: Iterable[tuple[str, str]] = (("Content-Type", "application/json"),),
    timeout: float = 30,
    tls: ssl.SSLContext | None = None,
) -> RawAnswer:
    """A call with exactly these headers, doubled ones too, which `requests` cannot send."""
    parts = urlsplit(url)
    target = "?".join(part for part in (parts.path, "&".join(q for q in (parts.query, presented.query) if q)) if part)
    connection = _connection(parts, timeout, tls)
    try:
        connection.putrequest(method, target)
        for key, value in (*headers, *presented.headers):
            connection.putheader(key, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        got = connection.getresponse()
        return RawAnswer(got.status, tuple(got.getheaders()), got.read())
    finally:
        connection.close()


def _connection(parts: SplitResult, timeout: float, tls: ssl.SSLContext | None) -> http.client.HTTPConnection:
    host, port = str(parts.hostname), parts.port
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=tls)
    return http.client.HTTPConnection(host, port, timeout=timeout)

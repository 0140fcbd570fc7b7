"""Which address a request is for: host names, base path, and slashes too many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, request

from cds_service.errors import MalformedBody, MisdirectedRequest
from cds_service.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound
_SLASHES = re.compile(r"/{2,}")


_ENDED_WITH_SLASH = "nextline.ended_with_slash"


class PlainPaths:
    """WSGI layer: takes the base path off and forgives slashes; `ended_with_slash` tells of one at the end.

    A proxy may pass `/base/cds-services` on as it is or take `/base` off first; both arrive at
    `/cds-services`. A discovery URL typed with a trailing slash makes clients call `//next-therapy`.
    """

    def __init__(self, inner: WSGIApplication, base_path: str) -> None:
        self._inner = inner
        self._base_path = base_path.rstrip("/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO", "")
        environ[_ENDED_WITH_SLASH] = asked.endswith("/")
        path = _SLASHES.sub("/", "/" + asked).rstrip("/") or "/"
        base = self._base_path
        if base and (path == base or path.startswith(base + "/")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + base
            path = path.removeprefix(base) or "/"
        environ["PATH_INFO"] = path
        return self._inner(environ, start_response)


def ended_with_slash() -> bool:
    """Did the path of this request end with a slash? Relative links of such a page would lead astray."""
    return bool(request.environ.get(_ENDED_WITH_SLASH, False))


def base_path(settings: Settings) -> str:
    """The path of the public base URL, without a slash at the end; empty when there is none."""
    return urlsplit(settings.public_base_url).path.rstrip("/")


def check_hosts(app: Flask, settings: Settings) -> None:
    """Refuse requests without a host (400) or for a foreign one (421), said directly or by a proxy (JSON-40).

    Health checks are exempt: an orchestrator calls by address.
    """
    is_ours = _host_test(settings)

    @app.before_request
    def check_host() -> None:
        if request.path.startswith("/health/"):
            return
        said = request.headers.get("Host", "")
        if not said:
            raise MalformedBody("The Host header is required.")
        forwarded = request.headers.get("X-Forwarded-Host", "").split(",")
        if not all(is_ours(name.strip()) for name in (said, *forwarded) if name.strip()):
            raise MisdirectedRequest("This service does not answer for that host name (CDS_ALLOWED_HOSTS).")


def _host_test(settings: Settings) -> Callable[[str], bool]:
    public = urlsplit(settings.public_base_url).hostname
    names = {*_LOOPBACK, settings.host.lower(), *(host.lower() for host in settings.allowed_hosts)}
    if public:
        names.add(public)
    open_to_all = settings.host in _EVERYWHERE and not settings.production and not public and not settings.allowed_hosts
    if open_to_all or "*" in settings.allowed_hosts:
        return lambda _: True
    return lambda host: _hostname(host) in names


def _hostname(host: str) -> str | None:
    try:
        return urlsplit("//" + host).hostname
    except ValueError:
        return None

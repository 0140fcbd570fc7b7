"""Which addresses this service may call: parsed once, compared as parsed, and checked again when it connects.

A URL that is checked as text and called as text is called somewhere else in the end (cases SSRF-01 to SSRF-25):
`127.0.0.1:80\\@ehr.test`, `0x7f.1`, a name that answers a second time with another address. So a URL is
taken apart here, the parts are compared with the list, and what is called is put together from the parts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label of a name has a letter: 2130706433, 0x7f000001 and 127.1 are addresses in disguise.
_NAME = re.compile(rf"(?:{_LABEL}\.)*(?=[a-z0-9-]*[g-wyz]|[a-z0-9-]*[a-f][a-z0-9-]*){_LABEL}", re.ASCII)
_HEX = re.compile(r"0x[0-9a-f]*", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?", re.ASCII)
_LONGEST = 2048
# IPv4 addresses in the dress of IPv6 ones, translated on the way.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(ValueError):  # noqa: N818 - the house word
    """The address may not be called. The message names the reason, never the address."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base URL in parts: scheme and host in small letters, the port always there, the path without a last slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port as a URL begins; the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The base URL, put together from the parts that were compared."""
        return self.origin + self.path

    def holds(self, other: Base) -> bool:
        """Is the other address of the same origin and at or below this path?"""
        same = (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)
        return same and (other.path == self.path or other.path.startswith(f"{self.path}/"))


def parse(text: str, *, local_http: bool = False, longest: int = _LONGEST) -> tuple[Base, str]:
    """A URL in parts, and its query. Plain http is for loopback in development only.

    Errors: AddressRefused.
    """
    if len(text) > longest or not text.isascii() or not text.isprintable() or "\\" in text or " " in text:
        raise AddressRefused("not a plain URL")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise AddressRefused("not a URL") from None
    if parts.scheme not in _PORTS:
        raise AddressRefused("neither https nor http")
    if "@" in parts.netloc or parts.fragment or "#" in text:
        raise AddressRefused("a user or a fragment in the address")
    if port == 0 or parts.netloc.endswith(":"):
        raise AddressRefused("not a port")
    host = _host(parts.hostname or "")
    if parts.scheme == "http" and not (local_http and is_loopback(host)):
        raise AddressRefused("not https")
    if not _PATH.fullmatch(parts.path) or any(step in (".", "..") for step in parts.path.split("/")):
        raise AddressRefused("an unusual path")
    return Base(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/")), parts.query


def base(text: str, *, local_http: bool = False) -> Base:
    """A base URL, which has no query. Errors: AddressRefused."""
    found, query = parse(text, local_http=local_http)
    if query or text.endswith("?"):
        raise AddressRefused("a query in a base address")
    return found


def is_loopback(host: str) -> bool:
    """Written as this machine itself: `localhost`, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Reach = Literal["public", "private", "loopback", "never"]


def reach_of(address: str) -> Reach:
    """How far away a resolved address is.

    `never` are link-local ones, where clouds answer with credentials, multicast, unspecified and reserved ones.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "never"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo or ip in _TRANSLATED:
            return "never"
        ip = ip.ipv4_mapped or ip
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return "never"
    return "public" if ip.is_global else "private"


def allowed(wanted: Base, listed: Iterable[Base]) -> bool:
    """Is the address exactly one of the list?"""
    return any(wanted == known for known in listed)


def _host(host: str) -> str:
    name = host.lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    last = name.rpartition(".")[2]
    if len(name) > 253 or not _NAME.fullmatch(name) or _HEX.fullmatch(last):
        raise AddressRefused("not a host name")
    return name

"""One FHIR server, asked for one patient: a read by id, or a search with all its pages.

What comes back has the shape of a prefetch value, so that data that was sent and data that was fetched take the
same way from here on. What cannot be had becomes an OperationOutcome: unknown, never none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

from cds_service.errors import MalformedBody
from cds_service.fhir import strict_json
from cds_service.fhir.bins import Resource
from cds_service.outbound.address import AddressRefused, Base, parse
from cds_service.outbound.allowance import Allowance
from cds_service.outbound.client import Outbound
from cds_service.outbound.deadline import Deadline
from cds_service.outbound.failure import FetchFailed, Reason

MOST_PAGES = 20
MOST_ENTRIES = 10_000
MOST_BYTES = 16 * 1024 * 1024
"""Of all answers to one call together, unpacked (UP-15)."""
_JSON = frozenset({"application/fhir+json", "application/json", "application/json+fhir", "text/json"})

_ISSUE: Mapping[Reason, str] = {"timeout": "timeout", "refused": "forbidden", "busy": "throttled"}


@dataclass(frozen=True, slots=True)
class FhirServer:
    """The server of one call. `headers` carry the token and are never shown."""

    outbound: Outbound
    base: Base
    deadline: Deadline
    local_http: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowance: Allowance = field(default_factory=lambda: Allowance(MOST_BYTES))

    def read(self, path: str) -> Resource:
        """One resource by its relative path, such as `Patient/7`. Errors: FetchFailed."""
        return self._get(self._at(path), "")

    def search(self, template: str) -> Resource:
        """A search and all its pages, as one Bundle. `template` is relative, with its tokens filled in.

        Pages that could not be read leave the Bundle with a link to them, which marks it as incomplete.
        Errors: FetchFailed when the first page could not be had.
        """
        path, _, query = template.partition("?")
        bundle = self._get(self._at(path), encoded(query))
        if bundle.get("resourceType") != "Bundle":
            return bundle  # an OperationOutcome with status 200: whoever opens the key knows what to do
        entries = _entries(bundle)
        page = bundle
        for _ in range(MOST_PAGES - 1):
            following = _next_link(page)
            if following is None or len(entries) > MOST_ENTRIES:
                break
            try:
                page = self._page(following)
            except FetchFailed:
                break
            entries += _entries(page)
        rest = _next_link(page)
        links = [{"relation": "next", "url": rest}] if rest is not None else []
        return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links}

    def _page(self, link: str) -> Resource:
        """The next page, on the same origin and below the same base path, or not at all (SSRF-08)."""
        try:
            where, query = parse(urljoin(f"{self.base.url}/", link), local_http=self.local_http)
        except AddressRefused:
            raise FetchFailed("refused") from None
        if not self.base.holds(where):
            raise FetchFailed("refused")
        page = self._get(where, query)
        if page.get("resourceType") != "Bundle":
            raise FetchFailed("broken")
        return page

    def _at(self, path: str) -> Base:
        base = self.base
        return Base(base.scheme, base.host, base.port, f"{base.path}/{path}" if path else base.path)

    def _get(self, where: Base, query: str) -> Resource:
        headers = {"Accept": "application/fhir+json", **self.headers}
        fetched = self.outbound.get(where, query, headers=headers, deadline=self.deadline, allowance=self.allowance)
        if fetched.headers.get("content-type", "").partition(";")[0].strip().lower() not in _JSON:
            raise FetchFailed("broken")  # a log-in page, most often (UP-10)
        try:
            return strict_json.read(fetched.body)
        except MalformedBody:
            raise FetchFailed("broken") from None


def encoded(query: str) -> str:
    """A query as it is sent: values percent-encoded whole, because some gateways turn `//` into `/`."""
    parameters = (parameter.partition("=") for parameter in query.split("&") if parameter)
    return "&".join(f"{name}={quote(value, safe='')}" for name, _, value in parameters)


def not_had(failure: FetchFailed) -> Resource:
    """A failed fetch in the place of what it should have brought."""
    code = _ISSUE.get(failure.reason, "transient" if failure.status != 404 else "not-found")
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


def _entries(bundle: Resource) -> list[Any]:
    listed = bundle.get("entry")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise FetchFailed("broken")
    return list(listed)


def _next_link(bundle: Resource) -> str | None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            url = link.get("url")
            return url if isinstance(url, str) else ""
    return None

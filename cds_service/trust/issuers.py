"""The clients file: which issuers are trusted, with which keys, for which tenants, servers and sites.

    [[client]]
    issuer = "https://ehr.example.org"            # the iss of its tokens
    name = "Example hospital"
    jku = "https://ehr.example.org/jwks.json"     # or: keys = "example.jwks.json", beside this file
    tenants = ["main"]                            # optional: no other tenant gets in
    audiences = ["https://old-name.example.org/cds-services/next-therapy"]   # optional: further aud values
    fhir_servers = ["https://ehr.example.org/fhir"]
    site = "example"                              # optional: overlay of codes, units, thresholds
    mode = "shadow"                               # optional: compute and store, show nothing
    tenant_sites = { north = "north-clinic" }     # optional: tenants with a site of their own
    [client.smart]                                # optional: the SMART app, see smart_registration.py
    client_id = "nextline-cds"

Every fault is said at once, with the number of its table; the service does not start with a file it half understands.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cds_service.errors import ConfigurationFault
from cds_service.outbound.address import AddressRefused, parse
from cds_service.trust.clients import Client, Mode
from cds_service.trust.smart_registration import SmartRegistration, registrations_of, smart_faults

ALGORITHMS = ("ES384", "RS384")
ALLOWED_ALGORITHMS = frozenset(
    {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"}
)
_TEXTS = frozenset({"issuer", "name", "jku", "keys", "site", "mode"})
_LISTS = frozenset({"tenants", "audiences", "fhir_servers", "algorithms"})
_TABLES = frozenset({"tenant_sites"})
_MODES: Mapping[str, Mode] = {"live": "live", "shadow": "shadow"}
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Issuer:
    """One trusted issuer. Its keys are at `jku`, or are `key_set`, given by hand."""

    issuer: str
    name: str = ""
    jku: str = ""
    key_set: Mapping[str, Any] | None = field(default=None, repr=False)
    tenants: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    site: str = ""
    mode: Mode = "live"
    algorithms: tuple[str, ...] = ALGORITHMS
    tenant_sites: Mapping[str, str] = field(default_factory=dict)
    smart: tuple[SmartRegistration, ...] = ()

    @property
    def sites(self) -> frozenset[str]:
        """Every site that a call of this issuer may be answered for."""
        return frozenset({self.site, *self.tenant_sites.values()} - {""})

    def client(self, tenant: str) -> Client:
        """The client that a token of this issuer stands for."""
        site = self.tenant_sites.get(tenant, self.site)
        return Client(self.issuer, self.name, tenant, site, self.mode, self.fhir_servers)


def load(path: Path, *, local_http: bool = False) -> dict[str, Issuer]:
    """The issuers of a clients file by `iss`. `local_http` allows http on loopback, in development.

    Errors: ConfigurationFault with every fault of the file.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationFault(f"{path.name}: cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationFault(f"{path.name}: not TOML: {error}") from None
    faults = [f"{path.name}: {name} is not known; only [[client]] is" for name in tables if name != "client"]
    listed = tables.get("client", [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ConfigurationFault([*faults, f"{path.name}: clients are written as [[client]]"])
    found: dict[str, Issuer] = {}
    for number, entry in enumerate(listed, start=1):
        where = f"{path.name}: client {number}"
        told = [f"{where}: {fault}" for fault in _faults(entry, path.parent, local_http)]
        faults += told
        if not told:
            if entry["issuer"] in found:
                faults.append(f"{where}: the issuer stands there twice")
            found[entry["issuer"]] = _issuer(entry, path.parent, local_http)
    faults += _shared_servers(path.name, found.values())
    if faults:
        raise ConfigurationFault(faults)
    return found


def _shared_servers(name: str, issuers: Iterable[Issuer]) -> Iterable[str]:
    """A launch names its FHIR server only: two clients with the app on the same one could not be told apart."""
    servers = Counter(one.server for issuer in issuers for one in issuer.smart)
    return [f"{name}: smart: a FHIR server is that of two clients" for number in servers.values() if number > 1]


def _issuer(entry: Mapping[str, Any], folder: Path, local_http: bool) -> Issuer:
    return Issuer(
        issuer=entry["issuer"],
        name=entry.get("name", ""),
        jku=entry.get("jku", ""),
        key_set=json.loads((folder / entry["keys"]).read_text(encoding="utf-8")) if "keys" in entry else None,
        tenants=tuple(entry.get("tenants", ())),
        audiences=tuple(entry.get("audiences", ())),
        fhir_servers=tuple(entry.get("fhir_servers", ())),
        site=entry.get("site", ""),
        mode=_MODES[entry.get("mode", "live")],
        algorithms=tuple(entry.get("algorithms", ALGORITHMS)),
        tenant_sites=dict(entry.get("tenant_sites", {})),
        smart=registrations_of(entry, folder, local_http=local_http),
    )


def _faults(entry: Mapping[str, Any], folder: Path, local_http: bool) -> Iterable[str]:
    yield from _shape_faults(entry)
    if any(_shape_faults(entry)):
        return
    if not entry.get("issuer"):
        yield "issuer is missing"
    elif not urlsplit(entry["issuer"]).scheme:
        yield "issuer must be a URI, as the iss of its tokens is"
    only_launches = "smart" in entry and not {"jku", "keys"} & entry.keys()
    if ("jku" in entry) == ("keys" in entry) and not only_launches:
        yield "needs either jku (the address of its keys) or keys (a file with them)"
    for name in ("jku", "fhir_servers"):
        for address in [entry[name]] if name == "jku" and name in entry else entry.get(name, ()):
            fault = _address_fault(address, local_http, query=name == "jku")
            if fault:
                yield f"{name}: {fault}"
    if "keys" in entry:
        yield from _key_file_faults(folder / entry["keys"])
    yield from smart_faults(entry, folder, local_http=local_http)
    if entry.get("mode", "live") not in _MODES:
        yield "mode is live or shadow"
    if entry.get("tenants") and (others := sorted(set(entry.get("tenant_sites", ())) - set(entry["tenants"]))):
        yield f"tenant_sites: {', '.join(others)} is not among the tenants"
    strange = sorted(set(entry.get("algorithms", ())) - ALLOWED_ALGORITHMS)
    if strange:
        yield f"algorithms: {', '.join(strange)} cannot be used; {', '.join(sorted(ALLOWED_ALGORITHMS))} can"
    if "algorithms" in entry and not entry["algorithms"]:
        yield "algorithms: the list is empty"


def _shape_faults(entry: Mapping[str, Any]) -> Iterable[str]:
    for name, value in entry.items():
        if name in _TEXTS:
            if not isinstance(value, str) or not value or len(value) > _LONGEST:
                yield f"{name} must be a text"
        elif name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
                yield f"{name} must be a list of texts"
        elif name in _TABLES:
            if not isinstance(value, dict) or not all(isinstance(item, str) and item for item in value.values()):
                yield f"{name} must be a table of texts"
        elif name != "smart":
            yield f"{name} is not known"


def _address_fault(address: str, local_http: bool, *, query: bool) -> str:
    try:
        _, asked = parse(address, local_http=local_http)
    except AddressRefused as refused:
        return str(refused)
    return "a query in a base address" if asked and not query else ""


def _key_file_faults(path: Path) -> Iterable[str]:
    try:
        key_set = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"keys: {path.name} cannot be read as JSON ({type(error).__name__})"
        return
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(keys, list) or not keys:
        yield f"keys: {path.name} is no JWK Set"
    elif any(isinstance(key, dict) and "d" in key for key in keys):
        yield f"keys: {path.name} holds a private key; only public keys belong here"

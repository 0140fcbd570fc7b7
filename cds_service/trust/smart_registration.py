"""How this service is registered as a SMART app: the [client.smart] table of a client in the clients file.

[client.smart]                                # for every FHIR server of this client, or, one table for each:
client_id = "nextline-cds"                    # [[client.smart]] with fhir_server = "https://..."
private_key_file = "nextline.pem"             # optional: a confidential app that signs for itself; beside this file
key_id = "2026"                               # optional: as which its public half is registered
client_secret_file = "example.secret"         # optional, instead: a confidential app with a secret; beside this file
redirect = "https://cds.example.org/callback" # optional: where CDS_PUBLIC_BASE_URL is not what was registered
scopes = ["openid", "fhirUser"]               # optional: instead of what the prefetch templates ask for
authorization_servers = ["https://login.example.org"]   # optional: sign-in on another origin than the FHIR server
frames = ["https://ehr.example.org"]          # optional: pages that may show the app in a frame
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cds_service.outbound.address import AddressRefused, Base, base, parse
from cds_service.outbound.signing import KeyUnusable, SigningKey, read_key
from cds_service.secret_files import OPEN_TO_OTHERS, is_open_to_others

_TEXTS = frozenset({"client_id", "client_secret_file", "private_key_file", "key_id", "redirect", "fhir_server"})
_PROOFS = ("private_key_file", "client_secret_file")
_LISTS = frozenset({"scopes", "authorization_servers", "frames"})
_LONGEST = 2048
_plain = re.compile(r"[!-~]{1,512}", re.ASCII).fullmatch
_scope = re.compile(r"[!#-\[\]-~]{1,200}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class SmartRegistration:
    """This service as an app of one FHIR server.

    `address` is the server as the file spells it, which is what authorization servers compare `aud` with; `server` is
    the same in parts. A confidential app has a `key` to sign with, or else a `secret`; a public one has neither.
    Empty `redirect` and `scopes`: the service's own.
    `doubt` says what is wrong with the mode of the key's or the secret's file, where that is no fault yet.
    `authorization_servers` are further origins that may be signed in at, `frames` origins that may frame the app.
    """

    issuer: str
    address: str
    server: Base
    client_id: str
    secret: str = field(default="", repr=False)
    key: SigningKey | None = field(default=None, repr=False)
    redirect: str = ""
    scopes: tuple[str, ...] = ()
    authorization_servers: tuple[Base, ...] = ()
    frames: tuple[str, ...] = ()
    doubt: str = ""

    def may_sign_in_at(self, where: Base) -> bool:
        """Is the address on an origin that this client is known to sign in at? Its metadata alone is not believed."""
        return where.origin in {self.server.origin, *(known.origin for known in self.authorization_servers)}


def registrations_of(entry: Mapping[str, Any], folder: Path, *, local_http: bool) -> tuple[SmartRegistration, ...]:
    """The registrations of a client whose table has no fault."""
    return tuple(
        _registration(entry["issuer"], address, table, folder, local_http)
        for table in _tables(entry.get("smart", []))
        for address in ([table["fhir_server"]] if "fhir_server" in table else entry["fhir_servers"])
    )


def doubts_of(registrations: Iterable[SmartRegistration]) -> tuple[str, ...]:
    """What keeps nobody from starting in development, and should be looked at: each sentence once."""
    return tuple(dict.fromkeys(one.doubt for one in registrations if one.doubt))


def smart_faults(entry: Mapping[str, Any], folder: Path, *, local_http: bool) -> Iterator[str]:
    """What is wrong with the [client.smart] tables of a client.

    `local_http` stands for development: a key or a secret that others may read is a doubt there, and no fault.
    """
    if "smart" not in entry:
        return
    tables = _tables(entry["smart"])
    if not tables:
        yield "smart is written as [client.smart]"
        return
    servers = entry.get("fhir_servers", ())
    if not servers:
        yield "smart: the client has no fhir_servers to launch from"
    named = [table.get("fhir_server") for table in tables]
    if len(tables) > 1 and (None in named or len({*named}) < len(named)):
        yield "smart: several tables each need a fhir_server of their own"
    for table in tables:
        told = list(_shape_faults(table))
        yield from told or _member_faults(table, servers, folder, local_http)


def _registration(
    issuer: str, address: str, table: Mapping[str, Any], folder: Path, local_http: bool
) -> SmartRegistration:
    origins = [base(one, local_http=local_http) for one in table.get("frames", ())]
    server = base(address, local_http=local_http)
    return SmartRegistration(
        issuer=issuer,
        address=address,
        server=server,
        client_id=table["client_id"],
        secret=_secret(folder / table["client_secret_file"]) if "client_secret_file" in table else "",
        key=_key(folder, table) if "private_key_file" in table else None,
        redirect=table.get("redirect", ""),
        scopes=tuple(table.get("scopes", ())),
        authorization_servers=tuple(base(one, local_http=local_http) for one in table.get("authorization_servers", ())),
        frames=tuple(one.origin for one in origins) or (server.origin,),
        doubt=" ".join(_open_files(table, folder)),
    )


def _tables(value: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) and all(isinstance(one, dict) for one in value) else ()


def _shape_faults(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if name in _TEXTS:
            if not isinstance(value, str) or not value or len(value) > _LONGEST:
                yield f"smart: {name} must be a text"
        elif name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
                yield f"smart: {name} must be a list of texts"
        else:
            yield f"smart: {name} is not known"


def _member_faults(table: Mapping[str, Any], servers: Iterable[str], folder: Path, local_http: bool) -> Iterator[str]:
    if not _plain(table.get("client_id", "")):
        yield "smart: client_id is missing, or no plain text"
    if "fhir_server" in table and table["fhir_server"] not in servers:
        yield "smart: fhir_server is not among the fhir_servers"
    for name in ("authorization_servers", "frames", "redirect"):
        for address in [table[name]] if name == "redirect" and name in table else table.get(name, ()):
            fault = _address_fault(address, local_http, bare=name != "redirect")
            if fault:
                yield f"smart: {name}: {fault}"
    if not all(_scope(word) for word in table.get("scopes", ())):
        yield "smart: scopes has a word that is no scope"
    told = list(_proof_faults(table, folder))
    yield from told if told or local_http else _open_files(table, folder)


def _address_fault(address: str, local_http: bool, *, bare: bool) -> str:
    try:
        found, query = parse(address, local_http=local_http)
    except AddressRefused as refused:
        return str(refused)
    if query:
        return "a query in the address"
    return "a path where an origin belongs" if bare and found.path else ""


def _proof_faults(table: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What is wrong with the way in which the app proves that it is itself."""
    if "private_key_file" in table and "client_secret_file" in table:
        yield "smart: private_key_file and client_secret_file: one of the two"
    if "key_id" in table and ("private_key_file" not in table or not _plain(table["key_id"])):
        yield "smart: key_id belongs to a private_key_file, and is a plain text"
    if "client_secret_file" in table:
        yield from _secret_faults(folder / table["client_secret_file"])
    if "private_key_file" in table:
        try:
            _key(folder, table)
        except KeyUnusable as unusable:
            yield f"smart: private_key_file: {Path(table['private_key_file']).name}: {unusable}"


def _key(folder: Path, table: Mapping[str, Any]) -> SigningKey:
    return read_key(folder / table["private_key_file"], table.get("key_id", ""))


def _secret_faults(file: Path) -> Iterator[str]:
    try:
        usable = _plain(_secret(file))
    except (OSError, UnicodeDecodeError) as error:
        yield f"smart: client_secret_file: {file.name} cannot be read ({type(error).__name__})"
        return
    if not usable:
        yield f"smart: client_secret_file: {file.name} holds no secret of one line"


def _open_files(table: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Whose key or secret everybody on the machine has. Errors: OSError."""
    for name in _PROOFS:
        if name in table and is_open_to_others(file := folder / table[name]):
            yield f"smart: {name}: {file.name}: {OPEN_TO_OTHERS}"


def _secret(file: Path) -> str:
    return file.read_text(encoding="ascii").strip()

"""Exports in this process: a hospital's server, our client at it, and what lies in the folder afterwards."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cds_service.bulk.asked import Asked
from cds_service.bulk.discovery import discovered, scope_for
from cds_service.bulk.exporting import Exported, export
from cds_service.bulk.patience import Patience
from cds_service.bulk.places import Places
from cds_service.bulk.server import Server
from cds_service.bulk.tokens import BackendClient, Tokens
from cds_service.outbound.address import base
from cds_service.outbound.client import Outbound
from cds_service.outbound.signing import SigningKey as OurKey
from tests.ehr.bulk_server import BulkEhr, Offered
from tests.ehr.listener import Listener
from tests.ehr.signing_keys import signing_key

KEY = signing_key("nextline-1", "ES384")
OURS = OurKey(KEY.kid, KEY.algorithm, KEY.private)  # type: ignore[arg-type]
TYPES = ("Patient", "Condition", "Observation")
PLENTY = 1 << 30
QUICK = {"shortest": 0.001, "first": 0.001, "longest": 0.02}


def lines(kind: str, number: int, size: int = 60) -> bytes:
    """NDJSON of so many resources, each about so large."""
    told = [{"resourceType": kind, "id": f"{kind}-{one}", "note": "x" * size} for one in range(number)]
    return b"".join(json.dumps(one).encode() + b"\n" for one in told)


def usual_files() -> list[Offered]:
    return [
        Offered("Patient", lines("Patient", 30), 30),
        Offered("Condition", lines("Condition", 40), 40),
        Offered("Observation", lines("Observation", 900), 900),
        Offered("Observation", lines("Observation", 700), 700),
        Offered("Observation", b"", 0),
    ]


@dataclass(slots=True)
class Heard:
    """A watch that remembers; `when` may act on what it hears."""

    sentences: list[str] = field(default_factory=list)
    progress: list[tuple[str, int]] = field(default_factory=list)
    size: int = 0
    files: int = 0
    when_fetched: Callable[[int], None] = lambda _files: None
    when_waiting: Callable[[], None] = lambda: None
    when_said: Callable[[str], None] = lambda _sentence: None

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)
        self.when_said(sentence)

    def waiting(self, words: str, percent: int) -> None:
        self.progress.append((words, percent))
        self.when_waiting()

    def begin(self, files: int, there: int, size: int) -> None:
        self.files, self.size = there, size

    def came(self, number: int) -> None:
        self.size += number

    def fetched(self) -> None:
        self.files += 1
        self.when_fetched(self.files)


@dataclass(slots=True)
class Site:
    """A hospital, and a folder of ours."""

    ehr: BulkEhr
    server: Listener
    out: Path
    ca_file: str | None = None
    """Authorities for TLS: the usual ones are many, and take longer to read than an export."""
    heard: Heard = field(default_factory=Heard)

    def export(self, *, listed: Sequence[str] = (), most: int = PLENTY, resume: bool = False, **asked: Any) -> Exported:
        """One run of the export, as the command makes it."""
        where = base(self.ehr.base, local_http=True)
        wanted = Asked(where, asked.pop("types", TYPES), **asked)
        outbound, patience = Outbound(loopback=True, ca_file=self.ca_file), Patience(time.time, **QUICK)
        tokens = None
        if self.ehr.ways.asks_for_token:
            endpoint = discovered(outbound, where, local_http=True)
            scope = scope_for(wanted.types, first_grammar=endpoint.first_grammar)
            client = BackendClient(self.ehr.client_id, OURS, endpoint.place, endpoint.spelled, scope)
            tokens = Tokens(outbound, client, patience, time.time)
        places = Places(where, [base(one, local_http=True) for one in listed], local_http=True)
        server = Server(outbound, places, patience, tokens)
        return export(wanted, self.out, server, self.heard, at_once=3, most=most, resume=resume)

    @property
    def manifest(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.out / "manifest.json").read_bytes())
        return told

    def check_files(self) -> None:
        """Every file that was asked for lies there, byte by byte, and the manifest says the truth of it."""
        listed = self.manifest["output"]
        for member in ("deleted", "error"):
            listed = [*listed, *self.manifest[member]]
        found = [(self.out / item["url"]).read_bytes() for item in listed]
        assert sorted(found) == sorted(file.body for file in self.ehr.files)
        for item, body in zip(listed, found, strict=True):
            told = item["extension"]
            assert (told["bytes"], told["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
            assert told["lines"] == len(body.splitlines())
        assert not list(self.out.glob("*.part"))
        assert not (self.out / "export.journal").exists()

    def check_silence(self, *said: str) -> None:
        """No token and no signed statement is on the disk or in what was said."""
        secrets = [token.encode() for token in self.ehr.tokens]
        assert secrets or not self.ehr.ways.asks_for_token
        told = "\n".join([*said, *self.heard.sentences, repr(self.heard.progress)]).encode()
        for content in (told, *(path.read_bytes() for path in self.out.rglob("*") if path.is_file())):
            assert not any(secret in content for secret in secrets)
            assert b"eyJ" not in content

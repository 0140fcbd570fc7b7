"""Calls to the service in the field: each with a token of its own, each answer judged."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.outbound.breaker import OPEN_SECONDS
from cds_service.stories.agreement import without_uuids
from tests.attack.attacker import Attack, Said
from tests.attack.charts import AS_OF, BORN, FHIR_SERVER, TODAY, Json, membranous
from tests.attack.field import Field, at_noon, target_of
from tests.attack.fifth import with_drafts_in_r5
from tests.contract.calls import NEXT_THERAPY
from tests.ehr.exchange import Request
from tests.ehr.presented import Presented, RawAnswer, send
from tests.ehr.r5_twin import R4, R5
from tests.ehr.service import Service

_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
MOST_TRIES = 5
REQUIRED = "Required data could not be obtained."


def here_and_now(call: Json) -> Json:
    """A call of the stories as if its day were today: production answers for no other."""
    late = datetime.now(ZoneInfo(at_noon())).date() - date.fromisoformat(TODAY)
    moved: Json = json.loads(_DAY.sub(lambda found: _later(found.group(), late), json.dumps(call)))
    moved.get("extension", {}).pop(AS_OF, None)
    return {name: value for name, value in moved.items() if value != {}}


def treated() -> Json:
    """The base call G-R4: a complete prefetch, and a server and token that nobody needs."""
    return here_and_now(membranous())


def unfetched(server: str = FHIR_SERVER, **authorization: Any) -> Json:
    """The base call without prefetch (G-NOPF)."""
    call = treated()
    del call["prefetch"]
    return call | {"fhirServer": server, "fhirAuthorization": call["fhirAuthorization"] | authorization}


@dataclass(slots=True)
class Raid(Attack):
    """One case under way against the service in the field."""

    _: KW_ONLY
    field: Field
    golden: Json
    _patience: int = 0

    @property
    def answered(self) -> int:
        """How many calls the service has answered with cards or without: as many as the audit record must hold."""
        return self.field.answered

    @answered.setter
    def answered(self, number: int) -> None:
        self.field.answered = number

    def send(
        self,
        call: Json | bytes,
        status: int | set[int] = 200,
        headers: Mapping[str, str] | None = None,
        path: str = NEXT_THERAPY,
    ) -> Said:
        """The judged answer to a call with a fresh token.

        On a machine that is busy with something else the deadline of a call-back may pass. Then it is tried again: the
        breaker of each worker first opens for a while, then lets one search of a call through.
        """
        self._patience = 0 if status == 412 or (isinstance(status, set) and 412 in status) else MOST_TRIES
        return Attack.send(self, call, status, headers, path)

    def present(
        self, presented: Presented, status: int | set[int] = 401, call: Json | None = None, path: str = NEXT_THERAPY
    ) -> RawAnswer:
        """The judged answer to a call with exactly these headers."""
        mark = self.target.log_size()
        body = json.dumps(treated() if call is None else call).encode()
        raw = send(self.target.url + path, presented, body)
        said = Said(raw.status, dict(raw.headers), raw.body.decode("utf-8"), 0)
        wanted = {status} if isinstance(status, int) else status
        assert raw.status in wanted, f"{raw.status} instead of {sorted(wanted)}: {said.text[:600]}"
        self.judge(said, self.events(mark))
        self._count(said, path)
        return raw

    def aim(self, instance: Service) -> None:
        """The next calls go to this instance of the service."""
        self.target = target_of(instance, self.field.hospital.sink)

    def is_golden(self, said: Said | RawAnswer, version: str = R4) -> bool:
        """Is it the answer to the base call, uuids apart? To a client of R5 the drafts are R5."""
        told = said.json if isinstance(said, Said) else json.loads(said.body)
        return bool(without_uuids(told) == (with_drafts_in_r5(self.golden) if version == R5 else self.golden))

    def asked(self) -> list[Request]:
        """Everything of a patient that any FHIR server of the first client was asked for."""
        wards = [one for one in self.field.wards.requests if not self.field.is_of_before(one.header("host") or "")]
        met = [*self.field.hospital.ehr.requests, *wards]
        return [request for request in met if not request.path.endswith("/metadata")]

    def unobtainable(self, call: Json) -> Said:
        """412 that says that data could not be had for now."""
        said = self.send(call, 412)
        assert said.issue["code"] in {"transient", "timeout"}, said.issue
        assert said.issue["details"]["text"].startswith(REQUIRED)
        return said

    def _sent(self, call: Json | bytes, headers: Mapping[str, str] | None, path: str) -> tuple[Said, list[Json]]:
        told = {"Host": "cds.test"} | dict(self.field.token(path)) | dict(headers or {})
        said, lines = Attack._sent(self, call, told, path)
        if self._patience and said.status == 412 and said.issue["code"] in {"transient", "timeout"}:
            time.sleep(OPEN_SECONDS if self._patience == MOST_TRIES else 0)
            self._patience -= 1
            return self._sent(call, headers, path)
        self._count(said, path)
        return said, lines

    def _count(self, said: Said, path: str) -> None:
        self.answered += said.status == 200 and path == NEXT_THERAPY


def eventually(holds: Any, seconds: float = 10.0) -> bool:
    """Does it come true within so many seconds?"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return bool(holds())


def _later(day: str, late: timedelta) -> str:
    return day if day == BORN else (date.fromisoformat(day) + late).isoformat()

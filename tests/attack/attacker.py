"""Sends a call over HTTP and judges every answer by the invariants of the table, whatever the case is about."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.attack.case_table import AttackCase
from tests.attack.charts import CANARIES, MRN, NAME, NOTE, OTHER, PATIENT, TOKEN, Json
from tests.attack.target import Target
from tests.contract.calls import NEXT_THERAPY
from tests.contract.wire import check

HOOK_EVENTS = frozenset({"service_call", "feedback", "call_refused", "client_refused", "call_failed"})
# What an answer with cards may never carry; a refusal may not even name the patient it is about.
NEVER_SAID = (NAME, MRN, NOTE, TOKEN, OTHER)
_LIBRARIES = re.compile(
    r"traceback|\.py\b|\bfile \"|werkzeug|gunicorn|flask|pydantic|orjson|fhir\.resources|python/\d|evil\.test", re.I
)
_TRIES_WHEN_SLOW = 3
_RECOMMENDATION = "org.nextline-cds.recommendation"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the service."""

    status: int
    headers: Mapping[str, str]
    text: str
    milliseconds: float

    @property
    def json(self) -> Json:
        body: Json = json.loads(self.text)
        return body

    @property
    def cards(self) -> list[Json]:
        return list(self.json["cards"])

    @property
    def detail(self) -> str:
        """The leading card's text."""
        return str(self.cards[0]["detail"])

    @property
    def half(self) -> Json:
        """The leading card's machine-readable half."""
        half: Json = self.cards[0]["extension"][_RECOMMENDATION]
        return half

    @property
    def rule(self) -> str:
        return str(self.half["rule"])

    @property
    def set_aside(self) -> dict[str, str]:
        """Resource to reason."""
        return {row["resource"]: row["reason"] for row in self.half.get("setAside", ())}

    @property
    def issue(self) -> Json:
        issue: Json = self.json["issue"][0]
        return issue

    def facts(self, name: str) -> list[Json]:
        return [fact for fact in self.half.get("facts", ()) if fact["name"] == name]


@dataclass(slots=True)
class Attack:
    """One case under way against the running service."""

    case: AttackCase
    target: Target
    line: Json = field(default_factory=dict)
    """What the service logged about the last call."""
    also: Callable[[Json, Said], None] | None = None
    """Another way in which every call is tried and compared with its answer."""

    def send(
        self,
        call: Json | bytes,
        status: int | set[int] = 200,
        headers: Mapping[str, str] | None = None,
        path: str = NEXT_THERAPY,
    ) -> Said:
        """The judged answer to a call, with the status that the case expects."""
        said, lines = self._sent(call, headers, path)
        wanted = {status} if isinstance(status, int) else status
        assert said.status in wanted, f"{said.status} instead of {sorted(wanted)}: {said.text[:600]}"
        self.judge(said, lines)
        for _ in range(_TRIES_WHEN_SLOW - 1):  # another process may have had the processor
            if said.milliseconds <= self.case.max_ms:
                break
            said, _lines = self._sent(call, headers, path)
        assert said.milliseconds <= self.case.max_ms, f"{said.milliseconds:.0f} ms for {self.case.max_ms}"
        if self.also and isinstance(call, dict):
            self.also(call, said)
        return said

    def judge(self, said: Said, lines: list[Json]) -> None:
        """The invariants of every answer."""
        assert said.status < 500, f"server error: {said.text[:600]}"
        assert said.headers.get("Content-Type") == "application/json"
        body = said.json
        revealing = NEVER_SAID if said.status == 200 else (*CANARIES, OTHER, PATIENT)
        assert [text for text in revealing if text in said.text] == []
        if said.status != 200:
            assert _LIBRARIES.search(said.text) is None
        assert _LIBRARIES.search(str({**said.headers})) is None
        assert len(lines) == 1, f"one line of the log for one call, not {len(lines)}"
        (self.line,) = lines
        if said.status == 200 and body.get("cards") == []:
            assert why_silent(self.line), f"an empty answer without a reason in the log: {self.line}"

    def _sent(self, call: Json | bytes, headers: Mapping[str, str] | None, path: str) -> tuple[Said, list[Json]]:
        mark = self.target.log_size()
        said = post(self.target.url, call, headers, path=path)
        return said, self.events(mark)

    def events(self, mark: int) -> list[Json]:
        """What the log tells about calls since the mark."""
        return [line for line in self.target.log_lines(mark) if line.get("event") in HOOK_EVENTS]


def post(
    url: str,
    call: Json | bytes,
    headers: Mapping[str, str] | None = None,
    seconds: float = 30,
    path: str = NEXT_THERAPY,
) -> Said:
    """A call as it is, over a connection of its own."""
    body = call if isinstance(call, bytes) else json.dumps(call).encode()
    with requests.Session() as session:
        session.trust_env = False
        started = time.perf_counter()
        told = {"Content-Type": "application/json"} | dict(headers or {})
        answer = session.post(url + path, data=body, headers=told, timeout=seconds)
        took = (time.perf_counter() - started) * 1000
    check("POST", path, answer.status_code, answer.headers, answer.content)
    return Said(answer.status_code, answer.headers, answer.content.decode("utf-8"), took)


def why_silent(line: Mapping[str, Any]) -> str:
    """Why there is no card: a reason of its own, an override of before, or a rule that says out of scope."""
    return str(
        line.get("quiet")
        or line.get("silenced")
        or next((rule for rule in line.get("rules", ()) if rule.startswith("SC-")), "")
    )

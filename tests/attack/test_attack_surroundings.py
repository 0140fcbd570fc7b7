"""Cases ENV-01 to ENV-13 and SSRF-16: damaged files, wrong settings, restarts, no room to write, a poor machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.attack.attacker import Said, post
from tests.attack.case_table import field_case
from tests.attack.charts import TOKEN, Json
from tests.attack.field import AUDIENCE, FEEDBACK, Field
from tests.attack.raid import Raid, eventually, treated, unfetched
from tests.attack.target import processes
from tests.attack.test_attack_feedback import locked, overridden
from tests.ehr.presented import bearer, send
from tests.ehr.service import Refusal, Service, refused_start
from tests.mapping.mapping_copies import copied_to, write

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_REFUSE = 20.0
"""The case asks for 5 on a machine that does nothing else."""
ROUNDS = int(os.environ.get("NEXTLINE_RESTARTS", "1"))
SOAK = int(os.environ.get("NEXTLINE_SOAK", "90"))
CALLS_A_SECOND = 25.0
MOST_GROWTH_PER_CALL = 1024 * 1024 / 10_000
ROOM = 12 * 1024 * 1024


NONSENSE = (
    r"loinc\.csv:\d+: listed twice",
    r"units\.csv:\d+: .*x/d",
    r"brands\.csv:\d+: not UTF-8",
    r"rxnorm\.csv:\d+: ",
)


def nonsense(mappings: Path) -> None:
    codes, units = (mappings / "loinc.csv").read_text(), (mappings / "units.csv").read_text()
    write(mappings, "loinc.csv", codes + codes.splitlines()[1] + "\n")
    write(mappings, "units.csv", f"{units}proteinuria_24h,x/d,x/d,1,,\n")
    write(mappings, "brands.csv", (mappings / "brands.csv").read_bytes() + b"\xff\xfe\n")
    whole = (mappings / "rxnorm.csv").read_bytes()
    write(mappings, "rxnorm.csv", whole[: len(whole) // 2 + 7])


def other_octets(mappings: Path) -> None:
    from cds_service.mapping.seal import CHECKSUMS, checksums_of

    write(mappings, CHECKSUMS, checksums_of(mappings))
    write(mappings, "atc.csv", (mappings / "atc.csv").read_bytes() + b"\n")


@field_case("ENV-01")
@pytest.mark.parametrize(
    ("damage", "reasons"),
    [
        (nonsense, [*NONSENSE]),
        (other_octets, ["atc.csv"]),
    ],
    ids=["a row twice, an unknown unit, no UTF-8, cut", "other octets"],
)
def test_a_damaged_table_keeps_the_service_from_starting_and_is_named(
    raid: Raid, tmp_path: Path, damage: Callable[[Path], None], reasons: list[str]
) -> None:
    shutil.copytree(ROOT / "cds_service", tmp_path / "cds_service")
    damage(copied_to(tmp_path))
    said = assert_refused(refused_start(tmp_path, {}, seconds=SECONDS_TO_REFUSE))
    assert [reason for reason in reasons if not any(re.search(reason, line) for line in said)] == []
    assert raid.target.alive


def assert_refused(refusal: Refusal) -> list[str]:
    """It ended by itself, with an error, without a traceback and before the port was open. What it said."""
    assert refusal.code not in (0, None), refusal.output[-500:]
    assert not refusal.port_was_open
    assert "Traceback" not in refusal.output
    said = [line for line in refusal.output.splitlines() if line.startswith("cds-service")]
    assert said, refusal.output[-800:]
    return said


UNSAFE: Mapping[str, str] = {
    "CDS_AUTH": "none",
    "CDS_CLIENTS_FILE": "",
    "CDS_STORE_KEY_FILE": "",
    "CDS_DATABASE_URL": "",
    "CDS_PUBLIC_BASE_URL": "http://cds.test",
    "CDS_ALLOWED_HOSTS": "*",
    "CDS_ALLOW_AS_OF": "true",
    "CDS_OPEN_FHIR_SERVERS": "true",
    "CDS_LOG_LEVEL": "debug",
}


@field_case("ENV-03")
def test_production_as_development_does_not_start_and_every_reason_is_said_at_once(raid: Raid, tmp_path: Path) -> None:
    said = assert_refused(refused_start(tmp_path, {"CDS_MODE": "production", **UNSAFE}, seconds=SECONDS_TO_REFUSE))
    assert {name for name in UNSAFE if not any(name in line for line in said)} == set()
    assert raid.target.alive


@field_case("ENV-03")
@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("CDS_CLIENTS_FILE", {"CDS_CLIENTS_FILE": "empty/clients.toml"}),
        ("CDS_STORE_KEY_FILE", {"CDS_STORE_KEY_FILE": "empty/store.key"}),
        ("CDS_TLS_CA_FILE", {"CDS_TLS_CA_FILE": "empty/none.pem"}),
    ],
    ids=["no client", "no key", "no authorities"],
)
def test_production_with_files_that_hold_nothing_does_not_start(
    raid: Raid, tmp_path: Path, named: str, change: Mapping[str, str]
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("clients.toml", "store.key"):
        (tmp_path / "empty" / name).write_text("")
    said = assert_refused(refused_start(tmp_path, {**raid.field.service.settings, **change}, seconds=SECONDS_TO_REFUSE))
    assert any(named in line for line in said), said


@field_case("ENV-03")
def test_production_with_a_key_that_everybody_may_read_does_not_start(raid: Raid, tmp_path: Path) -> None:
    key = tmp_path / "open.key"
    key.write_bytes(Path(raid.field.service.settings["CDS_STORE_KEY_FILE"]).read_bytes())
    key.chmod(0o644)
    change = {**raid.field.service.settings, "CDS_STORE_KEY_FILE": str(key)}
    said = assert_refused(refused_start(tmp_path, change, seconds=SECONDS_TO_REFUSE))
    assert any("CDS_STORE_KEY_FILE" in line and "others on this machine" in line for line in said), said


@dataclass(slots=True)
class Front:
    """What a proxy before several instances does: each call goes to one that is in service."""

    instances: list[Service]
    statuses: list[int]
    turn: int = 0

    def call(self, field: Field) -> None:
        self.turn += 1
        instance = self.instances[self.turn % len(self.instances)]
        try:
            self.statuses.append(post(instance.url, treated(), dict(field.token()), seconds=10).status)
        except requests.RequestException:
            self.statuses.append(0)


@field_case("ENV-05")
def test_two_instances_are_replaced_in_turn_and_no_call_fails(raid: Raid, second: Service) -> None:
    both = [raid.field.service, second]
    front, done = Front(list(both), []), threading.Event()
    used = bearer(raid.field.client.token(AUDIENCE))
    raid.present(used, 200)

    def keep_calling() -> None:
        while not done.is_set():
            front.call(raid.field)
            time.sleep(1 / CALLS_A_SECOND)

    calling = threading.Thread(target=keep_calling)
    calling.start()
    try:
        for instance in both * ROUNDS:
            front.instances = [one for one in both if one is not instance]
            time.sleep(0.3)
            assert instance.stop() == 0
            instance.start()
            front.instances = list(both)
            time.sleep(0.3)
    finally:
        done.set()
        calling.join()
    raid.answered += front.statuses.count(200)
    assert len(front.statuses) > 20
    assert set(front.statuses) == {200}
    for instance in both:
        assert send(f"{instance.url}/cds-services/next-therapy", used, b"{}").status == 401, "a token lived again"


@field_case("ENV-09")
def test_a_card_waits_beside_a_locked_database_and_is_in_it_later(raid: Raid) -> None:
    call = treated() | {"hookInstance": "0d7b1a3e-7a52-4b0e-9d0a-5a1f0a3f7c11"}
    with locked(raid.field):
        said = raid.send(call)
        assert said.rule == "MN-07"
        assert raid.line["spooled"] is True
        assert raid.field.rows(instances_of(call)) == [(0,)]
    assert eventually(lambda: raid.field.rows(instances_of(call)) == [(1,)])


def instances_of(call: Json) -> str:
    return f"SELECT COUNT(*) FROM decisions WHERE hook_instance = '{call['hookInstance']}'"


@field_case("ENV-09")
def test_without_any_place_to_write_there_is_no_card(raid: Raid, second: Service) -> None:
    said = post(second.url, treated(), dict(raid.field.token()))
    assert said.status == 200
    raid.answered += 1
    with locked(raid.field):
        answers = [post(second.url, treated(), dict(raid.field.token())) for _ in range(3)]
        given = post(second.url, {"feedback": [overridden()]}, dict(raid.field.token(FEEDBACK)), path=FEEDBACK)
    assert {one.status for one in (*answers, given)} == {503}
    assert all("cards" not in one.json and int(one.headers["Retry-After"]) >= 1 for one in answers)
    assert eventually(lambda: answered(raid, second).status == 200)


def answered(raid: Raid, instance: Service) -> Said:
    said = post(instance.url, treated(), dict(raid.field.token()))
    raid.answered += said.status == 200
    return said


@field_case("ENV-11")
def test_very_many_calls_leave_memory_files_and_threads_as_they_are(raid: Raid) -> None:
    kinds = (lambda: raid.send(treated()), lambda: raid.send(unfetched()), lambda: raid.send(b"{", 400))
    for number in range(45):
        kinds[number % 3]()
    before, held = raid.target.memory(), handles(raid)
    for number in range(SOAK):
        kinds[number % 3]()
    grown = raid.target.memory() - before
    assert grown <= ROOM + SOAK * MOST_GROWTH_PER_CALL, f"{grown / 1e6:.1f} MB"
    now = handles(raid)
    assert all(now[name] <= held[name] + 4 for name in held), f"{held} became {now}"


def handles(raid: Raid) -> dict[str, int]:
    """Open files and threads of all processes."""
    pids = processes(raid.target.server.process.pid)
    return {name: sum(len(list(Path(f"/proc/{pid}/{name}").iterdir())) for pid in pids) for name in ("fd", "task")}


@field_case("SSRF-16")
def test_what_the_environment_says_of_proxies_and_passwords_is_not_asked(raid: Raid, second: Service) -> None:
    raid.aim(second)
    variables = second.variables()
    assert Path(variables["NETRC"]).read_text().startswith("machine ehr.test")
    assert variables["HTTPS_PROXY"] == raid.field.hospital.sink.url
    assert raid.is_golden(raid.send(unfetched()))
    assert {request.header("authorization") for request in raid.asked()} == {f"Bearer {TOKEN}"}
    assert raid.field.hospital.sink.connections == 0


@field_case("ENV-13")
def test_a_poor_machine_gives_the_golden_answer(raid: Raid, second: Service) -> None:
    raid.aim(second)
    for call in (treated(), unfetched(), treated()):
        assert raid.is_golden(raid.send(call))


@field_case("ENV-13")
def test_more_connections_than_a_poor_machine_has_files_are_no_server_error(raid: Raid, second: Service) -> None:
    with ExitStack() as kept:
        for _ in range(80):
            kept.enter_context(socket.create_connection((second.host, second.port), timeout=5))
        time.sleep(0.2)
    assert eventually(lambda: answered(raid, second).status == 200)
    assert "Traceback" not in second.log_text()

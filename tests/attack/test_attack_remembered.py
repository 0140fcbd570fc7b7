"""Cases CLIN-52, CLIN-55 and ENV-19: what the service remembers of a call, and what it makes of it later."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.attack.attacker import Said, post
from tests.attack.case_table import field_case
from tests.attack.charts import PROTEIN_24H, Json, lupus, membranous, newest
from tests.attack.field import FEEDBACK
from tests.attack.fifth import in_r5
from tests.attack.raid import Raid, here_and_now, treated, unfetched
from tests.attack.test_attack_feedback import overridden
from tests.ehr.r5_twin import R4, R5

in_each_release = pytest.mark.parametrize("version", [R4, R5], ids=["R4", "R5"])


def opened(patient: str, version: str = R4) -> Json:
    """The chart of this patient, opened anew."""
    call = here_and_now(membranous(patient)) | {"hookInstance": str(uuid.uuid4())}
    return in_r5(call) if version == R5 else call


def bare(call: Json) -> Json:
    """The call whose client leaves all reading to the service."""
    return {name: value for name, value in call.items() if name != "prefetch"}


def set_aside(raid: Raid, said: Said, *, listed: bool = True, **presented: Any) -> None:
    """The reader sets every card aside, with the first reason that the card itself offers, or with a comment alone."""
    entries = []
    for card in said.cards:
        entry = overridden(card["uuid"])
        if listed:
            offered = card["overrideReasons"][0]
            entry["overrideReason"]["reason"] = {"system": offered["system"], "code": offered["code"]}
        entries.append(entry)
    raid.send({"feedback": entries}, path=FEEDBACK, **presented)


@field_case("CLIN-52")
@in_each_release
def test_a_card_that_was_set_aside_with_a_reason_is_not_shown_again(raid: Raid, version: str) -> None:
    patient = f"pat-quiet-{version}"
    first = raid.send(opened(patient, version))
    assert first.rule == "MN-07"
    set_aside(raid, first)
    for again in (R4, R5, version):
        assert raid.send(opened(patient, again)).cards == []
        assert raid.line["silenced"] == ["MN-07"]
    raid.field.hold(opened(patient), version)
    assert raid.send(bare(opened(patient))).cards == [], "read by call-back it is the same chart"


@field_case("CLIN-52")
@in_each_release
def test_it_comes_back_when_a_fact_has_changed_and_says_which(raid: Raid, version: str) -> None:
    patient = f"pat-changed-{version}"
    set_aside(raid, raid.send(opened(patient, version)))
    assert raid.send(opened(patient, version)).cards == []
    call = opened(patient, version)
    newest(call, PROTEIN_24H)["valueQuantity"]["value"] = 9.1
    again = raid.send(call)
    assert again.rule == "MN-07"
    assert "9.1" in again.detail
    assert "7.6" in again.detail, "what it was before"


@field_case("CLIN-52")
def test_an_override_without_a_reason_silences_nothing(raid: Raid) -> None:
    set_aside(raid, raid.send(opened("pat-comment")), listed=False)
    assert raid.send(opened("pat-comment")).rule == "MN-07"


@field_case("CLIN-52")
def test_an_override_silences_neither_another_patient_nor_another_client(raid: Raid) -> None:
    set_aside(raid, raid.send(opened("pat-one")))
    assert raid.send(opened("pat-two")).rule == "MN-07"
    other = dict(raid.field.token(client=raid.field.hospital.other))
    assert raid.send(opened("pat-one"), headers=other).rule == "MN-07"


@field_case("CLIN-52")
def test_another_client_cannot_silence_our_cards(raid: Raid) -> None:
    said = raid.send(opened("pat-foreign"))
    set_aside(raid, said, headers=dict(raid.field.token(FEEDBACK, raid.field.hospital.other)))
    assert raid.send(opened("pat-foreign")).rule == "MN-07"


@field_case("CLIN-55")
def test_every_decision_gives_the_same_octets_when_it_is_answered_again(raid: Raid) -> None:
    raid.field.hold(treated(), R5)
    for call in (treated(), opened("pat-again"), opened("pat-again", R5), here_and_now(lupus()), unfetched()):
        raid.send(call)
    ran = raid.field.service.run("replay", "--all", "--json")
    assert ran.returncode == 0, ran.stdout[-800:] + ran.stderr[-800:]
    told = json.loads(ran.stdout)
    ((number,),) = raid.field.rows("SELECT COUNT(*) FROM decisions")
    assert told["same"] == told["replayed"] >= int(str(number)) > 2
    assert "Quillfeather" not in ran.stdout


@field_case("CLIN-55")
def test_the_chain_of_decisions_is_whole(raid: Raid) -> None:
    raid.send(opened("pat-chain"))
    ran = raid.field.service.run("db", "verify")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@field_case("ENV-19")
def test_a_call_that_is_sent_again_gives_the_same_card_and_is_one_decision(raid: Raid) -> None:
    call = opened("pat-twice")
    first, again = raid.send(call), raid.send(call)
    assert first.json == again.json
    assert kept(raid, call) == [(2,)]


@field_case("ENV-19")
def test_another_chart_under_the_same_name_of_a_call_is_another_decision_and_an_event(raid: Raid) -> None:
    call = opened("pat-reused")
    first = raid.send(call)
    newest(call, PROTEIN_24H)["valueQuantity"]["value"] = 9.1
    second = raid.send(call)
    assert first.cards[0]["uuid"] != second.cards[0]["uuid"]
    assert raid.line["safety"] == ["HOOK_INSTANCE_REUSED"]
    assert kept(raid, call) == [(1,), (1,)]


@field_case("ENV-19")
def test_the_same_call_from_many_connections_at_once_is_one_decision(raid: Raid) -> None:
    times = 8
    call = opened("pat-many")
    with ThreadPoolExecutor(times) as pool:
        sent = [pool.submit(post, raid.target.url, call, dict(raid.field.token())) for _ in range(times)]
    answers = [one.result() for one in sent]
    raid.answered += times
    assert {said.status for said in answers} == {200}
    assert len({said.text for said in answers}) == 1
    assert kept(raid, call) == [(times,)]


def kept(raid: Raid, call: Json) -> list[tuple[object, ...]]:
    """Deliveries of every decision of a call."""
    return raid.field.rows(f"SELECT deliveries FROM decisions WHERE hook_instance = '{call['hookInstance']}'")

"""The service under attack, and what must hold after every case: it lives, says the same as before, and kept quiet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cds_service.stories.agreement import without_uuids
from tests.attack.attacker import Attack, post
from tests.attack.case_table import cases
from tests.attack.charts import CANARIES, Json, membranous
from tests.attack.field import Field, field_of
from tests.attack.raid import Raid, eventually, treated
from tests.attack.target import Target, listening
from tests.conftest import running_server
from tests.ehr.fixtures import authority
from tests.ehr.tls import Authority

__all__ = ("authority",)
MOST_GROWTH = 50 * 1024 * 1024


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One service for all cases. The proxy in its environment is the sink: whatever it calls ends there."""
    log = tmp_path_factory.mktemp("attack") / "log.txt"
    with listening() as sink, running_server(log, HTTP_PROXY=sink.url, HTTPS_PROXY=sink.url) as server:
        yield Target(server, sink)


@pytest.fixture(scope="session")
def golden(target: Target) -> Json:
    """The answer to the base call before any attack."""
    said = post(target.url, membranous())
    assert said.status == 200, said.text[:600]
    assert said.rule == "MN-07"
    return said.json


@pytest.fixture
def attack(request: pytest.FixtureRequest, target: Target, golden: Json) -> Iterator[Attack]:
    """A case under way; afterwards the service must be as it was."""
    mark, memory, calls = target.log_size(), target.memory(), target.sink.connections
    yield Attack(cases()[request.param], target)
    assert target.alive
    assert target.memory() - memory <= MOST_GROWTH
    assert target.sink.connections == calls, "the service called somebody"
    log = target.log_text(mark)
    assert [canary for canary in CANARIES if canary in log] == []
    assert "Traceback" not in log
    assert without_uuids(post(target.url, membranous()).json) == without_uuids(golden)


@pytest.fixture(scope="session")
def field(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Field]:
    """One service in production for all cases of the field."""
    with field_of(tmp_path_factory.mktemp("field"), authority, "odd", "flooded", "rotating") as made:
        yield made


@pytest.fixture(scope="session")
def field_golden(field: Field) -> Json:
    """The answer of the field's service to the base call before any attack; every worker has loaded and been asked."""
    answers = [post(field.service.url, treated(), dict(field.token())) for _ in range(8)]
    assert {said.status for said in answers} == {200}, answers[0].text[:600]
    assert answers[0].rule == "MN-07"
    golden: Json = without_uuids(answers[0].json)
    return golden


@pytest.fixture
def raid(request: pytest.FixtureRequest, field: Field, field_golden: Json) -> Iterator[Raid]:
    """A case under way in the field; afterwards the service must be as it was, and have called nobody it may not."""
    field.forget()
    field.hold(treated())
    target = field.target
    mark, memory, kept = target.log_size(), target.memory(), field.deliveries
    under_way = Raid(cases()[request.param], target, field=field, golden=field_golden)
    yield under_way
    assert target.alive
    assert target.memory() - memory <= MOST_GROWTH
    assert field.hospital.quiet, "the service looked for the attacker"
    assert field.strangers() == []
    log = target.log_text(mark)
    assert [canary for canary in CANARIES if canary in log] == []
    assert "Traceback" not in log
    assert eventually(lambda: field.deliveries == kept + under_way.answered), "an answer without its audit record"
    assert without_uuids(post(target.url, treated(), dict(field.token())).json) == field_golden

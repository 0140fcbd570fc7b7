"""The service under attack, and what must hold after every case: it lives, says the same as before, and kept quiet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.stories.agreement import without_uuids
from tests.attack.attacker import Attack, Said, post
from tests.attack.case_table import cases
from tests.attack.charts import CANARIES, Json, membranous
from tests.attack.field import Field, field_of, poor_instance, target_of
from tests.attack.mirror import Mirror, assert_same_in_every_way, mirror_of
from tests.attack.raid import Raid, eventually, treated
from tests.attack.target import Sink, Target, listening
from tests.ehr.fixtures import authority, real_fhir_server
from tests.ehr.service import Service
from tests.ehr.tls import Authority

__all__ = ("authority", "real_fhir_server")
IN_EVERY_WAY = ("clinical", "patient-mixup")
FOLDER = Path(__file__).parent
FIRST = tuple(f"test_attack_{name}.py" for name in ("surroundings", "table", "slow_clients", "sick_server"))
"""The longest files come first, so that at the end of a run nobody waits for one of them; many short tests between
them keep those that share the work from taking two of them at once."""
MOST_GROWTH = 50 * 1024 * 1024


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of this folder in another order, at the places that they have among others."""
    places = [place for place, item in enumerate(items) if item.path.parent == FOLDER]
    ours = sorted((items[place] for place in places), key=lambda item: [item.path.name != name for name in FIRST])
    for place, item in zip(places, ours, strict=True):
        items[place] = item


@pytest.fixture(scope="session")
def sink() -> Iterator[Sink]:
    """The proxy in the service's environment: whatever it calls by it ends there."""
    with listening() as made:
        yield made


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory, authority: Authority, sink: Sink) -> Iterator[Mirror]:
    """One service in development for all cases. It may read charts, but from one server only."""
    with mirror_of(tmp_path_factory.mktemp("attack"), authority, sink.url) as made:
        yield made


@pytest.fixture(scope="session")
def target(mirror: Mirror, sink: Sink) -> Target:
    """The service as the cases see it."""
    return target_of(mirror.service, sink)


@pytest.fixture(scope="session")
def golden(target: Target) -> Json:
    """The answer to the base call before any attack."""
    said = post(target.url, membranous())
    assert said.status == 200, said.text[:600]
    assert said.rule == "MN-07"
    return said.json


@pytest.fixture
def attack(request: pytest.FixtureRequest, target: Target, golden: Json, mirror: Mirror) -> Iterator[Attack]:
    """A case under way; afterwards the service must be as it was. A chart is read by call-back and in R5 as well."""
    about = cases()[request.param]

    def also(call: Json, said: Said) -> None:
        if about.area in IN_EVERY_WAY:
            assert_same_in_every_way(call, said, target.url, mirror)

    mark, memory, calls = target.log_size(), target.memory(), target.sink.connections
    yield Attack(about, target, also=also)
    assert target.alive
    assert target.memory() - memory <= MOST_GROWTH
    assert target.sink.connections == calls, "the service called somebody"
    assert mirror.strangers() == []
    told = target.log_text(mark) + target.metrics()
    assert [canary for canary in CANARIES if canary in told] == []
    assert "Traceback" not in told
    assert without_uuids(post(target.url, membranous()).json) == without_uuids(golden)


@pytest.fixture(scope="session")
def field(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Field]:
    """One service in production for all cases of the field."""
    with field_of(tmp_path_factory.mktemp("field"), authority, "odd", "flooded", "rotating") as made:
        yield made


@pytest.fixture(scope="session")
def second(field: Field, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Another instance of the field's service, in bad surroundings."""
    with poor_instance(field, tmp_path_factory.mktemp("second")) as running:
        yield running


@pytest.fixture(scope="session")
def field_golden(field: Field) -> Json:
    """The answer of the field's service to the base call before any attack; every worker has loaded and been asked."""
    answers = [post(field.service.url, treated(), dict(field.token())) for _ in range(8)]
    assert {said.status for said in answers} == {200}, answers[0].text[:600]
    assert answers[0].rule == "MN-07"
    field.answered += len(answers)
    golden: Json = without_uuids(answers[0].json)
    return golden


@pytest.fixture
def raid(request: pytest.FixtureRequest, field: Field, field_golden: Json) -> Iterator[Raid]:
    """A case under way in the field; afterwards the service must be as it was, and have called nobody it may not."""
    field.forget()
    field.hold(treated())
    target = field.target
    mark, memory = target.log_size(), target.memory()
    under_way = Raid(cases()[request.param], target, field=field, golden=field_golden)
    yield under_way
    target = field.target  # a case may have started it anew
    assert target.alive
    assert target.memory() - memory <= MOST_GROWTH
    assert field.hospital.quiet, "the service looked for the attacker"
    assert field.strangers() == []
    told = target.log_text(mark) + target.metrics()
    assert [canary for canary in CANARIES if canary in told] == []
    assert "Traceback" not in told
    assert eventually(lambda: field.deliveries == field.answered), "an answer without its audit record"
    again = post(target.url, treated(), dict(field.token()))
    field.answered += 1
    assert without_uuids(again.json) == field_golden

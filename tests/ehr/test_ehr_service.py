"""The real service starts by its documented command, lives in the test's network, and ends as it is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.ehr.hosts import Network
from tests.ehr.service import PROGRAM, Service, refused_start, service


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("service")
    with service(directory, {"CDS_LOG_LEVEL": "info"}, network=Network(directory / "network.json")) as started:
        yield started


def test_it_answers(running: Service) -> None:
    answer = requests.get(f"{running.url}/cds-services", timeout=5)
    assert answer.json()["services"]


def test_the_process_that_serves_is_inside_the_network(running: Service) -> None:
    assert running.network is not None
    assert running.process is not None
    assert running.network.process_ids[-1] == running.process.pid
    assert running.network.commands[0][:3] == ["-m", "cds_service.cli", "serve"]


def test_starting_and_answering_calls_nobody(running: Service) -> None:
    assert running.network is not None
    assert (running.network.lookups, running.network.connects) == ([], [])


def test_other_commands_see_the_same_settings(running: Service) -> None:
    done = running.run("settings")
    assert done.returncode == 0
    assert str(running.port) in done.stdout


def test_a_killed_worker_is_replaced(running: Service) -> None:
    killed = running.kill_workers()
    assert killed
    assert requests.get(f"{running.url}/health/live", timeout=20).ok
    assert not set(running.workers()) & set(killed)


def test_it_comes_back_after_a_kill_at_the_same_place_and_stops_when_told(running: Service) -> None:
    url, mark = running.url, running.log_size()
    running.kill()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/health/live", timeout=2)
    running.start()
    assert requests.get(f"{url}/health/live", timeout=5).ok
    assert running.log_size() > mark
    assert running.stop() == 0
    assert not running.alive


def test_a_wrong_setting_is_a_refused_start(tmp_path: Path) -> None:
    refused = refused_start(tmp_path, {"CDS_MODE": "holiday"}, seconds=30)
    assert refused.code not in (0, None)
    assert "CDS_MODE" in refused.output
    assert not refused.port_was_open


def test_variables_of_the_surroundings_are_set_and_removed(tmp_path: Path) -> None:
    one = Service(tmp_path, {"CDS_SITE": "x"}, surroundings={"HTTPS_PROXY": "http://evil.test:3128", "HOME": None})
    variables = one.variables()
    assert (variables["HTTPS_PROXY"], variables["CDS_SITE"], "HOME" in variables) == (
        "http://evil.test:3128",
        "x",
        False,
    )


@dataclass(slots=True)
class Escaping(Service):
    """A service whose process leaves the network it was given."""

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, *PROGRAM, *arguments]


def test_a_program_that_leaves_the_network_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="left the test's network"):
        Escaping(tmp_path, network=Network(tmp_path / "network.json")).start()

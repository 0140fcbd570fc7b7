"""The command line as a process: what it prints and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.demo import SELECTION, first_difference, free_port
from cds_service.stories.catalogue import all_stories

STORY = next(story for story in all_stories() if story.name == SELECTION[0])
REQUEST = STORY.path / "request.json"


def command(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")} | settings
    return subprocess.run(
        [sys.executable, "-m", "cds_service.cli", *words],
        env=environment | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def written(folder: Path, content: object) -> str:
    file = folder / "chart.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def bundle_of(request: dict[str, Any]) -> dict[str, Any]:
    resources = []
    for value in request["prefetch"].values():
        entries = value.get("entry", ()) if value["resourceType"] == "Bundle" else [{"resource": value}]
        resources += [{"resource": entry["resource"]} for entry in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": resources}


def half_of(response: dict[str, Any]) -> dict[str, Any]:
    half: dict[str, Any] = response["cards"][0]["extension"]["org.nextline-cds.recommendation"]
    return half


def test_help_comes_without_loading_the_fhir_models() -> None:
    loaded = "import sys, cds_service.cli; print(sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"fhir", "flask", "pydantic", "gunicorn"} & set(re.findall(r"'(\w+)'", done.stdout))


def test_the_version_is_printed() -> None:
    assert re.fullmatch(r"nextline-cds \d+\.\d+\.\d+\n", command("--version").stdout)


@pytest.mark.parametrize(
    ("words", "settings", "status", "said"),
    [
        ((), {}, 2, ""),
        (("prescribe",), {}, 2, "No such command"),
        (("evaluate", "nowhere.json"), {}, 2, "does not exist"),
        (("evaluate", str(REQUEST), "--as-of", "yesterday"), {}, 2, "yesterday"),
        (("demo", "--story", "nobody"), {}, 2, "no example patient nobody"),
        (("settings",), {"CDS_PORT": "many"}, 4, "CDS_PORT"),
        (("settings",), {"CDS_MODE": "production"}, 4, "CDS_CLIENTS_FILE"),
        (("serve",), {"CDS_AUTH": "jwt"}, 4, "CDS_CLIENTS_FILE"),
        (("evaluate", str(REQUEST), "--site", "nowhere"), {}, 4, "nowhere"),
    ],
)
def test_a_wrong_call_ends_with_its_own_status_and_says_why(
    words: tuple[str, ...], settings: dict[str, str], status: int, said: str
) -> None:
    done = command(*words, **settings)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False)
    assert said in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "not JSON"),
        ([1], "JSON object"),
        ({"resourceType": "Patient", "id": "a"}, "neither a CDS Hooks request"),
        ({"resourceType": "Bundle", "type": "collection"}, "one Patient"),
        ({"hook": "order-sign"}, "hookInstance"),
    ],
)
def test_a_file_that_is_no_chart_is_refused_with_status_3(tmp_path: Path, content: object, said: str) -> None:
    done = command("evaluate", written(tmp_path, content))
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert said in done.stderr


def test_a_required_need_left_out_is_refused_as_the_server_does(tmp_path: Path) -> None:
    request = STORY.request
    del request["prefetch"]["conditions"]
    for name in ("evaluate", "explain"):
        done = command(name, written(tmp_path, request))
        assert done.returncode == 3
        assert "conditions" in done.stderr


def test_evaluate_gives_the_answer_that_the_server_gives() -> None:
    done = command("evaluate", str(REQUEST), "--json")
    assert first_difference(STORY.response, json.loads(done.stdout)) == ""


def test_evaluate_reads_a_bundle_and_comes_to_the_same_advice(tmp_path: Path) -> None:
    done = command("evaluate", written(tmp_path, bundle_of(STORY.request)), "--as-of", "2026-11-22", "--json")
    answered, stored = half_of(json.loads(done.stdout)), half_of(STORY.response)
    for member in ("state", "action", "nextClass", "rule", "facts", "lines"):
        assert answered[member] == stored[member]


def test_another_day_gives_another_answer() -> None:
    done = command("evaluate", str(REQUEST), "--as-of", "2027-11-22", "--json")
    assert half_of(json.loads(done.stdout))["asOf"] == "2027-11-22"
    assert half_of(json.loads(done.stdout))["action"] == "DATA_REQUEST"


@pytest.mark.parametrize("plain", [(), ("--plain",)])
def test_evaluate_shows_the_card(plain: tuple[str, ...]) -> None:
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", command("evaluate", str(REQUEST), *plain).stdout).split())
    assert STORY.response["cards"][0]["summary"] in shown


def test_explain_shows_the_rule_the_lines_and_bins_that_add_up() -> None:
    shown = command("explain", str(REQUEST)).stdout
    half = half_of(STORY.response)
    for said in (half["state"], f"rule {half['rule']}", half["lines"][0]["start"], half["facts"][0]["source"]):
        assert said in shown
    used, superseded, not_relevant, set_aside, total = map(int, re.findall(r"\d+", shown.splitlines()[1]))
    assert used + superseded + not_relevant + set_aside == total > 0


def test_settings_are_printed_with_their_origin_and_without_secrets() -> None:
    shown = command("settings", CDS_DATABASE_URL="postgresql://anna:secret@db/cds", CDS_PORT="9000").stdout
    assert "secret" not in shown
    assert re.search(r"CDS_PORT +9000 +environment", shown)
    assert re.search(r"CDS_HOST +127\.0\.0\.1 +default", shown)


def test_demo_sends_a_patient_to_the_real_server_and_shows_the_card() -> None:
    done = command("demo", "--story", STORY.name, "--plain", CDS_PORT="1", CDS_MODE="production")
    assert done.returncode == 0, done.stderr
    assert STORY.title in done.stdout
    assert STORY.response["cards"][0]["summary"] in done.stdout
    assert "answers equal the stored ones" in done.stdout


def test_serve_answers_where_it_says_and_stops_when_told() -> None:
    port = free_port()
    environment = os.environ | {"CDS_PORT": str(port), "CDS_WORKERS": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "cds_service.cli", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert server.stderr is not None
        said = server.stderr.readline().decode()
        address = re.search(r"http://\S+/cds-services", said)
        assert address, said
        assert discovered(address[0]) == ["next-therapy"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
    assert server.returncode == 0


def discovered(address: str) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return [service["id"] for service in requests.get(address, timeout=2).json()["services"]]
        except requests.ConnectionError:
            time.sleep(0.1)
    return []


def test_serve_on_a_taken_port_says_so_in_one_line_before_announcing_anything() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command("serve", CDS_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 4
    assert "cannot listen" in done.stderr
    assert "stop with" not in done.stderr

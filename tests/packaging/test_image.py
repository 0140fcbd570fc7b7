"""The container file as text: there is no container engine in the test environment."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD, FINAL = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[1:]


def test_both_stages_start_from_the_same_pinned_python() -> None:
    first, last = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    assert first == last
    assert re.fullmatch(r"python:3\.11-slim-\w+", first)


def test_packages_come_from_the_lock() -> None:
    syncs = re.findall(r"uv sync (.*)", BUILD)
    assert len(syncs) == 2
    assert all("--frozen" in sync and "--no-dev" in sync for sync in syncs)


def test_uv_is_the_version_the_bootstrap_uses() -> None:
    pinned = re.search(r'UV_VERSION = "([\d.]+)"', (ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8"))
    assert pinned
    assert f"uv=={pinned[1]}\n" in BUILD


@pytest.mark.parametrize("tool", ["uv", "gcc", "apt-get", "pip install", "build-essential", "git"])
def test_no_build_tool_is_in_the_image(tool: str) -> None:
    assert not re.search(rf"\b{tool}\b", FINAL)


def test_pip_is_taken_out_of_the_image() -> None:
    assert "pip uninstall --yes --quiet pip" in FINAL


def test_it_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", FINAL, flags=re.MULTILINE)
    assert users == ["10001"]


def test_it_is_asked_whether_it_is_ready() -> None:
    health = re.search(r"^HEALTHCHECK (?:.*\\\n)*.*$", FINAL, flags=re.MULTILINE)
    assert health
    assert "/health/ready" in health[0]


def test_it_starts_as_everywhere_else() -> None:
    assert 'CMD ["gunicorn", "-c", "python:cds_service.gunicorn_settings", "--no-control-socket"]' in FINAL


def test_everything_that_is_copied_exists_and_is_let_in() -> None:
    let_in = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert source in let_in

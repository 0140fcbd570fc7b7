"""The container file: there is no container engine in the test environment, so it is read, and its command is run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.conftest import environment

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
HEAD, BUILD, FINAL = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)
INSTRUCTIONS = {
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
    *("LABEL", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
}


def instructions() -> list[tuple[str, str]]:
    """Every instruction with its arguments, continuation lines joined and comments left out."""
    lines = [line for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined)]


def arguments(instruction: str) -> list[str]:
    return [rest.strip() for word, rest in instructions() if word == instruction]


def test_every_line_is_an_instruction() -> None:
    assert {word for word, _ in instructions()} <= INSTRUCTIONS


def test_both_stages_start_from_the_same_python_pinned_by_its_tag() -> None:
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.11-slim-(bookworm|trixie)", arguments("ARG")[0])
    assert [one.split()[0] for one in arguments("FROM")] == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]


def test_packages_come_from_the_lock_with_everything_that_production_needs() -> None:
    syncs = re.findall(r"uv sync (.*)", BUILD)
    assert len(syncs) == 2
    for sync in syncs:
        assert {"--frozen", "--no-dev"} <= set(sync.split())
        assert re.findall(r"--extra (\w+)", sync) == ["postgres", "otel"]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {"postgres", "otel"} <= set(re.findall(r"^(\w+) = \[", project, flags=re.MULTILINE))


def test_uv_is_the_version_the_bootstrap_uses() -> None:
    pinned = re.search(r'UV_VERSION = "([\d.]+)"', (ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8"))
    assert pinned
    assert f"uv=={pinned[1]}\n" in BUILD


def test_the_tables_are_sealed_before_the_package_is_built() -> None:
    assert 0 < BUILD.index("python tools/checksums.py") < BUILD.index("--no-editable")


@pytest.mark.parametrize("tool", ["uv", "gcc", "apt-get", "pip install", "build-essential", "git", "curl"])
def test_no_build_tool_is_in_the_image(tool: str) -> None:
    assert not re.search(rf"\b{tool}\b", FINAL)


def test_pip_is_taken_out_of_the_image() -> None:
    assert "pip uninstall --yes --quiet pip" in FINAL


def test_it_does_not_run_as_root() -> None:
    assert arguments("USER") == ["10001:10001"]
    words = [word for word, _ in instructions()]
    assert words.index("USER") < words.index("CMD")
    assert "RUN" not in words[words.index("USER") :]


def test_what_it_writes_lies_in_a_volume_of_its_own() -> None:
    (volume,) = json.loads(arguments("VOLUME")[0])
    assert arguments("WORKDIR")[-1] == volume
    assert f"CDS_SPOOL_DIR={volume}/spool" in FINAL
    assert f"--owner=10001 --group=10001 --mode=0700 {volume}" in FINAL


def test_it_is_asked_whether_it_is_ready() -> None:
    (health,) = arguments("HEALTHCHECK")
    code = json.loads(health[health.index("[") :])
    assert code[:2] == ["python", "-c"]
    compile(code[2], "HEALTHCHECK", "exec")
    (path,) = re.findall(r"\}(/[a-z/]+)'", code[2])
    assert path in {rule.rule for rule in create_app(Settings()).url_map.iter_rules()}


def test_every_variable_it_sets_is_a_setting_or_python_s_own() -> None:
    named = set(re.findall(r"\b(CDS_[A-Z_]+)=", FINAL))
    assert named == {"CDS_HOST", "CDS_PORT", "CDS_SPOOL_DIR"}
    assert named <= {f"CDS_{name.upper()}" for name in Settings.model_fields}


def test_its_command_is_one_that_gunicorn_can_start() -> None:
    command = json.loads(arguments("CMD")[0])
    assert command == ["gunicorn", "-c", "python:cds_service.gunicorn_settings", "--no-control-socket"]
    # --check-config imports the settings module, the worker class and the application, and starts nothing.
    checked = subprocess.run(
        [sys.executable, "-m", *command, "--check-config"],
        env=environment(CDS_DATABASE_URL=str(Settings().database_url)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr


def test_it_says_what_it_is() -> None:
    label = " ".join(arguments("LABEL"))
    for name in ("title", "description", "version", "revision", "licenses"):
        assert f"org.opencontainers.image.{name}=" in label


def test_everything_that_is_copied_exists_and_is_let_in() -> None:
    let_in = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE))
    copied = [line for line in arguments("COPY") if not line.startswith("--from=build")]
    assert copied
    for line in copied:
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert source in let_in

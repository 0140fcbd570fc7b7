"""The wheel works on its own: away from the checkout it finds its mappings and its example patients."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORY = "tacrolimus-failed-so-rituximab-is-next"


def uv() -> str | None:
    """The uv of the search path, or the one the bootstrap keeps, when it starts."""
    kept = sorted((ROOT / "build" / "bootstrap").glob("uv-*"))
    for candidate in (shutil.which("uv"), *map(str, kept)):
        if candidate and subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:
            return candidate
    return None


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of the wheel and nothing else."""
    tool = uv()
    if tool is None:
        pytest.skip("needs uv to build a wheel (the bootstrap fell back to pip)")
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [tool, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "content")
    return folder / "content"


def run_in(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    return subprocess.run(
        [sys.executable, "-m", "cds_service.cli", *words],
        cwd=installed,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_is_the_wheel_that_is_tested(installed: Path) -> None:
    where = "import cds_service.cli as module; print(module.__file__)"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run([sys.executable, "-c", where], cwd=installed, env=environment, capture_output=True, text=True)
    assert Path(done.stdout.strip()).is_relative_to(installed)


def test_it_carries_licence_mappings_and_example_patients(installed: Path) -> None:
    data = installed / "cds_service" / "_data"
    assert (data / "mappings" / "NOTICE").is_file()
    assert (data / "mappings" / "sites" / "README.md").is_file()
    assert (data / "fixtures" / "patient-view" / STORY / "request.json").is_file()
    assert {path.name for path in installed.glob("*.dist-info/licenses/*")} == {"LICENSE", "NOTICE"}


def test_it_carries_the_schemas_of_the_wire(installed: Path) -> None:
    names = {path.stem for path in (installed / "cds_service" / "cdshooks" / "schemas").glob("*.json")}
    assert {"card", "discovery", "feedback", "recommendation", "request-patient-view", "response"} <= names


def test_it_carries_no_tests_and_no_tools(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"cds_service"}


def test_it_answers_from_its_own_data(installed: Path) -> None:
    request = installed / "cds_service" / "_data" / "fixtures" / "patient-view" / STORY / "request.json"
    done = run_in(installed, "evaluate", str(request), "--json")
    assert done.returncode == 0, done.stderr
    (card,) = json.loads(done.stdout)["cards"]
    advice = card["extension"]["org.nextline-cds.recommendation"]
    assert (advice["rule"], advice["nextClass"]) == ("MN-07", "RTX")
    assert len(advice["facts"]) > 3

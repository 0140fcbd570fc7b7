"""A screening that was killed is gone on with: the results are those of one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from cds_service.population.faults import ScreeningFault
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import registry
from tests.population.exports import ON, screened

RESULTS = ("screening.ndjson", "screening.parquet", "counts.json", "report.html", "broken.ndjson")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry") / "export"
    write_export(registry(400, 5, ON), folder, 5, ON, "R4", lambda done: None)
    return folder


def command(export: Path, out: Path, *more: str) -> list[str]:
    told = ["screen", str(export), "--out", str(out), "--as-of", ON.isoformat(), "--workers", "2", *more]
    return [sys.executable, "-m", "cds_service.cli", *told]


def killed_after(pieces: str, export: Path, out: Path) -> int:
    """How many such pieces were done when the whole group of processes was killed."""
    process = subprocess.Popen(command(export, out), start_new_session=True)
    deadline = time.monotonic() + 60
    done: list[Path] = []
    while not done and process.poll() is None and time.monotonic() < deadline:
        done = list((out / "work").glob(pieces))
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return len(list((out / "work").glob(pieces)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("pieces", "most"), [("gather-*.json", 99), ("rows-*.json", 8)], ids=["reading", "judging"])
def test_a_killed_screening_goes_on_where_it_was_and_ends_the_same(
    pieces: str, most: int, export: Path, tmp_path: Path
) -> None:
    screened(export, tmp_path / "alone")
    done = killed_after(pieces, export, tmp_path / "killed")
    assert 0 < done < most, "the kill came when there was something done and something to do"
    again = subprocess.run(command(export, tmp_path / "killed", "--resume"), capture_output=True, text=True, check=True)
    assert "going on with what was begun before" in again.stderr
    for name in RESULTS:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    assert not (tmp_path / "killed" / "work").exists()


def test_a_changed_input_is_refused_and_named(export: Path, tmp_path: Path) -> None:
    copy = tmp_path / "export"
    copy.mkdir()
    for path in export.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    begun(copy, tmp_path / "out")
    with (copy / "Patient.001.ndjson").open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(ScreeningFault, match=r"the input \(Patient\.001\.ndjson\) is not what it was"):
        screened(copy, tmp_path / "out", resume=True)
    assert screened(copy, tmp_path / "out")["patients"]["found"] == 400


def test_another_day_is_refused(export: Path, tmp_path: Path) -> None:
    begun(export, tmp_path / "out")
    with pytest.raises(ScreeningFault, match="asOf is not what it was"):
        screened(export, tmp_path / "out", resume=True, on=date(2026, 11, 23))


def begun(export: Path, out: Path) -> None:
    """A screening that got as far as its plan."""

    class Strike:
        def each(self, do: object, pieces: object) -> object:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screened(export, out, Strike())
    assert json.loads((out / "work" / "plan.json").read_text())["asked"]["asOf"] == ON.isoformat()

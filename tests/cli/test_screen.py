"""screen and synthesize from the command line, as a newcomer gives them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from tests.population.exports import rows

RUN = CliRunner()


@pytest.mark.timeout(60)
def test_two_commands_lead_from_nothing_to_a_report(tmp_path: Path) -> None:
    export, out = str(tmp_path / "registry"), str(tmp_path / "screened")
    made = RUN.invoke(app, ["synthesize", "20", "--out", export, "--seed", "4", "--fhir", "R5"])
    assert made.exit_code == 0, made.output
    done = RUN.invoke(app, ["screen", export, "--out", out, "--workers", "1", "--plain"])
    assert done.exit_code == 0, done.output
    assert "report.html" in done.output
    labels = {row["patient"]: row for row in rows(tmp_path / "registry" / "labels.ndjson")}
    found = {row["patient"]: row["state"] for row in rows(tmp_path / "screened" / "screening.ndjson")}
    assert {p: s for p, s in found.items() if labels[p]["readable"]} == {
        p: label["state"] for p, label in labels.items() if label["readable"]
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "dask"], "needs --scheduler"),
        (["--smallest-count", "0"], "smallest-count"),
        (["--over-time", "DAILY"], "MONTHLY"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments: list[str], said: str, tmp_path: Path) -> None:
    failed = RUN.invoke(app, ["screen", str(tmp_path), "--out", str(tmp_path / "out"), *arguments])
    assert failed.exit_code == 2
    assert said in failed.output

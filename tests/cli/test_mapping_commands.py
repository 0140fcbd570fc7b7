"""The commands for the person who keeps codes and units: what they print, write and end with."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.mapping.location import mappings_root
from cds_service.terminal.mappings import show_findings, show_lookup
from cds_service.terminal.unmapped import show_unmapped

OPERATING = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
LAB = "https://lab.example.org/codes"
HEADER = "system,code,display,concept,role,unit_default,effective_from,approved_by,approved_on\n"


def command(*words: str) -> Result:
    return CliRunner().invoke(app, ["mappings", *words], env={"COLUMNS": "200"})


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    copy = tmp_path / "tables"
    shutil.copytree(mappings_root(), copy, ignore=shutil.ignore_patterns("CHECKSUMS"))
    (copy / "sites" / "here").mkdir()
    rows = "".join(f"{LAB},P1,Protein,{concept},include,,2026-01-01,Dr X,2026-01-01\n" for concept in ("upcr", "c3"))
    (copy / "sites" / "here" / "codes.csv").write_text(HEADER + rows, encoding="utf-8")
    return copy


def result(code: str, name: str, unit: str, **rest: Any) -> dict[str, Any]:
    coding = {"system": LAB, "code": code, "display": name}
    quantity = {"value": 3.25, "unit": unit}
    return {"resourceType": "Observation", "code": {"coding": [coding]}, "valueQuantity": quantity, **rest}


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    folder = tmp_path / "heap"
    folder.mkdir()
    person = {"id": "Canary", "subject": {"reference": "Patient/Canary"}, "note": [{"text": "Canary came late"}]}
    lines = [json.dumps(result("UP", "Protein 24h", "g/d", **person))] * 3 + [
        "{Canary",
        json.dumps(result("NA", "Na", "x")),
    ]
    (folder / "a.ndjson.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    request = {"hook": "patient-view", "context": {}, "prefetch": {"p": result("PL", "Anti-PLA2R", "RU/mL", **person)}}
    (folder / "b.json").write_text(json.dumps(request), encoding="utf-8")
    return folder


def test_check_finds_nothing_in_what_is_shipped() -> None:
    done = command("check")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing to mend: ")
    assert "sites: example" in done.stdout


def test_check_names_file_line_reason_and_what_to_do_and_ends_with_1(tables: Path) -> None:
    done = command("check", "--mappings", str(tables))
    assert done.exit_code == 1
    place, what, advice, *_ = done.stdout.splitlines()
    assert place == f"{tables}/sites/here/codes.csv:3"
    assert what.strip() == "means c3 here and upcr at line 2"
    assert advice.strip() == "-> one code has one concept: keep the line that is right"
    assert "1 finding in 1 file" in done.stdout


def test_check_as_json_says_the_same(tables: Path) -> None:
    done = command("check", "--mappings", str(tables), "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["sites"]) == (1, False, ["example", "here"])
    assert [(one["file"], one["line"], one["what"]) for one in told["findings"]] == [
        (f"{tables}/sites/here/codes.csv", 3, "means c3 here and upcr at line 2")
    ]
    assert all(one["do"] for one in told["findings"])


def test_check_of_one_site_leaves_the_others_out(tables: Path) -> None:
    assert command("check", "--mappings", str(tables), "--site", "example").exit_code == 0


def test_what_check_refuses_keeps_the_other_commands_from_starting(tables: Path) -> None:
    done = command("lookup", "upcr", "--mappings", str(tables), "--site", "here")
    assert done.exit_code == 1
    assert "codes.csv:3: means c3 here" in str(done.exception)


def test_unmapped_names_codes_and_broken_lines_and_no_person(heap: Path) -> None:
    done = command("unmapped", str(heap))
    assert done.exit_code == 0, done.output
    for said in (
        "UP  Protein 24h  -> proteinuria_24h",
        "3 Observation in g/d",
        "PL  Anti-PLA2R",
        "a.ndjson.gz:4 is not JSON",
    ):
        assert said in done.stdout
    assert done.stdout.index("UP  ") < done.stdout.index("PL  ") < done.stdout.index("NA  ")
    assert "Canary" not in done.output


@pytest.mark.parametrize("form", ["--json", "--csv", "--as-overlay", "--plain"])
def test_every_form_of_unmapped_is_without_a_person(heap: Path, form: str) -> None:
    done = command("unmapped", str(heap), form)
    assert (done.exit_code, "UP" in done.stdout, "Canary" in done.output) == (0, True, False)
    assert "3.25" not in done.output


def test_unmapped_as_csv_and_json_hold_the_same_codes(heap: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(command("unmapped", str(heap), "--csv").stdout)))
    told = json.loads(command("unmapped", str(heap), "--json").stdout)
    assert [row["code"] for row in rows] == ["UP", "PL", "NA"]
    assert [one["code"] for one in (*told["codes"], *told["rest"])] == ["UP", "PL", "NA"]
    assert told["broken"] == [{"file": "a.ndjson.gz", "line": 4, "reason": "is not JSON"}]


def test_rows_of_unmapped_become_an_overlay_that_understands_the_heap(heap: Path, tables: Path) -> None:
    done = command("unmapped", str(heap), "--as-overlay")
    assert "a.ndjson.gz:4 is not JSON" in done.stderr
    assert command("check", "--mappings", str(tables), "--site", "here").exit_code == 1
    approved = done.stdout.replace(",,,,\n", ",,2026-01-01,Dr X,2026-01-01\n")
    (tables / "sites" / "here" / "codes.csv").write_text(approved, encoding="utf-8")
    told = json.loads(command("unmapped", str(heap), "--mappings", str(tables), "--site", "here", "--json").stdout)
    assert (told["codes"], [one["code"] for one in told["rest"]], told["understood"]) == ([], ["NA"], 4)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("unmapped", "nowhere.json"), 2, "does not exist"),
        (("unmapped", ".", "--csv", "--json"), 2, "exclude one another"),
        (("lookup", "99999-9"), 1, "no row and no concept"),
        (("lookup", "2889-4", "--system", "snomed"), 1, "in snomed"),
        (("export", "--out", "x"), 2, "--fhir"),
        (("export", "--fhir", "--out", "x", "--release", "STU3"), 2, "STU3"),
        (("check", "--mappings", "nowhere"), 2, "does not exist"),
    ],
)
def test_a_wrong_call_says_why(words: tuple[str, ...], status: int, said: str) -> None:
    done = command(*words)
    assert (done.exit_code, said in done.stderr) == (status, True), done.output


def test_a_file_of_which_nothing_could_be_read_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("no json", encoding="utf-8")
    assert command("unmapped", str(tmp_path / "x.json")).exit_code == 3


def test_lookup_shows_row_units_and_who_asks() -> None:
    shown = command("lookup", "14682-9").stdout
    for said in ("creatinine", "of moles", "loinc.csv:", "umol/L", "x 88.4", "refused", "kidney-function (required)"):
        assert said in shown
    assert "counts as CNI" in command("lookup", "tacrolimus").stdout


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_export_writes_the_same_bytes_twice(tmp_path: Path, release: str) -> None:
    written = []
    for name in ("one", "two"):
        done = command("export", "--fhir", "--out", str(tmp_path / name), "--release", release, "--site", "example")
        assert done.exit_code == 0, done.output
        written.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) > 80
    assert "ConceptMap-site-example.json" in written[0]


@pytest.mark.parametrize("name", ["check", "unmapped", "lookup", "export"])
def test_every_command_is_in_the_documents_and_shows_an_example(name: str) -> None:
    group = get_command(app).commands["mappings"]  # type: ignore[attr-defined]
    assert f"cds-service mappings {name}" in OPERATING
    assert group.commands[name].help
    assert f"cds-service mappings {name}" in group.commands[name].epilog
    assert set(group.commands) == {"check", "unmapped", "lookup", "export"}


def screen(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, no_color=True)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


FINDING = {
    "file": "mappings/sites/here/codes.csv",
    "line": 3,
    "what": "means upcr " * 9,
    "do": "keep the right line " * 7,
}
CODE = {
    "system": "https://laboratory.of-a-very-long-name.example.org/fhir/CodeSystem/local-codes",
    "code": "U" * 64,
    "display": "Protein in collected urine " * 3,
    "count": 12_345,
    "resources": [("Observation", 12_345)],
    "units": ["g/Tag"],
    "concept": "proteinuria_24h",
    "role": "distractor",
    "because": "the name sounds like it",
}
UNMAPPED_UNIT = {
    "concept": "upcr",
    "unit": "",
    "count": 2,
    "reason": "no unit was sent",
    "code": "2890-2",
    "nearest": "x",
    "factor": "1",
}
REPORT = {
    "codes": [CODE],
    "units": [UNMAPPED_UNIT],
    "text_only": [{"resource": "Medication", "concept": "rituximab", "count": 1}],
    "rest": [CODE] * 20,
    "resources": {"Observation": 12_345},
    "understood": 7,
    "not_read": 1,
    "forgotten": 3,
    "broken_lines": 40,
    "broken": [{"file": "a.ndjson", "line": 4, "reason": "is not JSON"}],
}
ROW = {
    "code": "2889-4",
    "system": "loinc",
    "concept": "upcr",
    "role": "include",
    "display": "Protein " * 20,
    "also": "",
}
UNIT = {"unit": "mg/{TotalVolume}", "factor": "refused", "note": "needs the duration of the collection " * 3}
CONCEPT = {"key": "upcr", "kind": "measure", "facts": ["in g/g " * 20], "units": [UNIT | {"row": "units.csv:1"}]}


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_what_is_shown_fits_the_terminal(width: int) -> None:
    console = screen(width)
    show_findings(console, {"findings": [FINDING], "sites": ["example"] * 3, "rows": 1, "files": 1})
    show_unmapped(console, REPORT)
    show_lookup(console, {"codes": [ROW | {"row": "loinc.csv:1"}], "left_off": 2, "concepts": [CONCEPT]})
    shown = text_of(console)
    assert max(map(len, shown.splitlines())) <= width
    for said in (
        "12,345",
        "proteinuria_24h (distractor)",
        "(no unit)",
        "and 12 more: --csv",
        "and 39 more",
        "codes.csv:3",
    ):
        assert said in " ".join(shown.split())


def test_a_report_without_a_finding_says_so() -> None:
    console = screen(80)
    empty = {"codes": [], "units": [], "text_only": [], "rest": [], "resources": {}, "broken": [], "broken_lines": 0}
    show_unmapped(console, {**empty, "understood": 0, "not_read": 0, "forgotten": 0})
    assert "Nothing that a rule could use was left out." in text_of(console)

"""What is wrong with the tables: all of it, with file, line and what to do; and it is what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from mapping_copies import APPROVED, CODE_HEADER, LAB, UNIT_HEADER, copied_to, edit, site_rows, write

from cds_service.hooks.mapping_check import check_mappings
from cds_service.mapping.inspection import inspect
from cds_service.mapping.location import mappings_root
from cds_service.mapping.tables import Problem
from cds_service.mapping.terminology import MappingFault, load
from tools.checksums import main as seal

CODES, UNITS = "sites/here/codes.csv", "sites/here/units.csv"
GOOD = f"{LAB},P1,Protein,upcr,include,"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copied_to(tmp_path, "here")


def said(problems: tuple[Problem, ...]) -> list[str]:
    return [f"{problem.path}:{problem.line} {problem.reason}" for problem in problems]


def test_the_shipped_tables_and_the_example_are_sound() -> None:
    found = check_mappings(mappings_root())
    assert found.problems == ()
    assert "example" in found.sites
    assert found.rows > 3_000
    assert found.files > 15


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("\ufeff" + site_rows(GOOD), 1, "begins with a byte order mark"),
        (site_rows(GOOD).replace(",", ";"), 1, "separated by semicolons"),
        (site_rows(GOOD).replace(",", "\t"), 1, "separated by tabs"),
        (site_rows(GOOD).replace("system,", "system,note,", 1), 1, "unknown: note"),
        (site_rows(GOOD).replace("approved_on", "Approved on"), 1, "unknown: Approved on; missing: approved_on"),
        (site_rows(GOOD).replace("system,code", "code,system"), 1, "another order"),
        (site_rows(GOOD).replace("\n", ",,\n"), 1, "unknown: (no name), (no name)"),
        (site_rows(GOOD) + "\n", 3, "an empty line"),
        (site_rows(GOOD) + "a,b\n", 3, "2 cells where 9 belong"),
        (site_rows(GOOD).rstrip("\n"), 2, "the last line has no end"),
        (site_rows(f"{LAB},P1 ,Protein,upcr,include,"), 2, "blanks around code"),
        (site_rows(f"{LAB},P1\u00a0,Protein,upcr,include,"), 2, "blanks around code"),
        (site_rows(f"{LAB},P1,\u201eProtein\u201c,upcr,include,"), 2, "typographic quotation marks in display"),
        (site_rows(f'{LAB},P1,Pro"tein" x,upcr,include,') + '"', 3, "not readable as CSV"),
        (site_rows(GOOD).encode("cp1252").replace(b"Protein", b"Eiwei\xdf"), 2, "not UTF-8"),
        (CODE_HEADER + f"{GOOD},01.02.2026,Dr X,2025-12-15\n", 2, "01.02.2026 is how a spreadsheet shows it"),
        (CODE_HEADER + f"{GOOD},2026-01-01,Dr X,46007\n", 2, "46007 is how a spreadsheet counts days"),
        (CODE_HEADER + f"{GOOD},,Dr X,2025-12-15\n", 2, "effective_from is empty"),
        (CODE_HEADER + f"{GOOD},2026-02-30,Dr X,2025-12-15\n", 2, "effective_from must be a date"),
    ],
)
def test_damage_to_a_table_is_named_with_its_line(root: Path, text: str | bytes, line: int, part: str) -> None:
    write(root, CODES, text)
    found = inspect(root, "here").problems
    assert any(one.path == CODES and one.line == line and part in one.reason for one in found), said(found)
    assert all(one.advice for one in found)


def test_a_table_with_semicolons_is_read_on_so_that_all_its_faults_are_shown_at_once(root: Path) -> None:
    write(root, CODES, "\ufeff" + site_rows(f"{LAB},2.8191E+13,x,protein,inclood,").replace(",", ";"))
    reasons = [one.reason for one in inspect(root, "here").problems]
    for part in ("byte order mark", "semicolons", "turned into a number", "unknown concept", "unknown role"):
        assert any(part in reason for reason in reasons), reasons


def test_all_faults_of_one_row_are_shown(root: Path) -> None:
    write(root, CODES, CODE_HEADER + f"{LAB},1E+05,x,upcr,yes,furlong,soon,,2025-12-15\n")
    assert len([one for one in inspect(root, "here").problems if one.line == 2]) == 5


@pytest.mark.parametrize(
    ("rows", "line", "part"),
    [
        ((GOOD, f"{LAB},P1,Protein,proteinuria_24h,include,"), 3, "means proteinuria_24h here and upcr at line 2"),
        ((GOOD, GOOD), 3, "listed twice, also at line 2"),
        ((GOOD, f"{LAB},P1,Protein,upcr,distractor,"), 3, "distractor here and include there"),
        (
            (
                "http://hl7.org/fhir/sid/icd-10-cm,N04.8,x,membranous_nephropathy,include,",
                "urn:oid:2.16.840.1.113883.6.90,N04.8,x,lupus_nephritis,include,",
            ),
            3,
            "means lupus_nephritis here and membranous_nephropathy at line 2",
        ),
        (
            ("http://loinc.org,14682-9,Crea,creatinine,include,mg/dL",),
            2,
            "a code of moles cannot have the default unit",
        ),
        (("http://snomed.info/sct,68815008,x,lupus_nephritis,include,",), 2, "fails its SNOMED CT check digit"),
        (("http://loinc.org,LP14355-9,x,upcr,include,",), 2, "LOINC part"),
    ],
)
def test_a_conflict_of_a_site_stops_the_start_with_file_line_and_reason(
    root: Path, rows: tuple[str, ...], line: int, part: str
) -> None:
    write(root, CODES, site_rows(*rows))
    with pytest.raises(MappingFault) as caught:
        load(root, "here")
    assert [(one.path, one.line) for one in caught.value.problems] == [(CODES, line)]
    assert part in caught.value.faults[0]
    assert tuple(map(str, inspect(root).problems)) == caught.value.faults


@pytest.mark.parametrize(
    ("path", "old", "new", "part"),
    [
        ("loinc.csv", "Serum or Plasma,include,,,moles", "Serum or Plasma,include,,,mass", "the name says moles"),
        ("loinc.csv", "Serum or Plasma,include,,,moles", "Serum or Plasma,include,,,", "the property nothing"),
        ("units.csv", "c4,umol/L,g/L,reject,moles,", "c4,umol/L,g/L,1,mass,", "umol/L is moles"),
        ("units.csv", "creatinine,mg/dL,umol/L,88.4,mass", "creatinine,mg/dL,umol/L,88.4,", "mg/dL is mass"),
        ("VERSION", "knowledge: ", "knowledge: 9", "do not go with guidelines of"),
        ("concepts.toml", '[upcr]\nkind = "measure"', '[upcr]\nkind = "maesure"', "[upcr] the kind must be"),
    ],
)
def test_tables_that_contradict_one_another_are_found(root: Path, path: str, old: str, new: str, part: str) -> None:
    edit(root, path, old, new)
    found = check_mappings(root).problems
    assert any(one.path == path and one.line > 0 and part in one.reason for one in found), said(found)


def test_a_molar_code_without_any_molar_unit_is_found(root: Path) -> None:
    edit(
        root,
        "units.csv",
        "c4,umol/L,g/L,reject,moles,no verified molar factor for C4: results of the molar code",
        "c4,x",
    )
    found = inspect(root).problems
    assert any("the property is moles, and no unit of c4 is" in one.reason for one in found), said(found)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("local_codes.csv", "is called codes.csv now"),
        ("code.csv", "no file of a site has this name"),
        ("Units.CSV", "no file of a site has this name"),
        ("codes.xlsx", "no file of a site has this name"),
    ],
)
def test_a_table_under_another_name_is_not_passed_over_in_silence(root: Path, name: str, part: str) -> None:
    write(root, CODES, site_rows(GOOD))
    write(root, f"sites/here/{name}", site_rows(GOOD))
    with pytest.raises(MappingFault) as caught:
        load(root, "here")
    (problem,) = caught.value.problems
    assert problem.path == f"sites/here/{name}"
    assert part in problem.reason
    assert "codes.csv" in problem.advice


def test_a_site_with_nothing_but_the_former_table_is_told_the_new_name(root: Path) -> None:
    write(root, "sites/here/local_codes.csv", site_rows(GOOD))
    assert said(inspect(root, "here").problems) == [
        "sites/here/local_codes.csv:0 is called codes.csv now, and is not read under this name"
    ]


def test_notes_beside_the_tables_are_nobodys_business(root: Path) -> None:
    write(root, CODES, site_rows(GOOD))
    write(root, "sites/here/README.md", "who to ask")
    assert inspect(root).problems == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mn_cni_egfr = 45\n", []),
        ("# a word\nmn_cni_egfr = 10\nbogus = 1\n", [(2, "outside the safe range"), (3, "no such threshold")]),
        ('mn_cni_egfr = "many"\n', [(1, "not a number")]),
        ("mn_cni_egfr = 45\nbroken =\n", [(2, "Invalid value")]),
    ],
)
def test_thresholds_of_a_site_are_checked_as_the_start_checks_them(
    root: Path, text: str, found: list[tuple[int, str]]
) -> None:
    write(root, "sites/here/thresholds.toml", text)
    problems = check_mappings(root).problems
    assert [(one.path, one.line) for one in problems] == [("sites/here/thresholds.toml", line) for line, _ in found]
    for problem, (_, part) in zip(problems, found, strict=True):
        assert part in problem.reason


def test_every_site_is_checked_and_a_shipped_fault_is_told_once(root: Path) -> None:
    (root / "sites" / "there").mkdir()
    write(root, CODES, site_rows(f"{LAB},P1,Protein,protein,include,"))
    write(root, "sites/there/units.csv", UNIT_HEADER + "upcr,mg/Krea,g/g,abc,,\n")
    edit(root, "loinc.csv", ",distractor,", ",distracter,")
    found = inspect(root)
    assert found.sites == ("example", "here", "there")
    assert [one.path for one in found.problems] == ["loinc.csv", CODES, "sites/there/units.csv"]


def test_one_site_alone_can_be_asked_for(root: Path) -> None:
    write(root, CODES, site_rows(f"{LAB},P1,Protein,protein,include,"))
    assert inspect(root, "example").problems == ()


def test_a_folder_that_holds_no_tables_says_every_file_that_is_missing(tmp_path: Path) -> None:
    found = inspect(tmp_path)
    assert {"concepts.toml", "units.csv", "loinc.csv", "VERSION"} <= {one.path for one in found.problems}
    assert found.rows == 0


def test_a_sealed_copy_names_the_file_that_was_changed_and_stays_sound_otherwise(root: Path) -> None:
    assert seal(["--mappings", str(root)]) == 0
    write(root, CODES, site_rows(GOOD))  # a site's own rows are never sealed
    assert inspect(root).problems == ()
    edit(root, "rxnorm.csv", ",include,", ",include, ")
    changed = {one.path for one in inspect(root).problems if "CHECKSUMS" in one.reason}
    assert changed == {"rxnorm.csv"}
    assert seal(["--mappings", str(root), "--remove"]) == 0
    assert not (root / "CHECKSUMS").exists()


@pytest.mark.parametrize("text", ["", "not a sum\n", b"\xff\xfe"])
def test_checksums_that_cannot_be_read_are_said(root: Path, text: str | bytes) -> None:
    write(root, "CHECKSUMS", text)
    assert {one.path for one in inspect(root, "example").problems} == {"CHECKSUMS"}


def test_a_site_row_of_the_same_concept_keeps_what_the_shipped_row_knows(root: Path) -> None:
    rows = (
        "http://www.nlm.nih.gov/research/umls/rxnorm,313189,ointment of the house,tacrolimus,include,",
        "http://loinc.org,14682-9,Creatinine of the house,creatinine,include,umol/L",
    )
    shipped = load(root).look_up("http://www.nlm.nih.gov/research/umls/rxnorm", "313189")
    write(root, CODES, site_rows(*rows))
    terminology = load(root, "here")
    ointment = terminology.look_up("http://www.nlm.nih.gov/research/umls/rxnorm", "313189")
    creatinine = terminology.look_up("http://loinc.org", "14682-9")
    assert shipped is not None and ointment is not None and creatinine is not None
    assert (ointment.route, shipped.route) == ("topical", "topical")
    assert (creatinine.property, creatinine.unit_default) == ("moles", "umol/L")


def test_rows_written_by_unmapped_stop_the_start_until_somebody_approves_them(root: Path) -> None:
    write(root, CODES, CODE_HEADER + f"{GOOD},,,\n")
    assert len(inspect(root, "here").problems) == 3
    write(root, CODES, CODE_HEADER + GOOD + APPROVED)
    assert inspect(root, "here").problems == ()

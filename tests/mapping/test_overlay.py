"""A site's own rows win, and are checked as strictly as the shipped ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cds_service.mapping import systems
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import Factor, MappingFault, Rejection, load

LOCAL = "https://lab.example.org/codes"
HEADER = "system,code,display,concept,role,unit_default,effective_from,approved_by,approved_on\n"
UNIT_HEADER = "concept,unit_string,canonical_unit,factor,dimension,note\n"
TAIL = ",2026-01-01,Dr Example,2025-12-15\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    copy = tmp_path / "mappings"
    shutil.copytree(mappings_root(), copy)
    (copy / "sites" / "here").mkdir()
    return copy


def local_codes(root: Path, *rows: str) -> None:
    text = HEADER + "".join(row + TAIL for row in rows)
    (root / "sites" / "here" / "codes.csv").write_text(text, encoding="utf-8")


def unit_rows(root: Path, *rows: str) -> None:
    text = UNIT_HEADER + "".join(row + "\n" for row in rows)
    (root / "sites" / "here" / "units.csv").write_text(text, encoding="utf-8")


def faults_of(root: Path, site: str = "here") -> list[str]:
    with pytest.raises(MappingFault) as caught:
        load(root, site)
    return list(caught.value.faults)


def test_the_worked_example_loads_and_says_more_than_the_shipped_tables() -> None:
    shipped, example = load(mappings_root()), load(mappings_root(), "example")
    assert shipped.look_up(LOCAL, "UPROT1") is None
    meaning = example.look_up(LOCAL, "UPROT1")
    assert meaning is not None
    assert (meaning.concept, meaning.kind, meaning.role, meaning.unit_default) == (
        "proteinuria_24h",
        "measure",
        "include",
        "g/d",
    )
    assert meaning.row == "sites/example/codes.csv:2"
    assert shipped.version != example.version


def test_a_site_says_that_its_assay_is_calibrated_in_relative_units() -> None:
    assert isinstance(load(mappings_root()).convert("anti_pla2r_elisa", "U/mL"), Rejection)
    factor = load(mappings_root(), "example").convert("anti_pla2r_elisa", "U/mL")
    assert isinstance(factor, Factor) and factor.of(165) == 165.0
    assert factor.row == "sites/example/units.csv:2"


def test_a_site_row_wins_over_a_shipped_row(root: Path) -> None:
    local_codes(root, f"{systems.LOINC},2890-2,ratio here by albumin,upcr,distractor,")
    meaning = load(root, "here").look_up(systems.LOINC, "2890-2")
    assert meaning is not None
    assert (meaning.role, meaning.row) == ("distractor", "sites/here/codes.csv:2")


def test_a_site_may_name_a_system_by_any_of_its_names(root: Path) -> None:
    local_codes(root, "urn:oid:2.16.840.1.113883.6.90,N04.8,Other,membranous_nephropathy,include,")
    terminology = load(root, "here")
    meaning = terminology.look_up(systems.ICD10CM, "N048")
    assert meaning is not None and meaning.concept == "membranous_nephropathy"


def test_a_local_code_with_two_concepts_is_refused_with_file_and_line(root: Path) -> None:
    local_codes(root, f"{LOCAL},P1,Protein,upcr,include,", f"{LOCAL},P1,Protein,proteinuria_24h,include,")
    assert faults_of(root) == [
        "mappings/sites/here/codes.csv:3: means proteinuria_24h here and upcr at line 2",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"{LOCAL},2.8191E+13,x,upcr,include,", "spreadsheet"),
        (f"{systems.LOINC},2890-3,x,upcr,include,", "check digit"),
        (f"{LOCAL},P1,x,protein,include,", "unknown concept"),
        (f"{LOCAL},P1,x,upcr,yes,", "unknown role"),
        (f"{LOCAL},P1,x,upcr,include,mg/dL", "default unit"),
        (f"{LOCAL},P1,x,upcr,include,furlong", "default unit"),
        (",P1,x,upcr,include,", "needs its system"),
        (f"{LOCAL},,x,upcr,include,", "empty"),
    ],
)
def test_a_faulty_local_row_is_refused(root: Path, row: str, said: str) -> None:
    local_codes(root, row)
    faults = faults_of(root)
    assert len(faults) == 1
    assert faults[0].startswith("mappings/sites/here/codes.csv:2: ") and said in faults[0]


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (",2026-01-01,,2025-12-15\n", "approved"),
        (",soon,Dr Example,2025-12-15\n", "effective_from"),
        (",2026-01-01,Dr Example,20251215\n", "approved_on"),
    ],
)
def test_a_local_row_needs_who_and_when(root: Path, tail: str, said: str) -> None:
    path = root / "sites" / "here" / "codes.csv"
    path.write_text(HEADER + f"{LOCAL},P1,x,upcr,include," + tail, encoding="utf-8")
    assert any(said in fault for fault in faults_of(root))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("upcr,mg/Krea,g/g,abc,,", "neither a decimal number"),
        ("upcr,mg/Krea,mg/g,1,,", "canonical unit"),
        ("upcr, mg/Krea,g/g,0.001,,", "blanks around unit_string"),
        ("upcr,mg  Krea,g/g,0.001,,", "normal spelling"),
        ('upcr,mg/Krea,g/g,"0,001",,', "neither a decimal number"),
        ("hbsag,S/CO,,1,,", "not a measure"),
        ("upcr,mg/Krea,g/g,reject,,", "needs a note"),
    ],
)
def test_a_faulty_site_unit_is_refused(root: Path, row: str, said: str) -> None:
    unit_rows(root, row)
    faults = faults_of(root)
    assert len(faults) == 1 and faults[0].startswith("mappings/sites/here/units.csv:2: ") and said in faults[0]


@pytest.mark.parametrize("site", ["nowhere", "../example", "a/b", "", ".", "x" * 65])
def test_a_site_that_is_not_there_stops_the_start(site: str) -> None:
    with pytest.raises(MappingFault):
        load(mappings_root(), site)


def test_a_site_may_have_nothing_but_its_thresholds(root: Path) -> None:
    (root / "sites" / "here" / "thresholds.toml").write_text("", encoding="utf-8")
    assert load(root, "here").version == load(root).version

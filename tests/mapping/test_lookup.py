"""What the tables say of one code or one word, and where they say it."""

from __future__ import annotations

import pytest

from cds_service.mapping import systems
from cds_service.mapping.location import mappings_root
from cds_service.mapping.lookup import MOST_ROWS, find, short_name, system_named
from cds_service.mapping.terminology import Factor, Terminology, load


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load(mappings_root(), "example")


@pytest.mark.parametrize(
    ("asked", "system", "found", "concept", "role"),
    [
        ("2889-4", None, systems.LOINC, "proteinuria_24h", "include"),
        ("2889-4", "loinc", systems.LOINC, "proteinuria_24h", "include"),
        ("2889-4", "urn:oid:2.16.840.1.113883.6.1", systems.LOINC, "proteinuria_24h", "include"),
        ("N0421", "ICD10CM", systems.ICD10CM, "membranous_nephropathy", "include"),
        ("C80.9", "icd10cm", systems.ICD10CM, "malignancy", "include"),
        ("UPROT1", None, "https://lab.example.org/codes", "proteinuria_24h", "include"),
        ("ALBCREA", None, "https://lab.example.org/codes", "upcr", "distractor"),
    ],
)
def test_a_code_is_found_with_its_row(
    terminology: Terminology, asked: str, system: str | None, found: str, concept: str, role: str
) -> None:
    (row,) = find(terminology, asked, system).codes
    assert (row.system, row.meaning.concept, row.meaning.role) == (found, concept, role)
    path, line = row.meaning.row.split(":")
    text = (mappings_root() / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert concept in text


def test_a_code_comes_with_the_units_of_its_concept(terminology: Terminology) -> None:
    (concept,) = find(terminology, "14682-9").concepts
    factors = {unit.unit: unit.entry.factor for unit in concept.units if isinstance(unit.entry, Factor)}
    assert concept.concept.key == "creatinine"
    assert (factors["umol/L"], factors["mg/dL"]) == (1.0, 88.4)


@pytest.mark.parametrize(
    ("asked", "concept"),
    [
        ("upcr", "upcr"),
        ("MabThera", "rituximab"),
        ("protein creatinine", "upcr"),
        ("anti pla2r", "anti_pla2r_elisa"),
        ("{score}", "ln_activity_index"),
        ("mg/g{creat}", "upcr"),
    ],
)
def test_a_word_leads_to_its_concept(terminology: Terminology, asked: str, concept: str) -> None:
    assert concept in [one.concept.key for one in find(terminology, asked).concepts]


@pytest.mark.parametrize(("asked", "system"), [("99999-9", None), ("2889-4", "snomed"), ("", None), ("xyzzy", None)])
def test_what_nobody_listed_is_not_found(terminology: Terminology, asked: str, system: str | None) -> None:
    found = find(terminology, asked, system)
    assert (found.codes, found.concepts) == ((), ())


def test_many_rows_are_cut_and_the_rest_is_counted(terminology: Terminology) -> None:
    found = find(terminology, "tablet")
    assert len(found.codes) == MOST_ROWS
    assert found.left_off > 100


@pytest.mark.parametrize("name", list(systems.SHORT_NAMES))
def test_every_short_name_leads_to_its_system_and_back(terminology: Terminology, name: str) -> None:
    assert short_name(system_named(terminology, name.upper())) == name

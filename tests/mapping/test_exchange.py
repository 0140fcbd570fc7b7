"""The tables as FHIR: valid, always the same bytes, and every code leads back to where it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from fhir.resources import get_fhir_model_class as r5_model
from fhir.resources.R4B import get_fhir_model_class as r4_model
from mapping_copies import copied_to, site_rows, write

from cds_service.mapping import systems
from cds_service.mapping.exchange import export
from cds_service.mapping.exchange_head import Release
from cds_service.mapping.location import mappings_root
from cds_service.mapping.notices import notices_in
from cds_service.mapping.terminology import Terminology, load

NOTICE = (mappings_root() / "NOTICE").read_text(encoding="utf-8")
RELEASES: tuple[Release, ...] = ("R4", "R5")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load(mappings_root(), "example")


@pytest.fixture(scope="module", params=RELEASES)
def exported(request: pytest.FixtureRequest, terminology: Terminology) -> dict[str, Json]:
    return export(terminology, NOTICE, request.param, "example")


def of_type(exported: dict[str, Json], kind: str) -> list[Json]:
    return [resource for resource in exported.values() if resource["resourceType"] == kind]


def includes(value_set: Json) -> Iterator[tuple[str, Json]]:
    for part in value_set["compose"]["include"]:
        yield part["system"], part


@pytest.mark.parametrize("release", RELEASES)
def test_every_resource_validates(terminology: Terminology, release: Release) -> None:
    model = r4_model if release == "R4" else r5_model
    for name, resource in export(terminology, NOTICE, release, "example").items():
        assert model(resource["resourceType"]).model_validate(resource), name
        if release == "R4":
            assert fhirkit.validate(json.dumps(resource)) == [], name


def test_there_is_a_value_set_for_every_concept_and_nothing_else(
    terminology: Terminology, exported: dict[str, Json]
) -> None:
    keys = {name.removeprefix("ValueSet-").removesuffix(".json") for name in exported if name.startswith("ValueSet-")}
    assert keys == {concept.replace("_", "-") for concept in terminology.concepts}
    others = {name for name in exported if not name.startswith("ValueSet-")}
    assert others == {
        "CodeSystem-finding.json",
        "CodeSystem-line-end.json",
        "ConceptMap-finding.json",
        "ConceptMap-line-end.json",
        "ConceptMap-site-example.json",
    }


def test_every_code_of_a_value_set_leads_back_to_its_concept(
    terminology: Terminology, exported: dict[str, Json]
) -> None:
    asked = 0
    for value_set in of_type(exported, "ValueSet"):
        concept = value_set["id"].replace("-", "_")
        for system, part in includes(value_set):
            for code in (one["code"] for one in part.get("concept", ())):
                meaning = terminology.look_up(system, code)
                assert meaning is not None and (meaning.concept, meaning.role) == (concept, "include"), (system, code)
                asked += 1
    included = [key for key, meaning in terminology.known.items() if meaning.role == "include"]
    assert asked == len(included)


def test_every_branch_of_a_value_set_leads_back_to_its_concept(
    terminology: Terminology, exported: dict[str, Json]
) -> None:
    patterns = {
        (value_set["id"].replace("-", "_"), system): re.compile(part["filter"][0]["value"])
        for value_set in of_type(exported, "ValueSet")
        for system, part in includes(value_set)
        if "filter" in part
    }
    asked = 0
    for (system, prefix), meaning in terminology.prefixes.items():
        if meaning.role != "include":
            continue
        pattern = patterns[meaning.concept, system]
        dotted = f"{prefix[:3]}.{prefix[3:]}" if system in systems.DOTTED and len(prefix) > 3 else prefix
        assert pattern.fullmatch(prefix) and pattern.fullmatch(f"{dotted}9")
        assert not pattern.fullmatch(f"Z{prefix}")
        asked += 1
    assert asked > 10


def test_a_map_says_of_every_code_what_looking_it_up_says(terminology: Terminology, exported: dict[str, Json]) -> None:
    inside, apart = {"wider", "source-is-narrower-than-target"}, {"disjoint", "not-related-to"}
    for concept_map in of_type(exported, "ConceptMap"):
        if concept_map["id"] == "line-end":
            continue
        for group in concept_map["group"]:
            assert group["target"] == systems.FINDING
            for element in group["element"]:
                (target,) = element["target"]
                meaning = terminology.look_up(group["source"], element["code"])
                assert meaning is not None and meaning.concept == target["code"]
                said = target.get("equivalence") or target["relationship"]
                assert said in (inside if meaning.role == "include" else apart)


def test_reasons_lead_to_the_ends_of_lines(terminology: Terminology, exported: dict[str, Json]) -> None:
    ends = {one["code"] for one in exported["CodeSystem-line-end.json"]["concept"]}
    for group in exported["ConceptMap-line-end.json"]["group"]:
        for element in group["element"]:
            (target,) = element["target"]
            assert terminology.reason(group["source"], element["code"]) == target["code"]
            assert target["code"] in ends
    assert all(terminology.reason(systems.LINE_END, end) == end for end in ends)


def test_our_code_systems_hold_every_code_that_is_mapped_to(
    terminology: Terminology, exported: dict[str, Json]
) -> None:
    findings = {one["code"] for one in exported["CodeSystem-finding.json"]["concept"]}
    assert set(terminology.concepts) <= findings
    assert all(terminology.look_up(systems.FINDING, code) is not None for code in findings)
    assert exported["CodeSystem-finding.json"]["url"] == systems.FINDING
    assert exported["CodeSystem-line-end.json"]["url"] == systems.LINE_END
    assert exported["CodeSystem-finding.json"]["count"] == len(findings)


@pytest.mark.parametrize(
    ("system", "words"),
    [
        (systems.LOINC, "LOINC is copyright Regenstrief"),
        (systems.RXNORM, "National Library of Medicine"),
        (systems.SNOMED, "SNOMED CT"),
        (systems.ATC, "WHO Collaborating Centre for Drug Statistics Methodology"),
        (systems.ICD10WHO, "World Health Organization"),
        (systems.CPT, "American Medical Association"),
        (systems.FINDING, "Nextline CDS project"),
    ],
)
def test_a_value_set_says_whose_its_codes_are(exported: dict[str, Json], system: str, words: str) -> None:
    holding = [one for one in of_type(exported, "ValueSet") if system in dict(includes(one))]
    assert holding
    assert all(words in one["copyright"] for one in holding)


def test_every_shipped_code_table_has_its_notice(terminology: Terminology) -> None:
    files = {meaning.row.partition(":")[0] for meaning in terminology.known.values()}
    assert {file for file in files if not file.startswith("sites/")} <= set(notices_in(NOTICE))


def test_codes_that_need_a_licence_come_only_when_asked_for() -> None:
    free = export(load(mappings_root(), optional=False), NOTICE, "R4")
    found = {system for one in of_type(free, "ValueSet") for system in dict(includes(one))}
    assert systems.CPT not in found
    assert "ConceptMap-site-example.json" not in free


def test_no_display_goes_out_with_codes_that_may_be_listed_bare_only(exported: dict[str, Json]) -> None:
    listed = [part for one in of_type(exported, "ValueSet") for system, part in includes(one) if system == systems.CPT]
    assert listed
    assert not [one for part in listed for one in part["concept"] if "display" in one]


@pytest.mark.parametrize("release", RELEASES)
def test_the_same_tables_give_the_same_bytes(release: Release) -> None:
    first, second = (json.dumps(export(load(mappings_root(), "example"), NOTICE, release, "example")) for _ in "12")
    assert first == second


def test_a_name_of_a_system_with_blanks_still_gives_a_valid_map(tmp_path: Path) -> None:
    root = copied_to(tmp_path, "here")
    write(root, "sites/here/codes.csv", site_rows("Lab of the house,P1,Protein,upcr,include,"))
    concept_map = export(load(root, "here"), NOTICE, "R4", "here")["ConceptMap-site-here.json"]
    assert concept_map["group"][0]["source"] == "Lab%20of%20the%20house"
    assert fhirkit.validate(json.dumps(concept_map)) == []

"""What of a heap of data was not understood, what it may be, and that nothing of a patient comes out with it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from mapping_copies import CODE_HEADER, LAB, copied_to, write

from cds_service.fhir.lookalikes import disease_named, looks_like
from cds_service.mapping.inspection import inspect
from cds_service.mapping.likely import Likely
from cds_service.mapping.location import mappings_root
from cds_service.mapping.overlay import LOCAL_COLUMNS
from cds_service.mapping.review_rows import REPORT_COLUMNS, overlay_lines, report_lines
from cds_service.mapping.terminology import Terminology, load
from cds_service.mapping.unmapped import Report, Tally

LOINC = "http://loinc.org"
Resource = dict[str, Any]


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load(mappings_root())


@pytest.fixture(scope="module")
def likely(terminology: Terminology) -> Likely:
    return Likely(terminology, lambda name: looks_like({"text": name}), disease_named)


def coded(code: str, display: str = "", system: str = LAB) -> Resource:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def result(code: Resource, value: float = 3.0, unit: str | None = None, **rest: Any) -> Resource:
    quantity = {"value": value} | ({"unit": unit} if unit is not None else {})
    return {"resourceType": "Observation", "status": "final", "code": code, "valueQuantity": quantity, **rest}


def report_of(terminology: Terminology, likely: Likely, *resources: Resource) -> Report:
    tally = Tally(terminology, likely)
    for resource in resources:
        tally.add(resource)
    return tally.report()


@pytest.mark.parametrize(
    ("kind", "name", "units", "concept", "role"),
    [
        ("Observation", "Protein [Mass/time] in 24 hour Urine", (), "proteinuria_24h", "include"),
        ("Observation", "Protein 24h Sammelurin", ("g/Tag",), "proteinuria_24h", "include"),
        ("Observation", "Eiweiß/Kreatinin-Quotient im Urin", ("mg/g",), "upcr", "include"),
        ("Observation", "Anti-PLA2R-AK (ELISA)", ("RU/mL",), "anti_pla2r_elisa", "include"),
        ("Observation", "Kreatinin i.S.", ("umol/L",), "creatinine", "include"),
        ("Observation", "Créatinine", (), "creatinine", "include"),
        ("Observation", "Kreatinin i.S.", ("RU/mL",), "creatinine", "distractor"),
        ("Observation", "Tacrolimus im Vollblut", ("µg/l",), "tacrolimus_trough", "include"),
        ("Observation", "Albumin/Creatinine [Mass Ratio] in Urine", (), "upcr", "distractor"),
        ("Condition", "Membranous nephropathy, primary", (), "membranous_nephropathy", "include"),
        ("MedicationRequest", "MabThera 500 mg Infusion", (), "rituximab", "include"),
        ("Medication", "Protopic 0.1 % ointment", (), "tacrolimus", "distractor"),
        ("AllergyIntolerance", "cyclophosphamide", (), "cyclophosphamide", "include"),
    ],
)
def test_the_likely_concept_is_named(
    likely: Likely, kind: str, name: str, units: tuple[str, ...], concept: str, role: str
) -> None:
    guess = likely.guess(kind, name, units)
    assert guess is not None
    assert (guess.concept, guess.role) == (concept, role)
    assert guess.because


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Observation", "Glucose [Mass/volume] in Urine by Test strip"),
        ("Observation", "Erythrocytes [#/volume] in Blood by Automated count"),
        ("Observation", "Tobacco smoking status"),
        ("Observation", "Sodium"),
        ("Condition", "Stress (finding)"),
        ("Condition", "Suspected membranous nephropathy?"),
        ("Procedure", "Depression screening (procedure)"),
        ("MedicationRequest", "Simvastatin 20 MG Oral Tablet"),
        ("MedicationRequest", "no rituximab"),
        ("MedicationRequest", ""),
    ],
)
def test_what_no_rule_reads_is_like_nothing(likely: Likely, kind: str, name: str) -> None:
    assert likely.guess(kind, name) is None


def test_what_may_matter_comes_first_and_the_most_frequent_before_it(terminology: Terminology, likely: Likely) -> None:
    sodium, protein, pla2r = coded("NA", "Sodium"), coded("UP", "Protein 24h Sammelurin"), coded("P", "Anti-PLA2R")
    resources = [result(sodium)] * 5 + [result(protein, unit="g/Tag")] * 2 + [result(pla2r, unit="RU/mL")] * 3
    found = report_of(terminology, likely, *resources)
    assert [(one.code, one.count, one.concept) for one in found.codes] == [
        ("P", 3, "anti_pla2r_elisa"),
        ("UP", 2, "proteinuria_24h"),
    ]
    assert [(one.code, one.count) for one in found.rest] == [("NA", 5)]
    assert found.codes[1].units == ("g/Tag",)
    assert found.codes[1].resources == (("Observation", 2),)


def test_a_code_that_one_of_its_codings_explains_is_understood(terminology: Terminology, likely: Likely) -> None:
    code = {"coding": [*coded("X", "what")["coding"], *coded("2889-4", "", LOINC)["coding"]]}
    found = report_of(terminology, likely, result(code, unit="g/d"))
    assert (found.codes, found.rest, found.units, found.understood) == ((), (), (), 1)


def test_of_several_unknown_codings_the_one_of_a_known_system_is_named(
    terminology: Terminology, likely: Likely
) -> None:
    code = {"coding": [*coded("X", "Protein 24h")["coding"], *coded("99999-9", "", LOINC)["coding"]]}
    (one,) = report_of(terminology, likely, result(code)).codes
    assert (one.system, one.code, one.display) == (LOINC, "99999-9", "Protein 24h")


@pytest.mark.parametrize(
    "drug",
    [
        {"resourceType": "Medication", "code": coded("M1", "MabThera 500 mg")},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": coded("M1", "MabThera 500 mg")},
        {"resourceType": "MedicationRequest", "medication": {"concept": coded("M1", "MabThera 500 mg")}},
        {"resourceType": "MedicationDispense", "medicationCodeableConcept": coded("M1", "MabThera 500 mg")},
        {"resourceType": "AllergyIntolerance", "code": coded("M1", "MabThera 500 mg")},
    ],
    ids=["medication", "request of R4", "request of R5", "dispense", "allergy"],
)
def test_a_drug_is_found_wherever_it_is_written(terminology: Terminology, likely: Likely, drug: Resource) -> None:
    (one,) = report_of(terminology, likely, drug).codes
    assert (one.code, one.concept, one.resources) == ("M1", "rituximab", ((drug["resourceType"], 1),))


def test_a_component_is_looked_at_like_a_result_of_its_own(terminology: Terminology, likely: Likely) -> None:
    part = {"code": coded("UP", "Protein 24h"), "valueQuantity": {"value": 3, "unit": "g/d"}}
    panel = {"resourceType": "Observation", "code": coded("PANEL", "Urine panel"), "component": [part, {"code": 3}, 4]}
    found = report_of(terminology, likely, panel)
    assert [one.code for one in (*found.codes, *found.rest)] == ["UP", "PANEL"]


@pytest.mark.parametrize(
    ("code", "quantity", "unit", "reason", "nearest"),
    [
        ("2890-2", {"value": 3, "unit": "mg/g Krea"}, "mg/g Krea", "not in the table", ("mg/g{creat}", "0.001")),
        ("2890-2", {"value": 3, "unit": "furlong"}, "furlong", "not in the table", ("", "")),
        ("2160-0", {"value": 3}, "", "no unit was sent", ("", "")),
        ("14682-9", {"value": 3, "unit": "mg/dL"}, "mg/dL", "the code measures moles, the unit mass", ("", "")),
        (
            "2890-2",
            {"value": 3, "unit": "mg/g", "code": "g/g", "system": "http://unitsofmeasure.org"},
            "g/g",
            "unit and code of the value say different things",
            ("", ""),
        ),
        ("2889-4", {"value": 3, "unit": "mg/dL"}, "mg/dL", "concentration: not convertible without volume", ("", "")),
    ],
)
def test_a_unit_that_refused_a_value_says_why(
    terminology: Terminology,
    likely: Likely,
    code: str,
    quantity: Resource,
    unit: str,
    reason: str,
    nearest: tuple[str, str],
) -> None:
    observation = {"resourceType": "Observation", "code": coded(code, "", LOINC), "valueQuantity": quantity}
    (one,) = report_of(terminology, likely, observation, observation).units
    assert (one.unit, one.reason, one.count, one.code) == (unit, reason, 2, code)
    assert (one.nearest, one.factor) == nearest


@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": {"value": 3, "unit": "mg/g"}},
        {"valueQuantity": {"value": 3, "unit": "g/g", "comparator": "<"}},
        {"valueQuantity": {"unit": "furlong"}},
        {"valueQuantity": {"value": True, "unit": "furlong"}},
        {"valueQuantity": "3 mg/g"},
        {"valueString": "negative"},
        {"valueString": "1200 mg/g"},
        {},
    ],
)
def test_a_value_that_can_be_read_or_is_none_accuses_no_unit(
    terminology: Terminology, likely: Likely, value: Resource
) -> None:
    observation = {"resourceType": "Observation", "code": coded("2890-2", "", LOINC), **value}
    assert report_of(terminology, likely, observation).units == ()


def test_names_without_a_code_are_counted_and_not_kept(terminology: Terminology, likely: Likely) -> None:
    drug = {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "Prograf for Mrs Canary"}}
    test = {"resourceType": "Observation", "code": {"text": "Canary's sodium"}}
    found = report_of(terminology, likely, drug, drug, test)
    assert [(one.resource, one.concept, one.count) for one in found.text_only] == [
        ("MedicationRequest", "tacrolimus", 2),
        ("Observation", "", 1),
    ]
    assert "Canary" not in json.dumps(asdict(found))


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"resourceType": 3},
        {"resourceType": ["Observation"]},
        {"resourceType": "Observation"},
        {"resourceType": "Observation", "code": "x", "component": {"code": 1}},
        {"resourceType": "Observation", "code": {"coding": {"code": "x"}}},
        {"resourceType": "Observation", "code": {"coding": [None, {"code": 3}, {"code": " "}, {"system": "x"}]}},
        {"resourceType": "Observation", "code": {"coding": [{"system": 7, "code": "x", "display": ["y"]}]}},
        {"resourceType": "Observation", "code": {"text": 7}},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": [], "medication": "x"},
        {"resourceType": "Observation", "code": {"coding": [{"system": LOINC, "code": "2890-2"}]}, "valueQuantity": []},
    ],
)
def test_a_resource_of_any_shape_is_survived(terminology: Terminology, likely: Likely, resource: Resource) -> None:
    found = report_of(terminology, likely, resource)
    assert sum(found.resources.values()) + found.not_read == 1


CANARY = "Canary"


def chart_with_canaries() -> list[Resource]:
    """Resources that say something about a person wherever FHIR lets them."""
    person = {"reference": f"Patient/{CANARY}", "display": f"Anna {CANARY}", "identifier": {"value": CANARY}}
    rest = {
        "id": CANARY,
        "subject": person,
        "performer": [person],
        "note": [{"text": f"{CANARY} came late"}],
        "text": {"div": f"<div>{CANARY}</div>"},
        "identifier": [{"value": CANARY}],
        "effectiveDateTime": f"2026-01-01{CANARY}",
    }
    local = coded("UP", "Protein 24h Sammelurin") | {"text": f"protein of {CANARY}"}
    known = coded("2890-2", "", LOINC) | {"text": CANARY}
    drug = coded("M1", "MabThera") | {"text": f"MabThera for {CANARY}"}
    return [
        {"resourceType": "Patient", "name": [{"family": CANARY}], **rest},
        result(local, unit="g/Tag", **rest),
        result(known, unit="furlong", **rest),
        {"resourceType": "Observation", "code": known, "valueString": f"{CANARY} 7 mg", **rest},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": drug, **rest},
        {"resourceType": "Condition", "code": {"text": f"membranous nephropathy of {CANARY}"}, **rest},
    ]


def test_nothing_of_a_person_comes_out(terminology: Terminology, likely: Likely) -> None:
    found = report_of(terminology, likely, *chart_with_canaries())
    told = json.dumps([asdict(found), list(report_lines(found)), list(overlay_lines(found, terminology))])
    assert CANARY not in told
    assert {one.code for one in found.codes} == {"UP", "M1"}


def test_texts_of_a_chart_are_cut_and_cleaned(terminology: Terminology, likely: Likely) -> None:
    code = coded("C" * 500, "tacrolimus \u202e\x1b[31m" + "x" * 500, LAB + "s" * 500)
    (one,) = report_of(terminology, likely, result(code, unit="u" * 500)).codes
    assert (len(one.system), len(one.code)) == (120, 64)
    assert len(one.display) <= 80
    assert not {"\u202e", "\x1b"} & set(one.display)
    assert all(len(unit) <= 40 for unit in one.units)


def test_memory_is_bounded_and_what_did_not_fit_is_counted(terminology: Terminology, likely: Likely) -> None:
    tally = Tally(terminology, likely, most_codes=10)
    for number in range(25):
        tally.add(result(coded(f"X{number}")))
    found = tally.report()
    assert (len(found.rest), found.forgotten) == (10, 15)


def test_rows_for_the_overlay_are_sound_but_for_the_approval(
    terminology: Terminology, likely: Likely, tmp_path: Path
) -> None:
    resources = [
        result(coded("UP", "\u201eProtein 24h\u201c Sammelurin, morning"), unit="g/d"),
        result(coded("P", "=HYPERLINK(1) Anti-PLA2R")),
        result(coded("=1+1", "Protein 24h")),
        result(coded("2.8E+13", "Protein 24h")),
        result({"coding": [{"code": "NOSYS", "display": "Protein 24h"}]}),
        {"resourceType": "Medication", "code": coded("M1", "Protopic ointment")},
    ]
    lines = list(overlay_lines(report_of(terminology, likely, *resources), terminology))
    assert [(line[1], line[3], line[4]) for line in lines] == [
        ("M1", "tacrolimus", "distractor"),
        ("P", "anti_pla2r_elisa", "include"),
        ("UP", "proteinuria_24h", "include"),
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([LOCAL_COLUMNS, *lines])
    root = copied_to(tmp_path, "here")
    write(root, "sites/here/codes.csv", text.getvalue())
    assert text.getvalue().startswith(CODE_HEADER)
    missing = {one.reason.split(" is empty")[0] for one in inspect(root, "here").problems}
    assert missing == {"a local code needs the name of who approved it", "effective_from", "approved_on"}
    approved = text.getvalue().replace(",,,,\n", ",,2026-01-01,Dr Example,2025-12-15\n")
    write(root, "sites/here/codes.csv", approved)
    meaning = load(root, "here").look_up(LAB, "UP")
    assert meaning is not None and meaning.concept == "proteinuria_24h"


def test_the_table_holds_everything_and_no_formula(terminology: Terminology, likely: Likely) -> None:
    resources = [result(coded("=1+1", "@Protein 24h")), result(coded("NA", "-Sodium")), *chart_with_canaries()]
    lines = list(report_lines(report_of(terminology, likely, *resources)))
    assert {len(line) for line in lines} == {len(REPORT_COLUMNS)}
    assert {line[0] for line in lines} == {"code", "unit", "text"}
    assert {line[1] for line in lines} == {"yes", "no"}
    assert not [cell for line in lines for cell in line if cell[:1] in ("=", "+", "-", "@")]

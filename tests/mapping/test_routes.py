"""How a drug was given: codes, words and products (traps 27 to 30, 42)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir_samples import SNOMED, Resource, coded, terminology
from mapping_copies import copied_to

from cds_service.mapping import routes
from cds_service.mapping.codes import ROUTES
from cds_service.mapping.location import mappings_root
from cds_service.mapping.routes import Way
from cds_service.mapping.terminology import MappingFault, load

V3 = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
EDQM = "http://standardterms.edqm.eu"


def way(stated: Resource | None, by_product: str = "") -> Way:
    concept = CodeableConcept.model_validate(stated) if stated is not None else None
    return terminology().way(concept, by_product)


def shown(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


CODES = {
    "SNOMED, by mouth": (coded(SNOMED, "26643006"), "oral"),
    "SNOMED, sublingual is systemic": (coded(SNOMED, "37839007"), "oral"),
    "SNOMED, into a vein": (coded(SNOMED, "47625008"), "parenteral"),
    "SNOMED, into a muscle": (coded(SNOMED, "78421000"), "parenteral"),
    "SNOMED, under the skin": (coded(SNOMED, "34206005"), "parenteral"),
    "SNOMED, onto the skin": (coded(SNOMED, "6064005"), "topical"),
    "SNOMED, into the eye": (coded(SNOMED, "54485002"), "ophthalmic"),
    "SNOMED, into the vitreous": (coded(SNOMED, "418401004"), "ophthalmic"),
    "SNOMED, into the ear": (coded(SNOMED, "10547007"), "otic"),
    "SNOMED, into the nose": (coded(SNOMED, "46713006"), "nasal"),
    "SNOMED, into the airways": (coded(SNOMED, "447694001"), "inhaled"),
    "SNOMED, into the rectum": (coded(SNOMED, "37161004"), "rectal"),
    "SNOMED, into a joint": (coded(SNOMED, "12130007"), "depot"),
    "SNOMED, into the spinal fluid": (coded(SNOMED, "72607000"), "local"),
    "HL7 v3, by mouth": (coded(V3, "PO"), "oral"),
    "HL7 v3, infused": (coded(V3, "IV"), "parenteral"),
    "HL7 v3, injected into a vein": (coded(V3, "IVINJ"), "parenteral"),
    "HL7 v3 by its OID": (coded("urn:oid:2.16.840.1.113883.5.112", "SQ"), "parenteral"),
    "HL7 v3 under its old address": (coded("http://hl7.org/fhir/v3/RouteOfAdministration", "TOPICAL"), "topical"),
    "HL7 v3, into the eye": (coded(V3, "OPTHALTA"), "ophthalmic"),
    "HL7 v3, into a joint": (coded(V3, "IARTINJ"), "depot"),
    "HL7 v3, inhaled": (coded(V3, "NEB"), "inhaled"),
    "EDQM, by mouth": (coded(EDQM, "20053000"), "oral"),
    "EDQM over https": (coded(f"https{EDQM[4:]}", "20045000"), "parenteral"),
    "EDQM by its OID": (coded("urn:oid:0.4.0.127.0.16.1.1.2.1", "20003000"), "topical"),
    "EDQM, into the eye": (coded(EDQM, "20051000"), "ophthalmic"),
    "EDQM, into a joint": (coded(EDQM, "20024000"), "depot"),
    "a code of another system means nothing": (coded(EDQM, "26643006"), ""),
    "a code that nobody listed": (coded(SNOMED, "38239002"), ""),
    "an abbreviation of a local system": (coded("http://local.example", "IV"), "parenteral"),
    "a known code beside a local one": ({"coding": [{"code": "7"}, {"system": V3, "code": "PO"}]}, "oral"),
}


@pytest.mark.parametrize(("stated", "route"), CODES.values(), ids=CODES.keys())
def test_a_coded_route(stated: Resource, route: str) -> None:
    assert way(stated).route == route


WORDS = {
    **dict.fromkeys(("by mouth", "PO", "p.o.", "Oral use", "per os", "orally", "2 tablets", "via nasogastric"), "oral"),
    **dict.fromkeys(("IV", "i.v.", "intravenous infusion", "IVPB", "intravenös", "im", "Injection"), "parenteral"),
    **dict.fromkeys(("SC", "subcut", "subcutaneously", "pre-filled pen"), "parenteral"),
    **dict.fromkeys(("topically", "apply to skin", "Transdermal"), "topical"),
    **dict.fromkeys(("both eyes", "Ophthalmic", "intravitreal"), "ophthalmic"),
    **dict.fromkeys(("left ear", "Otic"), "otic"),
    **dict.fromkeys(("nasal", "each nostril"), "nasal"),
    **dict.fromkeys(("inhalation", "via nebulizer"), "inhaled"),
    **dict.fromkeys(("rectally", "per rectum"), "rectal"),
    **dict.fromkeys(("swish and spit", "as a mouthwash"), "intra-oral"),
    **dict.fromkeys(("intra-articular", "joint injection", "Intralesional", "epidural"), "depot"),
    **dict.fromkeys(("Intrathecal", "intravesical"), "local"),
    **dict.fromkeys(("", "as directed", "Intraperitoneal", "by hand"), ""),
}


@pytest.mark.parametrize(("text", "route"), WORDS.items(), ids=WORDS.keys())
def test_a_route_in_words(text: str, route: str) -> None:
    assert way({"text": text or None}).route == route


FORMS = {
    "Tacrolimus 0.1 MG/MG Topical Ointment": "topical",
    "tacrolimus 0.03 % cream": "topical",
    "cycloSPORINE 0.0005 MG/MG Ophthalmic Suspension": "ophthalmic",
    "Dexamethasone 1 MG/ML Otic Solution": "otic",
    "Dexamethasone Nasal Spray": "nasal",
    "Budesonide Inhalation Powder": "inhaled",
    "Prednisolone Rectal Foam": "rectal",
    "prednisolone suppository": "rectal",
    "Cyclosporine 100 MG Oral Capsule": "oral",
    "cyclosporine modified 25 mg soft gel": "oral",
    "mycophenolate mofetil 500 MG Oral Tablet": "oral",
    "methylprednisolone 1000 MG Injection": "injected",
    "tacrolimus 5 MG/ML Intravenous Solution": "parenteral",
    "rituximab / hyaluronidase": "subcutaneous",
    "tacrolimus": "",
}


@pytest.mark.parametrize(("name", "route"), FORMS.items(), ids=FORMS.keys())
def test_the_form_in_the_name_of_a_product_is_a_route(name: str, route: str) -> None:
    assert terminology()._routes.named(name) == route


MARRIAGES = {
    "nothing stated, a capsule": (None, "oral", Way("oral")),
    "nothing stated, a pen": (None, "subcutaneous", Way("parenteral", under_the_skin=True)),
    "an ointment by mouth stays an ointment": ({"text": "oral"}, "topical", Way("topical")),
    "a depot into the muscle stays a depot": (coded(SNOMED, "78421000"), "depot", Way("depot")),
    "a capsule onto the skin": (coded(SNOMED, "6064005"), "oral", Way("topical", conflict=True)),
    "a vial into a joint": ({"text": "intra-articular"}, "parenteral", Way("depot")),
    "a vial into the eye": (coded(SNOMED, "418401004"), "parenteral", Way("ophthalmic")),
    "a vial under the skin": (coded(SNOMED, "34206005"), "parenteral", Way("parenteral", under_the_skin=True)),
    "a pen, injected": ({"text": "injection"}, "subcutaneous", Way("parenteral", under_the_skin=True)),
    "an ingredient that knows no route": (None, "", Way("")),
}


@pytest.mark.parametrize(("stated", "by_product", "found"), MARRIAGES.values(), ids=MARRIAGES.keys())
def test_what_is_stated_meets_what_the_product_can_be(stated: Resource | None, by_product: str, found: Way) -> None:
    assert way(stated, by_product) == found


DISPUTES = {
    "oral, shown as inhalation": shown(SNOMED, "26643006", "Inhalation"),
    "two codings that contradict each other": {
        "coding": [{"system": SNOMED, "code": "26643006"}, {"system": V3, "code": "OT"}]
    },
}


@pytest.mark.parametrize("stated", DISPUTES.values(), ids=DISPUTES.keys())
def test_a_contradicted_route_says_nothing_and_the_product_decides(stated: Resource) -> None:
    assert way(stated, "oral") == Way("oral")


def test_two_codings_that_agree_are_one() -> None:
    both = {"coding": [{"system": SNOMED, "code": "26643006"}, {"system": V3, "code": "PO"}]}
    assert way(both) == Way("oral")


def test_the_words_agree_with_every_row_of_the_code_tables() -> None:
    """1,700 RxNorm names: what their words say of the form is the route that the row was given by hand."""
    table, compared = terminology()._routes, 0
    for (_, code), meaning in terminology().known.items():
        if meaning.kind != "medication" or not meaning.display or not meaning.route:
            continue
        said = table.named(meaning.display)
        compared += bool(said)
        assert routes._agree(said, meaning.route), (code, meaning.display, meaning.route, said)
    assert compared > 1_000


def test_every_code_of_the_table_is_believed_under_its_own_name() -> None:
    table = terminology()._routes
    with (mappings_root() / "routes.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["system"]]
    assert len(rows) > 200
    assert [row for row in rows if table.said(row["system"], row["code"], row["display"]) != row["route"]] == []


def test_every_route_of_a_product_is_one_that_a_dosage_can_say() -> None:
    """But one: what acts in the gut only has no route of its own in any dosage."""
    assert ROUTES - set(routes._PREFERENCE) == {"", "enteral-local"}


WRONG = {
    "an unknown route": (",by balloon,airborne,,own wording", "unknown route 'airborne'"),
    "no source": (",by balloon,oral,,", "a route needs its source"),
    "a word twice": (",orally,oral,,own wording", "'orally' is listed twice"),
    "words that no text can hold": (",By Mouth,oral,,own wording", "is not in the normal spelling"),
    "an alias of a system": ("urn:oid:2.16.840.1.113883.5.112,ZZ,oral,,own wording", "is not a canonical system"),
    "a wrong check digit": (f"{SNOMED},26643007,oral,,own wording", "fails its SNOMED CT check digit"),
}


@pytest.mark.parametrize(("row", "reason"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_row_stops_the_start_and_is_named(tmp_path: Path, row: str, reason: str) -> None:
    root = copied_to(tmp_path)
    with (root / "routes.csv").open("a", encoding="utf-8") as table:
        table.write(row + "\n")
    with pytest.raises(MappingFault) as caught:
        load(root)
    assert [reason in str(problem) and "routes.csv:" in str(problem) for problem in caught.value.problems] == [True]


def test_codes_that_need_a_licence_are_optional() -> None:
    assert load(mappings_root(), optional=False)._routes.codes.get((SNOMED, "54485002")) is None

"""Drugs that are only written out: names, brands, biosimilars, forms, what is no drug (terminology.md section 6)."""

from __future__ import annotations

import csv

import pytest
from fhir_samples import terminology

from cds_service.case.drug_classes import CLASS_OF
from cds_service.mapping.location import mappings_root
from cds_service.mapping.routes import NOT_SYSTEMIC

SUFFIXES = {
    "rituximab-abbs": "rituximab",
    "riTUXimab-pvvr 10 MG/ML Injection": "rituximab",
    "RITUXIMAB-ARRX": "rituximab",
    "anifrolumab-fnia 300 mg/2 mL": "anifrolumab",
    "daratumumab-hyaluronidase-fihj": "daratumumab",
    "isatuximab-irfc": "isatuximab",
}


@pytest.mark.parametrize(("text", "agent"), SUFFIXES.items(), ids=SUFFIXES.keys())
def test_a_biologic_with_its_suffix_is_the_same_agent(text: str, agent: str) -> None:
    found = terminology().drug_by_name(text)
    assert found is not None and found[0] == agent


BRANDS = {
    "rituximab": "Rituxan, MabThera, Truxima, Ruxience, Riabni, Rixathon, Riximyo, Blitzima, Ritemvia, Rituzena",
    "obinutuzumab": "Gazyva, Gazyvaro",
    "ofatumumab": "Arzerra, Kesimpta",
    "cyclophosphamide": "Cytoxan, Endoxan, Procytox, Sendoxan, Endoxana, Frindovyx",
    "chlorambucil": "Leukeran",
    "tacrolimus": "Prograf, Advagraf, Astagraf XL, Envarsus XR, Modigraf, Adoport, Dailiport, Prograft",
    "cyclosporine": "Neoral, Sandimmune, Gengraf, Sandimmun Neoral, Sandimmun Optoral, Capimune, Deximune",
    "voclosporin": "Lupkynis",
    "mycophenolate_mofetil": "CellCept, Myfenax, Myclausen, Arzip",
    "mycophenolic_acid": "Myfortic, Ceptava",
    "azathioprine": "Imuran, Imurek, Imurel, Azasan, Jayempi",
    "belimumab": "Benlysta",
    "leflunomide": "Arava",
    "daratumumab": "Darzalex, Darzalex Faspro",
    "isatuximab": "Sarclisa",
    "bortezomib": "Velcade, Boruzu",
    "anifrolumab": "Saphnelo",
    "methylprednisolone": "Solu-Medrol, Medrol, Urbason, Solu-Medrone",
    "prednisolone": "Decortin H, Orapred, Solupred",
    "prednisone": "Decortin, Deltasone, Cortancyl, Rayos",
    "hydroxychloroquine": "Plaquenil, Quensyl, Sovuna",
}


@pytest.mark.parametrize(
    ("brand", "agent"), [(brand, agent) for agent, brands in BRANDS.items() for brand in brands.split(", ")]
)
def test_a_brand_is_its_agent(brand: str, agent: str) -> None:
    for text in (brand, f"{brand.upper()} 100 mg", f"Rx: {brand}, as discussed"):
        found = terminology().drug_by_name(text)
        assert found is not None and found[0] == agent, text


LOCAL = ["Protopic", "Restasis", "Cequa 0.09 %", "Ikervis", "Verkazia", "Pred Forte", "Maxidex", "Ozurdex", "Advantan"]


@pytest.mark.parametrize("text", [*LOCAL, "Ciprodex", "Depo-Medrol 40 MG", "Klismacort"])
def test_a_brand_for_one_place_is_no_systemic_drug(text: str) -> None:
    found = terminology().drug_by_name(text)
    assert found is not None and found[1] in NOT_SYSTEMIC


def test_a_brand_for_one_place_stays_so_whatever_the_text_says() -> None:
    assert terminology().drug_by_name("Protopic by mouth") == ("tacrolimus", "topical")


def test_every_agent_has_a_name_of_its_own() -> None:
    """So that an agent which comes as a text only is never passed over."""
    with (mappings_root() / "brands.csv").open(encoding="utf-8", newline="") as lines:
        named = {row["agent"] for row in csv.DictReader(lines)}
    assert set(CLASS_OF) - named == set()
    for agent in set(CLASS_OF) - {"acei", "arb", "sglt2i", "hbv_antiviral"}:
        found = terminology().drug_by_name(agent.replace("_", " "))
        assert found is not None and found[0] == agent


def test_every_name_of_the_table_is_found_as_its_agent() -> None:
    with (mappings_root() / "brands.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    found = [(row["name"], terminology().drug_by_name(row["name"]), row["agent"]) for row in rows]
    assert [(name, drug) for name, drug, agent in found if drug is None or drug[0] != agent] == []
    assert len(rows) > 350


NO_DRUG = [
    "tacrolimus level",
    "anti-rituximab antibody",
    "no rituximab",
    "allergy to rituximab",
    "never on Endoxan",
    "",
]
INSTRUCTED = ["Tacrolimus 1 mg, do not crush", "Advagraf 5 mg no substitution", "tacrolimus without food"]


@pytest.mark.parametrize("text", NO_DRUG)
def test_what_is_measured_denied_or_feared_is_not_taken(text: str) -> None:
    assert terminology().drug_by_name(text) is None


@pytest.mark.parametrize("text", INSTRUCTED)
def test_an_instruction_is_no_denial(text: str) -> None:
    found = terminology().drug_by_name(text)
    assert found is not None and found[0] == "tacrolimus"


SEVERAL = ["rituximab and cyclophosphamide", "Prograf or CellCept", "cyclophosphamide/prednisone"]


@pytest.mark.parametrize("text", SEVERAL)
def test_a_text_that_names_two_of_our_drugs_is_said_and_names_neither(text: str) -> None:
    assert terminology().drug_by_name(text) == ("", "")


ONE_OF_TWO_NAMES = {
    "mycophenolate (Myfortic)": "mycophenolic_acid",
    "CellCept (mycophenolate mofetil)": "mycophenolate_mofetil",
    "tacrolimus (Prograf)": "tacrolimus",
    "sacubitril / valsartan": "arb",
}


@pytest.mark.parametrize(("text", "agent"), ONE_OF_TWO_NAMES.items(), ids=ONE_OF_TWO_NAMES.keys())
def test_two_names_of_one_drug_are_one(text: str, agent: str) -> None:
    found = terminology().drug_by_name(text)
    assert found is not None and found[0] == agent

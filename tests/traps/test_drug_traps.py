"""Traps 27 to 30, 34, 35, 41 and 43: medicines that look like a line of therapy and are none (clinical-spec 3.1)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_samples import RXNORM, SNOMED, Resource, coded

from tests.traps.answers import answer, laid, untouched
from tests.traps.charts import (
    ATC,
    CYCLOSPORINE,
    METHYLPREDNISOLONE,
    TACROLIMUS,
    after_cyclophosphamide,
    day,
    infused,
    lupus_nephritis,
    on_tacrolimus,
    ordered,
    problem,
    taken,
    untreated,
)

TOPICAL, OPHTHALMIC, INTRA_ARTICULAR, INTRAVENOUS = "6064005", "54485002", "12130007", "47625008"
LINE_BEGINS = -215


def given_by(route: str) -> dict[str, Any]:
    return {"dosage": [{"route": coded(SNOMED, route)}]}


def no_line(code: str | Resource, system: str = RXNORM, **more: Any) -> None:
    """As statement and as order, current or past, it is no line: the untreated patient stays untreated."""
    route = more.get("dosage")
    for trap in (
        taken(code, -400, mg=None, system=system, **more),
        taken(code, -400, -190, system=system, **more),
        ordered(code, -215, system=system, **({"dosageInstruction": route} if route else {})),
    ):
        said = untouched(untreated(), trap)
        assert (said.rule, said.lines) == ("MN-04", [])
        untouched(on_tacrolimus(), trap)
        untouched(lupus_nephritis(), trap)


SKIN = [("313189", RXNORM), ("314266", RXNORM), ("284520", RXNORM), ("D11AH01", ATC), ("D11AH02", ATC)]


@pytest.mark.parametrize(("code", "system"), SKIN)
def test_trap_27_tacrolimus_ointment_or_pimecrolimus_is_no_cni(code: str, system: str) -> None:
    no_line(code, system)


@pytest.mark.parametrize("text", ["Tacrolimus 0.1 % ointment", "Protopic 0.03 % ointment", "Pimecrolimus 1 % cream"])
def test_trap_27_nor_is_it_by_name(text: str) -> None:
    no_line({"text": text})


def test_trap_27_nor_tacrolimus_put_on_the_skin() -> None:
    no_line(TACROLIMUS, **given_by(TOPICAL))


@pytest.mark.parametrize(("code", "system"), [(TACROLIMUS, RXNORM), ("108513", RXNORM), ("L04AD02", ATC)])
def test_trap_27_tacrolimus_by_mouth_is(code: str, system: str) -> None:
    said = answer(laid(untreated(), taken(code, -215, mg=6, system=system)))
    assert [line["classes"] for line in said.lines] == [["CNI"]]
    assert said.rule == "MN-D5"


EYES = [("351291", RXNORM), ("2055021", RXNORM), ("2590608", RXNORM), ("1093174", RXNORM), ("S01XA18", ATC)]


@pytest.mark.parametrize(("code", "system"), EYES)
def test_trap_28_cyclosporine_eye_drops_are_no_cni(code: str, system: str) -> None:
    no_line(code, system)


@pytest.mark.parametrize("text", ["Restasis 0.05 % ophthalmic emulsion", "Cyclosporine 0.1 % eye drops"])
def test_trap_28_nor_are_they_by_name(text: str) -> None:
    no_line({"text": text})


def test_trap_28_nor_cyclosporine_put_into_the_eye() -> None:
    no_line(CYCLOSPORINE, **given_by(OPHTHALMIC))


@pytest.mark.parametrize(("code", "system"), [(CYCLOSPORINE, RXNORM), ("L04AD01", ATC)])
def test_trap_28_cyclosporine_by_mouth_is(code: str, system: str) -> None:
    said = answer(laid(untreated(), taken(code, -215, mg=300, system=system)))
    assert [line["classes"] for line in said.lines] == [["CNI"]]


STEROIDS_ELSEWHERE = {
    "prednisolone eye drops": ("S01BA04", ATC),
    "prednisolone ear drops": ("S02BA03", ATC),
    "prednisolone eye drops of a brand": ("225925", RXNORM),
    "dexamethasone eye drops": ("S01BA01", ATC),
    "dexamethasone ear drops": ("404630", RXNORM),
    "dexamethasone inhaled": ("377280", RXNORM),
    "budesonide": ("19831", RXNORM),
    "budesonide inhaled": ("R03BA02", ATC),
    "budesonide inhaler": ("966524", RXNORM),
    "budesonide for the gut": ("A07EA06", ATC),
    "budesonide capsules": ("1244214", RXNORM),
}


def no_pulse(code: str | Resource, system: str = RXNORM, **more: Any) -> None:
    """TL-6: a pulse up to 35 days before the first dose would be the start of the cyclophosphamide line."""
    course = taken(code, LINE_BEGINS - 20, LINE_BEGINS - 15, system=system, **more)
    dose = infused(code, LINE_BEGINS - 20, 40, system=system)
    if "dosage" in more:
        dose = {**dose, "dosage": {**dose["dosage"], **more["dosage"][0]}}
    for trap in (course, dose):
        said = untouched(after_cyclophosphamide(), trap)
        assert [line["start"] for line in said.lines] == [day(LINE_BEGINS)]


@pytest.mark.parametrize(("code", "system"), STEROIDS_ELSEWHERE.values(), ids=STEROIDS_ELSEWHERE.keys())
def test_trap_29_steroid_for_the_eye_the_ear_the_lung_or_the_gut_is_no_glucocorticoid_course(
    code: str, system: str
) -> None:
    no_pulse(code, system)
    no_line(code, system)


@pytest.mark.parametrize(
    "text", ["Prednisolone acetate 1 % ophthalmic suspension", "Fluticasone 250 mcg inhaler", "Budesonide nasal spray"]
)
def test_trap_29_nor_is_it_by_name(text: str) -> None:
    no_pulse({"text": text})


DEPOT = ["1358610", "1358617", "1743780", "1743783", "22584"]


@pytest.mark.parametrize("code", DEPOT)
@pytest.mark.parametrize("route", [{}, given_by(INTRA_ARTICULAR)], ids=["route not said", "into a joint"])
def test_trap_30_depot_methylprednisolone_is_no_pulse(code: str, route: dict[str, Any]) -> None:
    """TL-6 counts an IV or oral pulse; the acetate suspension is neither, by whatever route it was written."""
    no_pulse(code, **route)


@pytest.mark.parametrize("route", [coded(SNOMED, INTRA_ARTICULAR), {"text": "Intra-articular"}], ids=["coded", "text"])
def test_trap_30_nor_is_methylprednisolone_into_a_joint(route: Resource) -> None:
    dosage = {"dose": {"value": 80, "unit": "mg"}, "route": route}
    said = untouched(after_cyclophosphamide(), infused(METHYLPREDNISOLONE, LINE_BEGINS - 20, dosage=dosage))
    assert [line["start"] for line in said.lines] == [day(LINE_BEGINS)]


@pytest.mark.parametrize("code", [METHYLPREDNISOLONE, "1743729", "1743726"])
def test_traps_29_and_30_intravenous_methylprednisolone_is_a_pulse(code: str) -> None:
    dosage = {"dose": {"value": 1000, "unit": "mg"}, "route": coded(SNOMED, INTRAVENOUS)}
    said = answer(laid(after_cyclophosphamide(), infused(code, LINE_BEGINS - 20, dosage=dosage)))
    assert [line["start"] for line in said.lines] == [day(LINE_BEGINS - 20)]


@pytest.mark.parametrize(("code", "system"), [("5492", RXNORM), ("H02AB09", ATC), ("D07AA02", ATC)])
def test_trap_34_hydrocortisone_replacement_is_no_glucocorticoid_course(code: str, system: str) -> None:
    no_pulse(code, system)
    no_line(code, system)


OTHER_DRUGS = {
    "methotrexate": ("6851", RXNORM),
    "methotrexate by ATC": ("L04AX03", ATC),
    "everolimus": ("141704", RXNORM),
    "everolimus by ATC": ("L04AH02", ATC),
    "everolimus by a code of before 2022": ("L04AA18", ATC),
}


@pytest.mark.parametrize(("code", "system"), OTHER_DRUGS.values(), ids=OTHER_DRUGS.keys())
def test_trap_35_methotrexate_or_everolimus_is_no_class_of_ours(code: str, system: str) -> None:
    """Section 3.1 and R-12: only the classes of 3.1 make lines."""
    no_line(code, system)


def test_trap_35_leflunomide_is() -> None:
    """R-12: all immunosuppressive classes of 3.1 in LN, rare ones too."""
    said = answer(laid(lupus_nephritis(), taken("L04AK01", -500, -300, system=ATC)))
    assert ["LEF"] in [line["classes"] for line in said.lines]


INDUCTION = {"antithymocyte globulin": "L04AA04", "antilymphocyte globulin": "L04AA03", "basiliximab": "L04AC02"}


@pytest.mark.parametrize("code", INDUCTION.values(), ids=INDUCTION.keys())
def test_trap_41_transplant_induction_is_no_line(code: str) -> None:
    no_line(code, ATC)
    for dose in (infused(code, -215, 100, system=ATC), infused(code, -211, 100, system=ATC)):
        untouched(untreated(), dose)


@pytest.mark.parametrize("code", INDUCTION.values(), ids=INDUCTION.keys())
def test_trap_41_after_a_transplant_there_is_no_card(code: str) -> None:
    """Step 0, SC-02; section 9: never a transplant recipient pathway."""
    transplanted = laid(on_tacrolimus(), problem("161665007"), "transplant")
    assert answer(laid(transplanted, infused(code, -215, 100, system=ATC))).evaluation.cards == []


VETERINARY = ["835917", "835921", "835923", "835927", "1233908", "539499", "2665981"]


@pytest.mark.parametrize("code", VETERINARY)
def test_trap_43_veterinary_cyclosporine_is_no_cni(code: str) -> None:
    no_line(code)


@pytest.mark.parametrize("code", VETERINARY)
def test_trap_43_it_is_refused_and_said(code: str) -> None:
    """Terminology, roles: an excluded code is recognised and refused. A person who takes it takes something."""
    assert untouched(untreated(), taken(code, -215, mg=300)).said_of("trap")

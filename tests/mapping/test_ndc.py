"""NDC in every spelling (terminology.md section 6): 4-4-2, 5-3-2 and 5-4-1 to the eleven digits of 5-4-2."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhir_samples import terminology
from mapping_copies import copied_to

from cds_service.mapping import ndc, systems
from cds_service.mapping.terminology import load

SPELLINGS = {
    "0310-3040-00": "00310304000",
    "00310-3040-00": "00310304000",
    "00310304000": "00310304000",
    " 00310304000 ": "00310304000",
    "50242-051-21": "50242005121",
    "50242-0051-1": "50242005101",
    "0310-3040": "003103040",
    "50242-051": "502420051",
    "50242-0051": "502420051",
    "0310304000": "",
    "310304000": "",
    "0310-304-00": "",
    "0310-3040-0": "",
    "OTC": "",
    "": "",
    "0310\u20113040\u201100": "",
}


@pytest.mark.parametrize(("written", "digits"), SPELLINGS.items(), ids=SPELLINGS.keys())
def test_an_ndc_has_eleven_digits_and_ten_bare_ones_are_not_guessed_at(written: str, digits: str) -> None:
    assert ndc.normalised(written) == digits


@pytest.mark.parametrize("system", [systems.NDC, "urn:oid:2.16.840.1.113883.6.69", "https://hl7.org/fhir/sid/ndc/"])
@pytest.mark.parametrize("code", ["0310-3040-00", "00310-3040-00", "00310304000", "0310-3040-01", "0310-3040"])
def test_a_product_is_known_in_every_spelling_and_package(system: str, code: str) -> None:
    meaning = terminology().look_up(system, code)
    assert meaning is not None and (meaning.concept, meaning.role) == ("anifrolumab", "include")


@pytest.mark.parametrize("code", ["0310304000", "0310-3041-00", "00311304000", ""])
def test_another_product_is_not(code: str) -> None:
    assert terminology().look_up(systems.NDC, code) is None


def test_eleven_digits_of_another_system_are_none() -> None:
    assert terminology().look_up("http://local.example", "0310-3040-00") is None


def test_a_product_of_which_two_rows_disagree_is_left_out(tmp_path: Path) -> None:
    root = copied_to(tmp_path)
    with (root / "ndc.csv").open("a", encoding="utf-8") as table:
        table.write("belimumab,0310-3040-01,Something else,include,parenteral,,,,,seen somewhere,medium\n")
    torn = load(root)
    assert torn.look_up(systems.NDC, "0310-3040-02") is None
    known = torn.look_up(systems.NDC, "0310-3040-00")
    assert known is not None and known.concept == "anifrolumab"

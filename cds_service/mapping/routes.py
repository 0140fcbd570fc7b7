"""How a drug was given, in the words of the mappings: oral, parenteral, or a local route that is no exposure.

The codes are the ones of FHIR's own route value sets (HL7 v3 RouteOfAdministration and its SNOMED CT examples).
"""

from __future__ import annotations

import re
from typing import Any

from cds_service.mapping.terminology import LOCAL_ROUTES

# A depot under the skin or into a joint is not the intravenous pulse it may be mistaken for (trap 30).
NOT_SYSTEMIC = LOCAL_ROUTES | {"depot"}
_PARENTERAL = frozenset({"parenteral", "subcutaneous"})

_CODES = {
    "26643006": "oral",
    "PO": "oral",
    "47625008": "parenteral",
    "34206005": "parenteral",
    "78421000": "parenteral",
    "IV": "parenteral",
    "IVINJ": "parenteral",
    "IVINFUS": "parenteral",
    "IVPUSH": "parenteral",
    "IM": "parenteral",
    "SQ": "parenteral",
    "SQINJ": "parenteral",
    "6064005": "topical",
    "TOPICAL": "topical",
    "54485002": "ophthalmic",
    "OPHTHALTA": "ophthalmic",
    "10547007": "otic",
    "46713006": "nasal",
    "37161004": "rectal",
    "12130007": "depot",
    "18679011000001101": "inhaled",
    "447694001": "inhaled",
}
_WORDS = (
    ("ophthalmic", re.compile(r"\b(ophth\w*|eyes?|conjunctival|intravitreal)\b")),
    ("otic", re.compile(r"\b(otic|ears?|auricular)\b")),
    ("topical", re.compile(r"\b(topical\w*|cutaneous|skin|transdermal|vaginal)\b")),
    ("nasal", re.compile(r"\b(nasal|nose|intranasal)\b")),
    ("inhaled", re.compile(r"\b(inhal\w*|nebuli\w*|respiratory)\b")),
    ("rectal", re.compile(r"\b(rectal|rectum)\b")),
    ("depot", re.compile(r"\b(intra-?articular|intralesional|epidural)\b")),
    ("parenteral", re.compile(r"\b(iv|intravenous\w*|infusion|subcutaneous|sc|sq|intramuscular|im|injection)\b")),
    ("oral", re.compile(r"\b(oral|orally|po|by mouth)\b")),
)
_LONGEST = 80


def route_of(stated: Any, by_product: str) -> str:
    """The route stated in a dosage, else the one its product implies; empty when nobody says.

    Subcutaneous, intramuscular and intravenous are all parenteral: two records of one drug are only
    told apart when one was swallowed (R-22).
    """
    found = _stated(stated) or by_product
    return "parenteral" if found in _PARENTERAL else found


def _stated(route: Any) -> str:
    if route is None:
        return ""
    for coding in route.coding or ():
        if coding.code in _CODES:
            return _CODES[coding.code]
    for text in (*(coding.display for coding in route.coding or ()), route.text):
        small = text[:_LONGEST].casefold() if text else ""
        found = next((name for name, words in _WORDS if words.search(small)), "")
        if found:
            return found
    return ""

"""How the codes of each system look: which texts cannot be a code of it, and why (terminology.md sections 2 and 6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cds_service.mapping import damage, systems
from cds_service.mapping.check_digits import (
    is_plain_number,
    loinc_check_digit,
    loinc_digit_is_right,
    snomed_digit_is_right,
)
from cds_service.mapping.damage import Fault

_SHAPES: Mapping[str, Callable[[str], object]] = {
    systems.LOINC: loinc_digit_is_right,
    systems.SNOMED: snomed_digit_is_right,
    systems.RXNORM: lambda code: is_plain_number(code) and len(code) <= 8,
    systems.ATC: re.compile(r"[A-V]\d{2}[A-Z]{0,2}(\d{2})?\*?", re.ASCII).fullmatch,
    systems.ICD10CM: re.compile(r"[A-Z](\d\*|\d[0-9A-Z](\.[0-9A-Z]{1,4})?\*?)", re.ASCII).fullmatch,
    systems.ICD10WHO: re.compile(r"[A-Z](\d\*|\d\d(\.\d{1,2})?\*?)", re.ASCII).fullmatch,
    systems.ICD10PCS: re.compile(r"[0-9A-HJ-NP-Z]{7}", re.ASCII).fullmatch,
    systems.HCPCS: re.compile(r"[A-V]\d{4}", re.ASCII).fullmatch,
    systems.NDC: re.compile(r"\d{11}|\d{4,5}-\d{3,4}-\d{1,2}", re.ASCII).fullmatch,
    systems.CPT: re.compile(r"\d{4}[0-9FTU]", re.ASCII).fullmatch,
    systems.FINDING: re.compile(r"[a-z0-9_]+", re.ASCII).fullmatch,
}
_LOINC_FORM = re.compile(r"\d{1,7}-\d", re.ASCII)
_LOOK_IT_UP = "look the code up in its source and write it as published"
_SPREADSHEET_DIGITS = 15


def fault_of_code(system: str, code: str) -> Fault | None:
    """Why this cannot be a code of that system, or nothing. Of other systems only the damage is judged."""
    if not code or code != damage.stripped(code):
        return Fault("the code is empty or has blanks around it", "write the code, or delete the line")
    found = damage.of_code(code)
    shape = _SHAPES.get(system)
    if found is not None or shape is None:
        return found
    if code.upper().startswith("OMOP"):
        return Fault(f"{code} is an id of OMOP, not a code of {system}", "use the code of the source vocabulary")
    if system == systems.LOINC and code.startswith(("LP", "LG", "LA")):
        advice = "use the code of the test that the laboratory reports (number-digit)"
        return Fault(f"{code} is a LOINC part, group or answer, not an observation", advice)
    return None if shape(code) else _wrong_form(system, code)


def _wrong_form(system: str, code: str) -> Fault:
    if system == systems.LOINC and _LOINC_FORM.fullmatch(code):
        right = loinc_check_digit(code.partition("-")[0])
        return Fault(f"{code} fails its LOINC check digit, which would be {right}", _LOOK_IT_UP)
    if system == systems.SNOMED and is_plain_number(code):
        rounded = len(code) > _SPREADSHEET_DIGITS and code.endswith("000")
        told = ": rounded by a spreadsheet, which keeps 15 digits" if rounded else ""
        return Fault(f"{code} fails its SNOMED CT check digit{told}", _LOOK_IT_UP)
    if system == systems.NDC and is_plain_number(code):
        told = "a spreadsheet drops leading zeros" if len(code) < 11 else "it is too long"
        told = f"{code} has {len(code)} digits, an NDC has 11: {told}"
        return Fault(told, "write 11 digits, or the form with dashes")
    return Fault(f"{code!r} is not a valid code of {system}: wrong form or check digit", _LOOK_IT_UP)

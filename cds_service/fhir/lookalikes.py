"""Results that look like one of our measures and carry no code we know (CLIN-43).

They are never used. They are named, so that a site learns which local code to map.
"""

from __future__ import annotations

import re
from typing import Any

from cds_service.fhir.codes import codings_of, remembered, text_of

_LONGEST = 200

# First hit wins. What each pattern leaves out is another test with the same word in its name.
_NAMES: tuple[tuple[str, str], ...] = (
    ("anti_pla2r_elisa", r"pla2r|phospholipase a2 rec"),
    ("upcr", r"protein\W{0,3}(?:to\W)?\W{0,3}creat|\bupcr\b|\bprot\w*/creat"),
    ("proteinuria_24h", r"(?:24|day|timed)\W.{0,24}protein|protein.{0,24}\b(?:24|day)|\bu[-_ ]?prot|proteinuria"),
    ("anti_dsdna", r"ds[- ]?dna|double.strand"),
    ("egfr", r"\be?gfr\b|glomerular filtration"),
    ("creatinine", r"creatinine(?!.*(?:urin|clear|kinase|ratio|24|fluid))(?<!urine creatinine)"),
    ("albumin", r"\balbumin\b(?!.*(?:urin|creat|micro|fluid|csf|ratio))(?<!urine albumin)"),
    ("cd19_count", r"\bcd ?19\b|\bcd ?20\b"),
    ("tacrolimus_trough", r"tacrolimus|\bfk ?506\b"),
    ("cyclosporine_trough", r"c[iy]clospor"),
    ("ln_class", r"lupus nephritis.*class|isn.?rps"),
    ("pla2r_stain", r"thsd7a|immunofluorescence.*kidney"),
)
_PATTERN = re.compile("|".join(f"(?P<{concept}>{pattern})" for concept, pattern in _NAMES), re.IGNORECASE)


_DISEASES = re.compile(
    r"(?P<membranous_nephropathy>membranous (?:nephropathy|glomerulo\w+))"
    r"|(?P<lupus_nephritis>lupus (?:glomerulo)?nephritis)",
    re.IGNORECASE,
)
_NOT_THE_PATIENTS = re.compile(
    r"famil|history|\bf\.?/?hx?\b|ruled? out|no evidence|suspect|versus|\?|proliferative|\brelative|[mp]aternal"
    r"|mother|father|parent|sister|brother|sibling|\baunt|\buncle|cousin|\bniece|\bnephew|daughter|\bson(?:'s)?\b|\btwin",
    re.IGNORECASE,
)


def disease_named(text: str) -> str:
    """The disease of ours that a problem without any known code is named after; empty for none, or in doubt."""
    found = _DISEASES.search(text[:_LONGEST])
    if found is None or _NOT_THE_PATIENTS.search(text[:_LONGEST]):
        return ""
    return found.lastgroup or ""


def looks_like(code: Any) -> str:
    """The concept that an unmapped Observation.code seems to be about; empty when it looks like none of ours."""
    names, text, spoken = remembered(_concept_of_coding), text_of(code), False
    for coding in codings_of(code):
        try:
            display = coding["display"]
            found = names[coding["code"], display]
        except (KeyError, TypeError):
            display, found = "", _concept_of_coding(str(coding.get("code", "")), "")
        if found:
            return str(found)
        spoken = spoken or display == text
    return _concept_named(text) if text and not spoken else ""


def name_of(code: Any) -> str:
    """What the chart calls it: its text, else the first display or code."""
    text = text_of(code)
    if text:
        return text
    names = (coding.get("display") or coding.get("code") for coding in codings_of(code))
    return next((name for name in names if isinstance(name, str) and name), "")


def _concept_of_coding(code: str, display: str) -> str:
    """By its display; else by its code, because local systems often have nothing but a mnemonic: UPROT1."""
    return _concept_named(display) or ("" if code[:1].isdigit() else _concept_named(code))


def _concept_named(name: str) -> str:
    found = _PATTERN.search(name[:_LONGEST])
    return found.lastgroup or "" if found else ""

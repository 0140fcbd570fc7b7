"""The mapping tables as they are written, read without the product: which spellings mean the same."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path

MAPPINGS = Path(__file__).resolve().parents[3] / "mappings"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10WHO = "http://hl7.org/fhir/sid/icd-10"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
SYSTEMS = {
    "loinc": LOINC,
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "snomed": SNOMED,
    "icd10cm": ICD10CM,
    "icd10who": ICD10WHO,
    "icd10pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    "hcpcs": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "own": "https://nextline-cds.org/CodeSystem/finding",
}


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code table."""

    system: str
    code: str
    display: str
    concept: str
    route: str
    implies: str
    dimension: str

    @property
    def meaning(self) -> tuple[str, str, str]:
        """What two rows must share to be synonyms; `dimension` is asked apart: it goes with the unit."""
        return self.concept, self.route, self.implies


@dataclass(frozen=True, slots=True)
class Unit:
    """One row of units.csv that is accepted. `factor` leads exactly to the canonical unit."""

    text: str
    factor: Fraction
    dimension: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (MAPPINGS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def codes() -> dict[tuple[str, str], Code]:
    """Every included code that stands for itself; prefixes such as `A41*` are sets, and no synonyms."""
    found = {}
    for name, system in SYSTEMS.items():
        for row in _rows(name):
            if row["role"] == "include" and not row["code"].endswith("*"):
                cells = (row[column] for column in ("code", "display", "concept", "route", "implies", "property"))
                found[system, row["code"]] = Code(system, *cells)
    return found


@cache
def synonyms() -> dict[tuple[str, str, str], tuple[Code, ...]]:
    groups: dict[tuple[str, str, str], list[Code]] = {}
    for code in codes().values():
        groups.setdefault(code.meaning, []).append(code)
    return {meaning: tuple(group) for meaning, group in groups.items()}


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """The spellings of each system, with https and a slash at the end besides."""
    found: dict[str, list[str]] = {}
    for row in _rows("systems"):
        spelled = found.setdefault(row["canonical"], [])
        spelled.append(row["alias"])
        if row["alias"].startswith("http://"):
            spelled += [row["alias"].replace("http:", "https:", 1), f"{row['alias']}/"]
    return {system: tuple(spelled) for system, spelled in found.items()}


@cache
def units() -> dict[str, tuple[Unit, ...]]:
    """The accepted unit strings of every measure."""
    found: dict[str, list[Unit]] = {}
    for row in _rows("units"):
        if row["factor"] != "reject":
            number, _, divisor = row["factor"].partition("/")
            factor = Fraction(Decimal(number)) / Fraction(Decimal(divisor or 1))
            found.setdefault(row["concept"], []).append(Unit(row["unit_string"], factor, row["dimension"]))
    return {concept: tuple(rows) for concept, rows in found.items()}


@cache
def answers(concept: str, word: str) -> tuple[tuple[str, str], ...]:
    """(system, text or code) of every listed way to give this answer; the system is empty for a text."""
    return tuple(
        (row["system"], row["answer"])
        for row in _rows("answers")
        if row["word"] == word and row["concept"] in {"", concept}
    )


def code_of(concept: dict[str, object]) -> Code | None:
    """The row that a CodeableConcept means; None for none, and for several that are no synonyms."""
    codings = concept.get("coding", [])
    assert isinstance(codings, list)
    found = [row for coding in codings if (row := codes().get((coding["system"], coding["code"]))) is not None]
    return found[0] if found and len({row.meaning for row in found}) == 1 else None


def unit_named(concept: str, text: str) -> Unit | None:
    return next((unit for unit in units().get(concept, ()) if unit.text == text), None)


def written_in(value: float, unit: Unit, other: Unit) -> float | None:
    """The number that says the same in another unit: one that is read as the very same double, or None."""
    canonical = as_read(value, unit)
    exact = Fraction(Decimal(repr(canonical))) / other.factor
    for digits in (6, 9, 12, 15, 16, 17):
        number = float(f"{float(exact):.{digits}g}")
        if as_read(number, other) == canonical:
            return number
    return None


def as_read(value: float, unit: Unit) -> float:
    """The number in the canonical unit: exact where the point moves, else with as many digits as were written,
    at least three, because the others were never measured (decision 10).
    """
    exact = Fraction(Decimal(repr(value))) * unit.factor
    if re.fullmatch(r"1(0*)(/10*)?", str(unit.factor)):
        return float(exact)
    written = re.sub(r"\.0*$", "", re.sub(r"(\.\d*?)0+$", r"\1", f"{Decimal(repr(value)):f}"))
    digits = max(3, len(re.sub(r"^[0.]+|\.", "", written)))
    with localcontext(prec=60, rounding=ROUND_HALF_UP):
        return float(f"{Decimal(exact.numerator) / Decimal(exact.denominator):.{digits - 1}e}")

"""Code tables: what each (system, code) means to us, with the row that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cds_service.mapping import systems
from cds_service.mapping.check_digits import is_plain_number, loinc_digit_is_right, snomed_digit_is_right
from cds_service.mapping.concepts import Concept
from cds_service.mapping.tables import Row, Tables

CODE_COLUMNS = (
    "concept",
    "code",
    "display",
    "role",
    "route",
    "implies",
    "property",
    "valid_from",
    "valid_to",
    "source",
    "confidence",
)
FILES = (
    ("loinc.csv", systems.LOINC),
    ("rxnorm.csv", systems.RXNORM),
    ("atc.csv", systems.ATC),
    ("snomed.csv", systems.SNOMED),
    ("icd10cm.csv", systems.ICD10CM),
    ("icd10who.csv", systems.ICD10WHO),
    ("icd10pcs.csv", systems.ICD10PCS),
    ("hcpcs.csv", systems.HCPCS),
    ("ndc.csv", systems.NDC),
    ("own.csv", systems.FINDING),
)
OPTIONAL_FILES = (("optional/snomed_affiliate.csv", systems.SNOMED), ("optional/cpt.csv", systems.CPT))
# Routes by which a drug does not reach the kidney in an immunosuppressive dose (traps 27 to 29).
LOCAL_ROUTES = frozenset({"ophthalmic", "otic", "topical", "inhaled", "nasal", "rectal", "intra-oral", "enteral-local"})
ROUTES = LOCAL_ROUTES | {"", "oral", "parenteral", "subcutaneous", "depot"}
ROLES = ("include", "distractor", "exclude")
_EXCEL_DAMAGE = re.compile(r"E\+", re.IGNORECASE)
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


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means.

    `role` include: it is the concept. distractor: it looks like the concept and is not (wrong
    specimen, route, ratio): set it aside and say so. exclude: another disease or drug, a deprecated
    or veterinary code: recognised and not relevant. `implies` is `key=word` said by the code beside
    its concept (`ln_class=IV`, `method=BCP`). `property` is `mass` or `moles` where unit and code
    must agree. `row` is the file and line that decided. `unit_default` is a site's word for a
    missing unit.
    """

    concept: str
    kind: str
    role: str
    route: str
    implies: str
    row: str
    display: str = ""
    property: str = ""
    confidence: str = ""
    unit_default: str = ""


@dataclass(slots=True)
class CodeTable:
    """Codes while they are loaded. `dotless` holds ICD codes as some charts write them."""

    known: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    dotless: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    prefixes: dict[tuple[str, str], Meaning] = field(default_factory=dict)

    def put(self, system: str, code: str, meaning: Meaning) -> None:
        """Store a meaning under every spelling in which the code is looked up."""
        if code.endswith("*"):
            self.prefixes[system, code[:-1].replace(".", "")] = meaning
            return
        self.known[system, code] = meaning
        if system in systems.DOTTED:
            self.dotless[system, code.replace(".", "")] = meaning

    def found(self, system: str, code: str) -> Meaning | None:
        """The meaning already stored for exactly this code, if any."""
        if code.endswith("*"):
            return self.prefixes.get((system, code[:-1].replace(".", "")))
        return self.known.get((system, code))


def read_codes(tables: Tables, concepts: Mapping[str, Concept], *, optional: bool) -> CodeTable:
    """All shipped code tables; the licence-bound ones only with `optional`."""
    table = CodeTable()
    for path, system in FILES + (OPTIONAL_FILES if optional else ()):
        for row, meaning in _meanings(tables, path, system, concepts):
            fault = _clash(table.found(system, row["code"]), meaning, row)
            if fault:
                tables.fault(row.path, row.line, fault)
            elif meaning.role == "include" or table.found(system, row["code"]) is None:
                table.put(system, row["code"], meaning)
    return table


def _meanings(tables: Tables, path: str, system: str, concepts: Mapping[str, Concept]) -> Iterator[tuple[Row, Meaning]]:
    for row in tables.rows(path, CODE_COLUMNS):
        fault = fault_of_code(system, row["code"]) or _fault_of_row(row, concepts)
        if fault:
            tables.fault(row.path, row.line, fault)
            continue
        cells = row.cells
        yield (
            row,
            Meaning(
                concept=cells["concept"],
                kind=concepts[cells["concept"]].kind,
                role=cells["role"],
                route=cells["route"],
                implies=cells["implies"],
                row=row.place,
                display=cells["display"],
                property=cells["property"],
                confidence=cells["confidence"],
            ),
        )


def fault_of_code(system: str, code: str) -> str:
    """Why this cannot be a code of that system, or nothing. Systems we do not know are not judged."""
    if _EXCEL_DAMAGE.search(code):
        return f"{code!r} was turned into a number by a spreadsheet"
    if system == systems.LOINC and code.startswith(("LP", "LG", "LA")):
        return f"{code} is a LOINC part, group or answer, not an observation"
    shape = _SHAPES.get(system)
    if shape is not None and not shape(code):
        return f"{code!r} is not a valid code of {system}: wrong form or check digit"
    return "" if code and code == code.strip() else "the code is empty or has blanks around it"


def _fault_of_row(row: Row, concepts: Mapping[str, Concept]) -> str:
    if row["concept"] not in concepts:
        return f"unknown concept {row['concept']!r}"
    if row["role"] not in ROLES:
        return f"unknown role {row['role']!r}"
    if row["route"] not in ROUTES:
        return f"unknown route {row['route']!r}"
    if row["property"] not in ("", "mass", "moles"):
        return f"unknown property {row['property']!r}"
    if row["confidence"] not in ("high", "medium"):
        return "confidence is high or medium: nothing lower is shipped"
    if not row["source"]:
        return "a code needs its source"
    return _fault_of_implies(row["implies"], concepts)


def _fault_of_implies(implies: str, concepts: Mapping[str, Concept]) -> str:
    if not implies:
        return ""
    key, _, word = implies.partition("=")
    words = concepts["albumin"].words if key == "method" and "albumin" in concepts else ()
    words = concepts[key].words if key in concepts else words
    return "" if word in words else f"implies {implies!r}, which is not a word of a concept"


def _clash(earlier: Meaning | None, meaning: Meaning, row: Row) -> str:
    """One code means one thing. It may only *look like* a second thing, and then a note says why."""
    if earlier is None:
        return ""
    if earlier.concept == meaning.concept:
        return f"listed twice, also at {earlier.row}"
    if earlier.role == "include" and meaning.role == "include":
        return f"means {meaning.concept} here and {earlier.concept} at {earlier.row}"
    return "" if "note: " in row["source"] or earlier.role != "include" else f"also at {earlier.row}: needs a note"

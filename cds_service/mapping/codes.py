"""Code tables: what each (system, code) means to us, with the row that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cds_service.mapping import systems
from cds_service.mapping.code_forms import fault_of_code
from cds_service.mapping.concepts import Concept
from cds_service.mapping.damage import Fault
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
PROPERTIES = ("", "mass", "moles")


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
            earlier = table.found(system, row["code"])
            if not tables.refuses(row, (_clash(earlier, meaning, row),)) and (
                meaning.role == "include" or earlier is None
            ):
                table.put(system, row["code"], meaning)
    return table


def _meanings(tables: Tables, path: str, system: str, concepts: Mapping[str, Concept]) -> Iterator[tuple[Row, Meaning]]:
    for row in tables.rows(path, CODE_COLUMNS):
        if tables.refuses(row, (fault_of_code(system, row["code"]), *_faults_of_row(row, concepts))):
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


def faults_of_meaning(row: Row, concepts: Mapping[str, Concept]) -> Iterator[Fault]:
    """What every row that gives a code a meaning must have: a concept and a role that exist."""
    if row["concept"] not in concepts:
        yield Fault(f"unknown concept {row['concept']!r}", "take a key of concepts.toml")
    if row["role"] not in ROLES:
        yield Fault(f"unknown role {row['role']!r}", f"take one of {', '.join(ROLES)}")


def _faults_of_row(row: Row, concepts: Mapping[str, Concept]) -> Iterator[Fault]:
    yield from faults_of_meaning(row, concepts)
    if row["route"] not in ROUTES:
        advice = f"leave it empty, or take one of {', '.join(sorted(ROUTES - {''}))}"
        yield Fault(f"unknown route {row['route']!r}", advice)
    if row["property"] not in PROPERTIES:
        yield Fault(f"unknown property {row['property']!r}", "take mass or moles, or leave it empty")
    if row["confidence"] not in ("high", "medium"):
        yield Fault("confidence is high or medium: nothing lower is shipped", "verify the code, or leave the row out")
    if not row["source"]:
        yield Fault("a code needs its source", "name where code and display were seen together")
    if fault := _fault_of_implies(row["implies"], concepts):
        yield fault


def _fault_of_implies(implies: str, concepts: Mapping[str, Concept]) -> Fault | None:
    if not implies:
        return None
    key, _, word = implies.partition("=")
    words = concepts["albumin"].words if key == "method" and "albumin" in concepts else ()
    words = concepts[key].words if key in concepts else words
    if word in words:
        return None
    return Fault(f"implies {implies!r}, which is not a word of a concept", "write concept=word as in concepts.toml")


def _clash(earlier: Meaning | None, meaning: Meaning, row: Row) -> Fault | None:
    """One code means one thing. It may only *look like* a second thing, and then a note says why."""
    if earlier is None:
        return None
    if earlier.concept == meaning.concept:
        return Fault(f"listed twice, also at {earlier.row}", "delete one of the two lines")
    if earlier.role == "include" and meaning.role == "include":
        told = f"means {meaning.concept} here and {earlier.concept} at {earlier.row}"
        return Fault(told, "one code has one concept: keep the line that is right")
    if "note: " in row["source"] or earlier.role != "include":
        return None
    return Fault(f"also at {earlier.row}: needs a note", "add `note: ` and the reason to the source")

"""Code systems: their canonical URIs and the other names under which they travel."""

from __future__ import annotations

from cds_service.mapping.tables import Tables

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10WHO = "http://hl7.org/fhir/sid/icd-10"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
NDC = "http://hl7.org/fhir/sid/ndc"
CPT = "http://www.ama-assn.org/go/cpt"
FINDING = "https://nextline-cds.org/CodeSystem/finding"
LINE_END = "https://nextline-cds.org/CodeSystem/line-end"

SHORT_NAMES = {
    "loinc": LOINC,
    "snomed": SNOMED,
    "rxnorm": RXNORM,
    "atc": ATC,
    "icd10cm": ICD10CM,
    "icd10": ICD10WHO,
    "icd10pcs": ICD10PCS,
    "hcpcs": HCPCS,
    "ndc": NDC,
    "cpt": CPT,
    "finding": FINDING,
}

# Their codes are written with and without dots and grow by digits: matched by prefix where a row ends in `*`.
HIERARCHICAL = frozenset({ICD10CM, ICD10WHO, ATC})
DOTTED = frozenset({ICD10CM, ICD10WHO})

SYSTEM_COLUMNS = ("canonical", "alias")


def read_systems(tables: Tables) -> dict[str, str]:
    """Every known spelling of a system, with http and https and a trailing slash, to its canonical URI."""
    found: dict[str, str] = {}
    for row in tables.rows("systems.csv", SYSTEM_COLUMNS):
        for spelling in _spellings(row["alias"]):
            if found.setdefault(spelling, row["canonical"]) != row["canonical"]:
                told = f"{spelling} already stands for {found[spelling]}"
                tables.fault(row.path, row.line, told, "one name has one system: delete one of the two lines")
    return found


def _spellings(alias: str) -> tuple[str, ...]:
    if "://" not in alias:
        return (alias,)
    rest = alias.split("://", 1)[1].rstrip("/")
    return tuple(f"{scheme}://{rest}{slash}" for scheme in ("http", "https") for slash in ("", "/"))

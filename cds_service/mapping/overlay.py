"""A site's own rows: local codes and units, which win over the shipped ones.

`mappings/sites/<site>/codes.csv` and `units.csv`. No network, no code change: a laboratory's
local code becomes one of our concepts, or a standard code is re-mapped or disabled for this site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from cds_service.mapping import damage, systems
from cds_service.mapping.code_forms import fault_of_code
from cds_service.mapping.codes import CodeTable, Meaning, faults_of_meaning
from cds_service.mapping.concepts import Concept
from cds_service.mapping.damage import Fault
from cds_service.mapping.tables import Row, Tables
from cds_service.mapping.units import Factor, UnitTable

SITES = "sites"
SITE_CODES = "codes.csv"
LOCAL_COLUMNS = (
    "system",
    "code",
    "display",
    "concept",
    "role",
    "unit_default",
    "effective_from",
    "approved_by",
    "approved_on",
)
# The thresholds are the guideline's to read; a site may have nothing but them.
SITE_FILES = (SITE_CODES, "units.csv", "thresholds.toml")
_FORMER_NAME = "local_codes.csv"
_TABLES = (".csv", ".toml", ".xlsx", ".xls", ".ods")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def site_exists(tables: Tables, site: str) -> bool:
    """False, with a problem kept, when the name cannot be a folder's or there is no such site."""
    if not _SITE.fullmatch(site):
        told = "the site name may have letters, digits, dash and underscore only"
        tables.fault(SITES, 0, told, "rename the folder below sites, and CDS_SITE with it")
        return False
    names = tables.names_in(f"{SITES}/{site}")
    for name in names:
        _refuse_a_stray_table(tables, f"{SITES}/{site}/{name}", name)
    if not {_FORMER_NAME, *SITE_FILES} & set(names):
        advice = "make the folder as sites/example has it, or mend the name of the site"
        tables.fault(f"{SITES}/{site}", 0, f"has none of {', '.join(SITE_FILES)}", advice)
        return False
    return True


def _refuse_a_stray_table(tables: Tables, path: str, name: str) -> None:
    """A table under another name would be passed over in silence, with every row in it."""
    if name == _FORMER_NAME:
        told = f"is called {SITE_CODES} now, and is not read under this name"
        tables.fault(path, 0, told, f"rename it to {SITE_CODES}")
    elif name not in SITE_FILES and name.casefold().endswith(_TABLES):
        advice = f"name it as one of {', '.join(SITE_FILES)}, or move it out of the folder"
        tables.fault(path, 0, "is not read: no file of a site has this name", advice)


def lay_over(
    tables: Tables,
    site: str,
    table: CodeTable,
    concepts: Mapping[str, Concept],
    aliases: Mapping[str, str],
    units: UnitTable,
) -> None:
    """Put the site's codes over the shipped ones. Two concepts for one local code is a problem."""
    seen: dict[tuple[str, str], Row] = {}
    for row in tables.rows(f"{SITES}/{site}/{SITE_CODES}", LOCAL_COLUMNS, required=False):
        system = aliases.get(row["system"], row["system"])
        code = row["code"]
        # One ICD code has one meaning, with its dot and without.
        key = (system, code.replace(".", "") if system in systems.DOTTED else code)
        faults = (fault_of_code(system, code), *_faults(row, concepts, units), _clash(seen.get(key), row))
        seen.setdefault(key, row)
        if not tables.refuses(row, faults):
            table.put(system, code, _meaning(row, concepts[row["concept"]], table.found(system, code)))


def _meaning(row: Row, concept: Concept, shipped: Meaning | None) -> Meaning:
    """The site's word. Where it is the shipped concept again, what the shipped row knows of the code still holds."""
    same = shipped if shipped is not None and shipped.concept == concept.key else None
    return Meaning(
        concept=concept.key,
        kind=concept.kind,
        role=row["role"],
        route=same.route if same else "",
        implies=same.implies if same else "",
        row=row.place,
        display=row["display"],
        property=same.property if same else "",
        confidence="high",
        unit_default=row["unit_default"],
    )


def _faults(row: Row, concepts: Mapping[str, Concept], units: UnitTable) -> Iterator[Fault]:
    if not row["system"]:
        yield Fault("a local code needs its system, as the chart sends it", "copy the system of the coding")
    yield from faults_of_meaning(row, concepts)
    default = row["unit_default"]
    if default and row["concept"] in concepts and not isinstance(units.convert(row["concept"], default), Factor):
        told = f"the default unit {default!r} is not an accepted unit of {row['concept']}"
        yield Fault(told, "take a unit of units.csv, or add it to the site's units.csv")
    if not row["approved_by"]:
        yield Fault("a local code needs the name of who approved it", "approved_by: who answers for this row")
    for column in ("effective_from", "approved_on"):
        if not _is_day(row[column]):
            yield damage.of_day(column, row[column])


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _clash(earlier: Row | None, row: Row) -> Fault | None:
    if earlier is None:
        return None
    if earlier["concept"] != row["concept"]:
        told = f"means {row['concept']} here and {earlier['concept']} at line {earlier.line}"
        return Fault(told, "one code has one concept: keep the line that is right")
    told = "listed twice" if earlier["role"] == row["role"] else f"{row['role']} here and {earlier['role']} there"
    return Fault(f"{told}, also at line {earlier.line}", "delete one of the two lines")

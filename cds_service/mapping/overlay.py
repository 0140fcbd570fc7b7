"""A site's own rows: local codes and units, which win over the shipped ones.

`mappings/sites/<site>/local_codes.csv` and `units.csv`. No network, no code change: a laboratory's
local code becomes one of our concepts, or a standard code is re-mapped or disabled for this site.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from cds_service.mapping.codes import ROLES, CodeTable, Meaning, fault_of_code
from cds_service.mapping.concepts import Concept
from cds_service.mapping.tables import Row, Tables
from cds_service.mapping.units import Factor, UnitTable

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
_SITE_FILES = ("local_codes.csv", "units.csv", "thresholds.toml")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def site_exists(tables: Tables, site: str) -> bool:
    """False, with a problem kept, when the name cannot be a folder's or there is no such site."""
    if not _SITE.fullmatch(site):
        tables.fault("sites", 0, "the site name may have letters, digits, dash and underscore only")
        return False
    if not any(tables.has(f"sites/{site}/{name}") for name in _SITE_FILES):
        tables.fault(f"sites/{site}", 0, f"has none of {', '.join(_SITE_FILES)}")
        return False
    return True


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
    for row in tables.rows(f"sites/{site}/local_codes.csv", LOCAL_COLUMNS, required=False):
        system = aliases.get(row["system"], row["system"])
        fault = (
            _fault(row, concepts, units)
            or fault_of_code(system, row["code"])
            or _clash(seen.get((system, row["code"])), row)
        )
        if fault:
            tables.fault(row.path, row.line, fault)
            continue
        seen[system, row["code"]] = row
        table.put(system, row["code"], _meaning(row, concepts[row["concept"]]))


def _meaning(row: Row, concept: Concept) -> Meaning:
    return Meaning(
        concept=concept.key,
        kind=concept.kind,
        role=row["role"],
        route="",
        implies="",
        row=row.place,
        display=row["display"],
        confidence="high",
        unit_default=row["unit_default"],
    )


def _fault(row: Row, concepts: Mapping[str, Concept], units: UnitTable) -> str:
    if not row["system"]:
        return "a local code needs its system, as the chart sends it"
    if row["concept"] not in concepts:
        return f"unknown concept {row['concept']!r}"
    if row["role"] not in ROLES:
        return f"unknown role {row['role']!r}"
    default = row["unit_default"]
    if default and not isinstance(units.convert(row["concept"], default), Factor):
        return f"the default unit {default!r} is not an accepted unit of {row['concept']}"
    if not row["approved_by"]:
        return "a local code needs the name of who approved it"
    for column in ("effective_from", "approved_on"):
        if not _is_day(row[column]):
            return f"{column} must be a date, YYYY-MM-DD"
    return ""


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _clash(earlier: Row | None, row: Row) -> str:
    if earlier is None:
        return ""
    if earlier["concept"] == row["concept"]:
        return f"listed twice, also at line {earlier.line}"
    return f"means {row['concept']} here and {earlier['concept']} at line {earlier.line}"

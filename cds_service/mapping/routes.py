"""How a drug was given, in the words of the mappings: oral, parenteral, or a local route that is no exposure.

The table is `mappings/routes.csv`: codes of SNOMED CT, HL7 v3 RouteOfAdministration and EDQM, and the words that
say a route in a text or in the name of a product (ointment, eye drops, tablet). A word ending in `*` is a beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cds_service.mapping.code_forms import fault_of_code
from cds_service.mapping.codes import LOCAL_ROUTES
from cds_service.mapping.damage import Fault
from cds_service.mapping.phrases import Phrases, fault_of_phrase, phrases_of
from cds_service.mapping.tables import Row, Tables

ROUTE_COLUMNS = ("system", "code", "route", "display", "source")
FILES = ("routes.csv",)
OPTIONAL_FILES = ("optional/routes.csv",)
# A depot under the skin or into a joint is not the intravenous pulse it may be mistaken for (trap 30). `local` is
# any other place from which little reaches the kidney: spinal fluid, pleura, bladder.
NOT_SYSTEMIC = LOCAL_ROUTES | {"depot", "local"}
# `injected` is a needle of which nobody says where it went: it agrees with a vein as with a joint.
_INJECTED = frozenset({"parenteral", "subcutaneous", "injected"})
_PREFERENCE = (
    *("ophthalmic", "otic", "nasal", "inhaled", "rectal", "intra-oral", "depot", "local", "topical"),
    *("subcutaneous", "parenteral", "injected", "oral"),
)
_MOST_REMEMBERED = 2_000


class Way(NamedTuple):
    """How a drug was given; `route` is empty when nobody says. `conflict`: the product cannot be given so.

    `under_the_skin` tells the parenteral dose that is another one than that into a vein (trap 42).
    """

    route: str
    conflict: bool = False
    under_the_skin: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RouteTable:
    """Routes by (canonical system, code) and by words."""

    codes: Mapping[tuple[str, str], str]
    phrases: Phrases
    _said: dict[tuple[str, str, str], str] = field(default_factory=dict, repr=False)

    def named(self, text: str) -> str:
        """The route that a text or the name of a product says; empty for none. The most local one wins."""
        found = set(self.phrases.found_in(text))
        return next((route for route in _PREFERENCE if route in found), "")

    def said(self, system: str, code: str, display: str) -> str:
        """The route of one coding. A code whose own display says another one is not believed: charts have them."""
        key = (system, code, display)
        if key not in self._said:
            if len(self._said) >= _MOST_REMEMBERED:
                self._said.clear()
            by_code, by_name = self.codes.get((system, code), ""), self.named(display or "")
            by_name = by_name or (self.named(code) if not by_code and not code.isdigit() else "")
            self._said[key] = (by_code or by_name) if _agree(by_code, by_name) else ""
        return self._said[key]


def route_of(stated: Any, by_product: str, canonical: Any, table: RouteTable) -> Way:
    """The way a dosage states, else the one its product implies.

    An ointment stays an ointment whatever a dosage says, and a tablet that was put into an eye is a contradiction.
    Subcutaneous, intramuscular and intravenous are all parenteral: two records of one drug are only
    told apart when one was swallowed (R-22). `canonical` leads from the name of a system to its URI.
    """
    if by_product in NOT_SYSTEMIC:
        return Way(by_product)
    said = _stated(stated, canonical, table)
    if by_product == "oral" and said in NOT_SYSTEMIC:
        return Way(said, conflict=True)
    found = said or by_product
    under_the_skin = found == "subcutaneous" or (found == "injected" and by_product == "subcutaneous")
    return Way("parenteral" if found in _INJECTED else found, under_the_skin=under_the_skin)


def _stated(route: Any, canonical: Any, table: RouteTable) -> str:
    """What the codings say together, else the text. Codings that contradict one another say nothing."""
    if route is None:
        return ""
    codings = [table.said(canonical(c.system or ""), c.code or "", c.display or "") for c in route.coding or ()]
    said = [found for found in codings if found] or [table.named(route.text or "")]
    if any(not _agree(said[0], other) for other in said[1:]):
        return ""
    return min(said, key=lambda found: _PREFERENCE.index(found) if found else len(_PREFERENCE))


def _agree(one: str, other: str) -> bool:
    """Whether two sayings can be about one way of giving a drug."""
    kinds = {_kind(one), _kind(other)} - {""}
    return len(kinds) < 2 or ("needle" in kinds and bool(kinds & {"local", "injected"}))


def _kind(route: str) -> str:
    if route in NOT_SYSTEMIC:
        return "local"
    if route == "injected":
        return "needle"
    return "injected" if route in _INJECTED else route


def read_routes(tables: Tables, aliases: Mapping[str, str], *, optional: bool) -> RouteTable:
    """The tables of routes; the codes that need a licence only with `optional`."""
    codes: dict[tuple[str, str], str] = {}
    phrases: dict[str, str] = {}
    for path in FILES + (OPTIONAL_FILES if optional else ()):
        for row in tables.rows(path, ROUTE_COLUMNS):
            if tables.refuses(row, _faults(row, aliases, codes, phrases)):
                continue
            if row["system"]:
                codes[row["system"], row["code"]] = row["route"]
            else:
                phrases[row["code"]] = row["route"]
    return RouteTable(codes, phrases_of(phrases))


def _faults(
    row: Row, aliases: Mapping[str, str], codes: Mapping[tuple[str, str], str], phrases: Mapping[str, str]
) -> Iterator[Fault | None]:
    system, code = row["system"], row["code"]
    if row["route"] not in _PREFERENCE:
        yield Fault(f"unknown route {row['route']!r}", f"take one of {', '.join(_PREFERENCE)}")
    if not row["source"]:
        yield Fault("a route needs its source", "say where the code was seen")
    if (system, code) in codes or (not system and code in phrases):
        yield Fault(f"{code!r} is listed twice", "delete one of the two lines")
    if not system:
        yield fault_of_phrase(code)
        return
    if aliases.get(system) != system:
        yield Fault(f"{system} is not a canonical system of systems.csv", "write the first column of systems.csv")
    yield fault_of_code(system, code)

"""Drugs that come as text only: names and brands to agent and route.

The last resort of terminology.md section 6. A drug known by its name alone never completes an
adequate line, and a text that names two of our drugs names none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.mapping.codes import ROUTES
from cds_service.mapping.concepts import Concept
from cds_service.mapping.tables import Tables

BRAND_COLUMNS = ("name", "agent", "route")
_LONGEST = 300
_BIOLOGIC_SUFFIX = re.compile(r"(?<=mab)-[a-z]{4}\b")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
# What follows the drug's name in these is not a drug that is taken.
_NOT_A_DRUG = re.compile(
    r"\b(no|not|never|without|avoid|allergy|allergic|intolerance|level|levels|trough|antibody|antibodies|anti)\b"
)
_ROUTE_WORDS = (
    ("ophthalmic", re.compile(r"\b(ophthalmic|eye|minims)\b")),
    ("otic", re.compile(r"\b(otic|ear)\b")),
    ("topical", re.compile(r"\b(topical|ointment|cream|gel|lotion|paste|shampoo)\b")),
    ("nasal", re.compile(r"\bnasal\b")),
    ("inhaled", re.compile(r"\b(inhal\w*|nebul\w*)\b")),
    ("rectal", re.compile(r"\b(rectal|suppositor\w*|enema|foam)\b")),
    ("subcutaneous", re.compile(r"\b(subcutaneous|sc|pen|auto injector|autoinjector|hyaluronidase)\b")),
    ("depot", re.compile(r"\b(depot|acetate injectable suspension)\b")),
    ("parenteral", re.compile(r"\b(intravenous|iv|injection|injectable|infusion|vial)\b")),
    ("oral", re.compile(r"\b(oral|tablet|tablets|tab|capsule|capsules|cap|pill|granules)\b")),
)


@dataclass(frozen=True, slots=True)
class DrugNames:
    """Names by their first word, longest first, so `mycophenolate mofetil` is found before `mycophenolate`."""

    by_first_word: Mapping[str, tuple[tuple[str, str, str], ...]]

    def find(self, text: str) -> tuple[str, str] | None:
        """(agent, route) of the one drug the text names, else None. The route may be empty: not said."""
        small = _BIOLOGIC_SUFFIX.sub("", text[:_LONGEST].casefold())
        spelled = _spelled(small)
        if _NOT_A_DRUG.search(spelled):
            return None
        named = dict(self._named(spelled.split()))
        if len(named) != 1:
            return None
        agent, route = named.popitem()
        stated = next((name for name, words in _ROUTE_WORDS if words.search(spelled)), "")
        return agent, stated or route

    def _named(self, words: list[str]) -> list[tuple[str, str]]:
        found, position = [], 0
        while position < len(words):
            rest = " ".join(words[position:]) + " "
            hit = next(
                (item for item in self.by_first_word.get(words[position], ()) if rest.startswith(item[0] + " ")), None
            )
            if hit is not None:
                found.append(hit[1:])
            position += len(hit[0].split()) if hit else 1
        return found


def read_drug_names(tables: Tables, concepts: Mapping[str, Concept]) -> DrugNames:
    """The table of names and brands."""
    names: dict[str, tuple[str, str, str]] = {}
    for row in tables.rows("brands.csv", BRAND_COLUMNS):
        name, agent = _spelled(row["name"].casefold()), concepts.get(row["agent"])
        if agent is None or agent.kind != "medication":
            tables.fault(row.path, row.line, f"{row['agent']!r} is not a medication of concepts.toml")
        elif row["route"] not in ROUTES:
            tables.fault(row.path, row.line, f"unknown route {row['route']!r}")
        elif not name or name in names:
            tables.fault(row.path, row.line, f"{row['name']!r} is empty or listed twice")
        else:
            names[name] = (name, agent.key, row["route"])
    first: dict[str, list[tuple[str, str, str]]] = {}
    for name in sorted(names, key=len, reverse=True):
        first.setdefault(name.split()[0], []).append(names[name])
    return DrugNames({word: tuple(items) for word, items in first.items()})


def _spelled(text: str) -> str:
    return _NOT_WORD.sub(" ", text).strip()

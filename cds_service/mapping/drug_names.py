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
from cds_service.mapping.phrases import spelled
from cds_service.mapping.routes import NOT_SYSTEMIC, RouteTable
from cds_service.mapping.tables import Tables

BRAND_COLUMNS = ("name", "agent", "route")
_LONGEST = 300
_BIOLOGIC_SUFFIX = re.compile(r"(?<=mab)-[a-z]{4}\b")
# What follows the drug's name in these is not a drug that is taken.
_NOT_A_DRUG = re.compile(
    r"\b(no|not|never|without|avoid|allergy|allergic|intolerance|level|levels|trough|antibody|antibodies|anti)\b"
)
# An instruction to the pharmacy or the patient, not a denial.
_INSTRUCTION = re.compile(
    r"\b(do not (crush|chew|break|split|open|cut|swallow whole|substitute|freeze|shake)|no substitutions?"
    r"|not substitutable|no generics?|without (food|meals?))\b"
)
SEVERAL = ("", "")
"""What is found in a text that names two of our drugs: it cannot be told which one was given."""
# One drug under two names: the salt says more than the bare name.
_MYCOPHENOLATE = {"mycophenolate_mofetil", "mycophenolic_acid"}


@dataclass(frozen=True, slots=True)
class DrugNames:
    """Names by their first word, longest first, so `mycophenolate mofetil` is found before `mycophenolate`."""

    by_first_word: Mapping[str, tuple[tuple[str, str, str], ...]]
    routes: RouteTable

    def find(self, text: str) -> tuple[str, str] | None:
        """(agent, route) of the one drug the text names; SEVERAL, or None for no drug that is taken.

        The route may be empty: not said. What the text says of the form goes before what the name implies.
        """
        spelling = spelled(_BIOLOGIC_SUFFIX.sub("", text[:_LONGEST].casefold()))
        if _NOT_A_DRUG.search(_INSTRUCTION.sub(" ", spelling)):
            return None
        named = dict(self._named(spelling.split()))
        if named.keys() == _MYCOPHENOLATE:
            del named["mycophenolate_mofetil"]
        if len(named) != 1:
            return SEVERAL if named else None
        agent, route = named.popitem()
        stated = self.routes.named(spelling)
        if route in NOT_SYSTEMIC or not stated:
            return agent, route
        return agent, (route or "parenteral") if stated == "injected" else stated

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


def read_drug_names(tables: Tables, concepts: Mapping[str, Concept], routes: RouteTable) -> DrugNames:
    """The table of names and brands."""
    names: dict[str, tuple[str, str, str]] = {}
    for row in tables.rows("brands.csv", BRAND_COLUMNS):
        name, agent = spelled(row["name"]), concepts.get(row["agent"])
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
    return DrugNames({word: tuple(items) for word, items in first.items()}, routes)

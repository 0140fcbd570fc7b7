"""What a drug was given for, where that is another disease (traps 31 to 33, 41, 57).

The table is `mappings/other_indications.csv`. Rituximab for a lymphoma says nothing of how a kidney disease
answers to rituximab. A reason that the table does not know says nothing either way: the drug counts.
Other kidney diseases (minimal change, FSGS, IgA) are not in it: such a diagnosis is often revised, the
kidney is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.mapping import systems
from cds_service.mapping.code_forms import fault_of_code
from cds_service.mapping.codes import Meaning
from cds_service.mapping.damage import Fault
from cds_service.mapping.phrases import Phrases, fault_of_phrase, phrases_of
from cds_service.mapping.tables import Row, Tables

INDICATION_COLUMNS = ("system", "code", "indication", "display", "source", "confidence")
FILE = "other_indications.csv"
OURS = "ours"
_WIDEST = "cancer"
# What our own concepts say as a reason. Everything else that is a concept of ours says nothing.
_OF_CONCEPT: Mapping[str, str] = {
    **dict.fromkeys(("membranous_nephropathy", "secondary_membranous_nephropathy", "mn_relapse"), OURS),
    **dict.fromkeys(("lupus_nephritis", "systemic_lupus_erythematosus", "ln_flare"), OURS),
    "life_threatening_nephrotic": OURS,
    "malignancy": _WIDEST,
    "kidney_transplant": "transplantation",
    "tma": "thrombotic microangiopathy",
}


@dataclass(frozen=True, slots=True, eq=False)
class Indications:
    """Indications by (canonical system, code), by the beginnings of codes without dots, and by words."""

    codes: Mapping[tuple[str, str], str]
    beginnings: Mapping[tuple[str, str], str]
    phrases: Phrases

    def of_code(self, system: str, code: str) -> str:
        """The indication of a code of a canonical system; empty for none. ICD with or without dots."""
        found = self.codes.get((system, code))
        if found or system not in systems.HIERARCHICAL or len(code) > 20:
            return found or ""
        bare = code.strip().upper().replace(".", "")
        if (system, bare) in self.codes:
            return self.codes[system, bare]
        lengths = range(len(bare), 1, -1)
        return next((hit for n in lengths if (hit := self.beginnings.get((system, bare[:n])))), "")

    def of_words(self, text: str) -> str:
        """The indication that a text names: our own disease before all others, cancer after all others."""
        found = list(self.phrases.found_in(text))
        if OURS in found:
            return OURS
        return next((name for name in found if name != _WIDEST), next(iter(found), ""))


def other_indication(
    reasons: Iterable[Any],
    look_up: Callable[[str, str], Meaning | None],
    canonical: Callable[[str], str],
    known: Indications,
) -> str:
    """The other disease that all reasons together name; empty when one is ours, or when none is known."""
    named = [name for reason in reasons for name in _named(reason, look_up, canonical, known)]
    return "" if OURS in named else next(iter(named), "")


def _named(
    reason: Any, look_up: Callable[[str, str], Meaning | None], canonical: Callable[[str], str], known: Indications
) -> Iterator[str]:
    """Codes first; a text or a display only where no code is known."""
    by_code = []
    for coding in reason.coding or ():
        if not coding.system or not coding.code:
            continue
        meaning = look_up(coding.system, coding.code)
        concept = meaning.concept if meaning is not None and meaning.role == "include" else ""
        by_concept = _OF_CONCEPT.get(concept, "")
        said = by_concept if by_concept == OURS else known.of_code(canonical(coding.system), coding.code)
        by_code.append(said or by_concept)
    found = [name for name in by_code if name]
    if found:
        yield from found
        return
    texts = (reason.text, *(coding.display for coding in reason.coding or ()))
    yield from (name for text in texts if text and (name := known.of_words(text)))


def read_indications(tables: Tables, aliases: Mapping[str, str]) -> Indications:
    """The table of other diseases."""
    codes: dict[tuple[str, str], str] = {}
    beginnings: dict[tuple[str, str], str] = {}
    phrases: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for row in tables.rows(FILE, INDICATION_COLUMNS):
        system, code = row["system"], row["code"]
        if tables.refuses(row, _faults(row, aliases, seen)):
            continue
        seen.add((system, code))
        bare = code.replace(".", "") if system in systems.DOTTED else code
        if not system:
            phrases[code] = row["indication"]
        elif code.endswith("*"):
            beginnings[system, bare[:-1]] = row["indication"]
        else:
            codes[system, code] = codes[system, bare] = row["indication"]
    return Indications(codes, beginnings, phrases_of(phrases))


def _faults(row: Row, aliases: Mapping[str, str], seen: set[tuple[str, str]]) -> Iterator[Fault | None]:
    system, code = row["system"], row["code"]
    if not row["indication"]:
        yield Fault("the indication is empty", "name the disease in a word or two")
    if not row["source"] or row["confidence"] not in ("high", "medium"):
        yield Fault("a row needs its source, and a confidence of high or medium", "say where the code was seen")
    if (system, code) in seen:
        yield Fault(f"{code!r} is listed twice", "delete one of the two lines")
    if not system:
        yield fault_of_phrase(code)
        return
    if aliases.get(system) != system:
        yield Fault(f"{system} is not a canonical system of systems.csv", "write the first column of systems.csv")
    yield fault_of_code(system, code)

"""What a scope lets us ask for: SMART v1 (`patient/Observation.read`) and v2 (`patient/Observation.rs`), FHA-5."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<kind>\*|[A-Za-z]+)\.(?P<rights>read|write|\*|c?r?u?d?s?)(?P<filter>\?.*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Scopes:
    """`read` and `search` hold resource types, `*` for any. `narrowed` are types of which a part only is granted."""

    read: frozenset[str]
    search: frozenset[str]
    narrowed: frozenset[str]

    def grants(self, kind: str, *, search: bool) -> bool:
        """May resources of this type be read by id, or searched?"""
        granted = self.search if search else self.read
        return kind in granted or "*" in granted

    def is_narrowed(self, kind: str) -> bool:
        """Is everything granted of this type bound to a filter? Then what comes is not all there is."""
        return kind in self.narrowed


def scopes_of(text: str) -> Scopes:
    """The scopes of a token. What is not understood grants nothing."""
    read, search, narrowed, whole = set[str](), set[str](), set[str](), set[str]()
    for word in text.split():
        found = _SCOPE.fullmatch(word)
        if found is None or not found["rights"]:
            continue
        kind, rights = found["kind"], found["rights"]
        both = rights in ("read", "*")
        if both or (rights != "write" and "r" in rights):
            read.add(kind)
        if both or (rights != "write" and "s" in rights):
            search.add(kind)
        (narrowed if found["filter"] else whole).add(kind)
    return Scopes(frozenset(read), frozenset(search), frozenset(() if "*" in whole else narrowed - whole))

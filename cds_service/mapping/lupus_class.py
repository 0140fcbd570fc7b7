"""The class of lupus nephritis as pathologists write it: `IV-S (A/C)`, `Class 3 and 5`, `III/V`.

Source: clinical-spec section 1 (I..VI, III+V, IV+V), R-20.
"""

from __future__ import annotations

import re

_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}
_NAMES = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI"}
_NOISE = re.compile(
    r"ISN\W?RPS|\b(?:WHO|ISN|RPS|2003|2004|2016|2018|LUPUS|NEPHRITIS|LN|CLASS|CLASSES|MIXED|COMBINED)\b"
    r"|\(?\b[AC](?:/[AC])?\b\)?"
)
_JOINT = re.compile(r"\s*(?:\+|/|&|,|\bAND\b|\bWITH\b|\bPLUS\b)\s*")
_ONE = re.compile(r"(VI|IV|V|I{1,3}|[1-6])(?:\s*-?\s*[SG])?", re.ASCII)
_LONGEST = 80


def lupus_class(text: str) -> str | None:
    """The class, or None when the text holds anything that is not understood.

    III and IV side by side are both proliferative and are read as IV; class II beside V is V; VI stands
    alone whatever else is named.
    """
    if len(text) > _LONGEST:
        return None
    bare = " ".join(_NOISE.sub(" ", text.upper()).split()).strip(" .;:")
    named: set[int] = set()
    for part in _JOINT.split(bare):
        one = _ONE.fullmatch(part.strip(" ()-"))
        if one is None:
            return None
        named.add(_ROMAN.get(one[1]) or int(one[1]))
    if 6 in named:
        return "VI"
    proliferative = max(named & {3, 4}, default=0)
    if proliferative and 5 in named:
        return f"{_NAMES[proliferative]}+V"
    return _NAMES[proliferative or max(named)]

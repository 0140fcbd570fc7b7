"""Which evidence a card cites, which conflicts it shows, and how strong the advice is (clinical-spec 5, 6, 9, 10)."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.guideline.picture import Picture
from cds_service.guideline.safety import Offer

Ids = tuple[str, ...]


def _split(table: Mapping[str, str]) -> Mapping[str, Ids]:
    return {name: tuple(ids.split()) for name, ids in table.items()}


_EVIDENCE = _split(
    {
        "MN-00": "EV-06 EV-03",
        "MN-01": "EV-06",
        "MN-02": "EV-06",
        "MN-03": "EV-06 EV-12 EV-13",
        "MN-04": "EV-06 EV-12 EV-14 EV-15",
        "MN-04b": "EV-06 EV-15",
        "MN-05a": "EV-06",
        "MN-05b": "EV-06 EV-42",
        "MN-06": "EV-01 EV-04",
        "MN-07": "EV-01 EV-12 EV-16",
        "MN-08": "EV-06 EV-15 EV-01",
        "MN-09": "EV-03 EV-12 EV-16 EV-27",
        "MN-10": "EV-18 EV-17 EV-43 EV-45 EV-23",
        "MN-11": "EV-04",
        "MN-12": "EV-04",
        "MN-13": "EV-04",
        "MN-14": "EV-04",
        "MN-15a": "EV-04",
        "MN-15b": "EV-04 EV-01 EV-12",
        "MN-16": "EV-01 EV-17",
        "MN-17": "EV-01 EV-22",
        "MN-17b": "EV-01",
        "MN-17c": "EV-01",
        "MN-19": "EV-01 EV-12",
        "MN-20": "EV-01",
        "MN-21": "EV-06 EV-12",
        "MN-22": "EV-04 EV-19",
        "MN-23": "EV-06 EV-04",
        "MN-24": "EV-06",
        "MN-26": "EV-06 EV-15",
        "MN-27": "EV-01",
        "MN-30": "EV-01 EV-15 EV-14 EV-21 EV-03 EV-16",
        "MN-31": "EV-01 EV-15",
        "MN-32": "EV-01 EV-12 EV-03",
        "MN-33": "EV-01",
        "MN-34": "EV-01 EV-03",
        "MN-35": "EV-01",
        "MN-36": "EV-01 EV-15",
        "MN-37": "EV-01 EV-23 EV-24 EV-26 EV-45",
        "MN-A1": "EV-01",
        "MN-A2": "EV-06 EV-03",
        "MN-A3": "EV-17 EV-27",
        "MN-A4": "EV-17 EV-43",
        "MN-A5": "EV-01",
        "LN-01": "EV-07",
        "LN-02": "EV-07",
        "LN-03": "EV-07",
        "LN-04a": "EV-07 EV-08 EV-09",
        "LN-04b": "EV-07 EV-08 EV-29",
        "LN-04c": "EV-07 EV-08 EV-28",
        "LN-04d": "EV-07 EV-08",
        "LN-04v": "EV-07 EV-08",
        "LN-05": "EV-07",
        "LN-10": "EV-05",
        "LN-11": "EV-05",
        "LN-13": "EV-07 EV-11",
        "LN-14": "EV-02 EV-05",
        "LN-15": "EV-02 EV-05",
        "LN-16": "EV-05",
        "LN-17": "EV-40 EV-04",
        "LN-20a": "EV-07 EV-08 EV-10 EV-09",
        "LN-20b": "EV-07 EV-08 EV-10 EV-29",
        "LN-20c": "EV-07 EV-08 EV-10 EV-28",
        "LN-21a": "EV-07 EV-08 EV-02",
        "LN-21b": "EV-07 EV-08 EV-29 EV-02",
        "LN-21c": "EV-07 EV-08 EV-28 EV-02",
        "LN-24": "EV-05 EV-08 EV-10 EV-31 EV-37",
        "LN-25": "EV-07 EV-05",
        "LN-26": "EV-05 EV-33",
        "LN-27": "EV-05 EV-36",
        "LN-30": "EV-08 EV-07",
        "LN-31": "EV-08 EV-31",
        "LN-40": "EV-07",
        "LN-41": "EV-07 EV-10",
        "LN-42": "EV-02 EV-05",
        "LN-43": "EV-09 EV-07",
        "LN-44": "EV-07 EV-10",
        "LN-50": "EV-07 EV-08",
        "LN-51": "EV-07 EV-08",
        "LN-D5": "EV-39",
    }
)
_EVIDENCE_OF_DISEASE: Mapping[str, Ids] = {"MN": ("EV-06",), "LN": ("EV-07",)}
_EVIDENCE_OF_CLASS: Mapping[str, Ids] = {
    "RTX_CNI": ("EV-03", "EV-15"),
    "ANTI_CD20_2G": ("EV-18",),
    "ANTI_CD20_COMBO": ("EV-31", "EV-32"),
}

_CONFLICTS = _split(
    {
        "MN-03": "C-12",
        "MN-04": "C-12",
        "MN-08": "C-03",
        "MN-09": "C-14 C-12",
        "MN-11": "C-02",
        "MN-18": "C-02",
        "MN-22": "C-09",
        "MN-23": "C-09",
        "MN-30": "C-01",
        "MN-31": "C-01",
        "MN-A3": "C-12",
        "LN-04d": "C-13",
        "LN-04v": "C-13",
        "LN-20a": "C-06",
        "LN-20b": "C-06",
        "LN-20c": "C-06",
        "LN-21a": "C-06",
        "LN-21b": "C-06",
        "LN-21c": "C-06",
        "LN-24": "C-06 C-07",
        "LN-25": "C-06",
        "LN-26": "C-06",
        "LN-30": "C-06",
        "LN-31": "C-06 C-07",
    }
)
_CONFLICT_OF_CLASS = {
    "ANTI_CD20_2G": "C-04",
    "RTX_CNI": "C-05",
    "CYC_GC": "C-08",
    "ANTI_CD20_COMBO": "C-07",
    "RTX": "C-12",
}

_STRENGTH: Mapping[str, str] = {
    "MN-07": "strong to conditional",
    "MN-08": "conditional",
    "MN-09": "conditional",
    "MN-10": "weak",
    "MN-30": "weak",
    "MN-31": "strong",
    "MN-32": "conditional",
    "MN-33": "expert opinion",
    "MN-34": "conditional",
    "MN-35": "expert opinion",
    "MN-36": "conditional",
    "MN-37": "expert opinion",
    "LN-20a": "conditional",
    "LN-20b": "conditional",
    "LN-20c": "conditional",
    "LN-21a": "conditional",
    "LN-21b": "conditional",
    "LN-21c": "conditional",
    "LN-24": "conditional",
    "LN-25": "conditional",
    "LN-26": "weak",
    "LN-27": "expert opinion",
    "LN-30": "conditional",
    "LN-31": "weak",
}

ALBUMIN_ASSAYS_THAT_DIFFER = frozenset({"BCP", "immunometric"})


def evidence_for(offered: Offer, disease: str) -> tuple[str, ...]:
    """Evidence ids of the card: those of its rule, and the trial behind each class that is offered."""
    found = _EVIDENCE.get(offered.answer.rule, _EVIDENCE_OF_DISEASE[disease])
    if _EVIDENCE_OF_CLASS.keys().isdisjoint(offered.classes):
        return found
    behind = [name for part, ids in _EVIDENCE_OF_CLASS.items() if part in offered.classes for name in ids]
    return tuple(dict.fromkeys((*found, *behind)))


def conflicts_for(picture: Picture, offered: Offer, evidence: tuple[str, ...]) -> tuple[str, ...]:
    """Conflict ids that apply: those of the rule, of the offered classes, of the assay and of the figures quoted."""
    found = {*_CONFLICTS.get(offered.answer.rule, ())}
    for name in offered.classes:
        if name in _CONFLICT_OF_CLASS:
            found.add(_CONFLICT_OF_CLASS[name])
    if picture.albumin is not None and picture.albumin.method in ALBUMIN_ASSAYS_THAT_DIFFER:
        found.add("C-11")
    if "EV-12" in evidence and "RTX" in offered.classes:
        found.add("C-10")
    return tuple(sorted(found)) if found else ()


def strength_of(rule: str) -> str:
    """How strong the sources make the advice; empty where they do not grade it."""
    return _STRENGTH.get(rule, "")

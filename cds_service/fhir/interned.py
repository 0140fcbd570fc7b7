"""Validated parts that are terminology only, kept for the life of the process (hot-path section 4, step 6).

Codes, statuses, routes and dosing schedules repeat from request to request, and validating a nested
object costs more than anything else here. Bounded. Never a reference, a date, a dose, a free text, or
anything else that is about a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from cds_service.fhir import repairs as mend
from cds_service.fhir.bins import Repairs
from cds_service.fhir.lean_models import (
    LeanCodeableConcept,
    LeanCoding,
    LeanPeriod,
    LeanTiming,
    LeanTimingRepeat,
    narrowed,
)

_MOST = 5_000
_LONGEST = 600
_PERSONAL_TIMING = frozenset({"boundsPeriod"})
_kept: dict[Any, Any] = {}
_read_timing = narrowed(LeanTiming, {"repeat", "code"})


def coded(pairs: Iterable[tuple[str, str]], repairs: Repairs) -> Any:
    """The CodeableConcept of these (system, code) pairs, without displays and text."""
    key = tuple(pairs)
    found = _kept.get(key)
    if found is None:
        codings = [LeanCoding(system=system.strip(), code=mend.code(code, repairs)) for system, code in key]
        found = _keep(key, LeanCodeableConcept(coding=codings))
    return found


def codings_only(value: Any, repairs: Repairs) -> Any:
    """A status or a route: its codings; the text only where there is no coding."""
    codings = value.get("coding") if isinstance(value, dict) else None
    return _concept(codings, repairs) if codings and isinstance(codings, list) else value


def code_alone(value: Any, repairs: Repairs) -> Any:
    """A code. R5 has a CodeableConcept in some places where R4 has a code: what its first coding says."""
    if not isinstance(value, dict):
        return mend.code(value, repairs)
    concept = codings_only(value, repairs)
    stated: Any = concept.coding if isinstance(concept, LeanCodeableConcept) else None
    return stated[0].code if stated else None


def answer(value: Any, repairs: Repairs) -> Any:
    """An answer or a reason, with its text: shared only where it has none, because a text may say anything."""
    if isinstance(value, dict) and value.keys() == {"coding"}:
        return codings_only(value, repairs)
    return value


def answers(value: Any, repairs: Repairs) -> Any:
    """A list of answers."""
    return [answer(item, repairs) for item in value] if isinstance(value, list) else answer(value, repairs)


def timing(value: Any, repairs: Repairs) -> Any:
    """A dosing schedule. One with dates in it belongs to one patient and is not shared."""
    if not isinstance(value, dict):
        return value
    kept = {name: part for name, part in value.items() if name in ("repeat", "code")}
    if "code" in kept:
        kept["code"] = codings_only(kept["code"], repairs)
    repeat = kept.get("repeat")
    if isinstance(repeat, dict) and not _PERSONAL_TIMING.isdisjoint(repeat):
        bounds = LeanPeriod(**mend.period(repeat["boundsPeriod"], repairs))
        return LeanTiming(**{**kept, "repeat": LeanTimingRepeat(**{**repeat, "boundsPeriod": bounds})})
    if not isinstance(repeat, dict):
        return LeanTiming(**kept)
    key = b"timing" + orjson.dumps(repeat)
    shared = _kept.get(key) or _keep(key, LeanTiming(repeat=LeanTimingRepeat(**repeat)))
    return _read_timing({**kept, "repeat": shared.repeat}) if "code" in kept else shared


def _concept(codings: list[Any], repairs: Repairs) -> Any:
    key = orjson.dumps(codings)
    found = _kept.get(key)
    if found is not None:
        return found
    return _keep(key, LeanCodeableConcept(coding=[_mended(coding, repairs) for coding in codings]))


def _mended(coding: Any, repairs: Repairs) -> Any:
    if isinstance(coding, dict) and "code" in coding:
        return {**coding, "code": mend.code(coding["code"], repairs)}
    return coding


def _keep(key: Any, part: Any) -> Any:
    if len(key) > _LONGEST:
        return part
    if len(_kept) >= _MOST:
        _kept.clear()
    _kept[key] = part
    return part

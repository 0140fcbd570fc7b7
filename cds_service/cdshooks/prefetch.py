"""Prefetch templates, derived from what the guidelines say they need (conformance section 5).

Only the restricted subset of FHIR search that every client can serve: a read by id, or a search by
`patient` and `code`. No `_count` (it would silently cut a course), no date bound (baselines lie years
back), no parameter twice (the public Sandbox joins repeats with a comma, which turns AND into OR).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol
from urllib.parse import quote

TEMPLATE_LIMIT = 1800
"""Longest template, percent-encoded: common proxies cut request lines at 2,048, and the base URL comes on top."""

PATIENT_ID = "{{context.patientId}}"

CodesOf = Callable[[str], Iterable[tuple[str, str]]]


class PrefetchNeed(Protocol):
    """What a template is derived from; `guideline.needs.Need` is one."""

    @property
    def key(self) -> str: ...

    @property
    def resource(self) -> str: ...

    @property
    def concepts(self) -> tuple[str, ...]: ...

    @property
    def required(self) -> bool: ...


def templates(needs: Iterable[PrefetchNeed], codes_of: CodesOf) -> dict[str, str]:
    """Prefetch key -> FHIR query template, in the order of the needs.

    `codes_of(concept)` gives the (system, code) pairs of a concept. A need whose codes do not fit one
    template is split into `key`, `key-2`, `key-3`, ...; `keys_of` knows them again.
    A need with concepts none of which has a code would read as "the whole type": that is refused.
    """
    derived: dict[str, str] = {}
    for need in needs:
        for number, template in enumerate(_templates_of(need, codes_of), start=1):
            derived[need.key if number == 1 else f"{need.key}-{number}"] = template
    return derived


def keys_of(need_key: str, advertised: Iterable[str]) -> tuple[str, ...]:
    """The advertised keys that belong to one need: its own and the numbered parts."""
    return tuple(key for key in advertised if key == need_key or _is_part(key, need_key))


def encoded_length(template: str) -> int:
    """Characters of the template as a client sends it, with a patient id of the longest legal length."""
    path, _, query = template.replace(PATIENT_ID, "x" * 64).partition("?")
    values = (parameter.partition("=") for parameter in query.split("&") if parameter)
    return len(path) + sum(len(name) + len(quote(value, safe="")) + 2 for name, _, value in values)


def _is_part(key: str, need_key: str) -> bool:
    stem, _, number = key.rpartition("-")
    return stem == need_key and number.isdecimal()


def _templates_of(need: PrefetchNeed, codes_of: CodesOf) -> Iterator[str]:
    if need.resource == "Patient":
        yield f"Patient/{PATIENT_ID}"
        return
    search = f"{need.resource}?patient={PATIENT_ID}"
    if not need.concepts:
        yield search
        return
    tokens = list(dict.fromkeys(f"{system}|{code}" for concept in need.concepts for system, code in codes_of(concept)))
    if not tokens:
        raise ValueError(f"prefetch need {need.key} names concepts without a single code")
    yield from (f"{search}&code={','.join(part)}" for part in _parts(search, tokens))


def _parts(search: str, tokens: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for token in tokens:
        if part and encoded_length(f"{search}&code={','.join([*part, token])}") > TEMPLATE_LIMIT:
            yield part
            part = []
        part.append(token)
    yield part

"""A prefetch reduced to what an answer rested on: what is stored of a chart, and what gives the same answer again.

Resources that made no difference go, and of the others every element that nobody reads: names of people, places,
texts. What could not be read is kept as it came, because why it could not be read lies in what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from cds_service.fhir.bins import Resource, reference_of
from cds_service.fhir.fifth_shapes import FIFTH
from cds_service.fhir.prefetch_data import Opened
from cds_service.fhir.shapes import SHAPES

_PATIENT = ("gender", "birthDate", "deceasedBoolean", "deceasedDateTime", "_birthDate", "_gender")
_MEDICATION = ("code", "ingredient", "form", "doseForm")
_ALWAYS = ("resourceType", "id")
_POINTING = ("medicationReference", "medication", "reasonReference", "reason")
_TOLD_BESIDE = ("note", "text")
_WARNED = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "informational"}]}
_FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "incomplete"}]}
_MORE = [{"relation": "next", "url": ""}]


def minimal(opened: Mapping[str, Opened], used: Container[str], whole: Container[str]) -> dict[str, Any]:
    """The prefetch object with the resources whose references are in `used` or in `whole`, the latter unabridged."""
    return {key: _value(value, used, whole) for key, value in opened.items()}


def _value(opened: Opened, used: Container[str], whole: Container[str]) -> Any:
    urls = {id(resource): url for url, resource in opened.full_urls}
    entries: list[dict[str, Any]] = [{} for _ in range(opened.unusable)]
    for kind, resources in opened.by_kind.items():
        for resource, reference in _kept(kind, resources, used, whole):
            kept = resource if reference in whole else _reduced(resource, kind)
            url = urls.get(id(resource))
            entries.append({"resource": kept} if url is None else {"fullUrl": url, "resource": kept})
    entries += [{"resource": _WARNED} for _ in range(opened.warnings)]
    if opened.state == "failed":
        entries.append({"resource": _FAILED})
    if not entries and not opened.incomplete:
        return None
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return {**bundle, "link": _MORE} if opened.incomplete else bundle


def _kept(
    kind: str, resources: Iterable[Resource], used: Container[str], whole: Container[str]
) -> Iterator[tuple[Resource, str]]:
    """The resources to keep, with their references. Most of a chart is not kept, and costs one look here."""
    nameless = f"{kind}/(no-id)"
    is_usual = kind.isalpha() and kind != "Patient" and nameless not in used and nameless not in whole
    for resource in resources:
        identifier = resource.get("id")
        # What an id that is a text spells is its reference, or it has none.
        is_text = is_usual and type(identifier) is str
        reference = f"{kind}/{identifier}" if is_text else reference_of(resource)
        if reference in used or reference in whole or kind == "Patient":
            yield resource, reference


def _reduced(resource: Resource, kind: str) -> Resource:
    names, subject = _names_of(kind), _subject_of(kind)
    reduced = {name: value for name, value in resource.items() if name in names}
    if isinstance(reduced.get(subject), dict):
        reduced[subject] = _members(reduced[subject], ("reference",))
    if "meta" in resource and isinstance(resource["meta"], dict):
        reduced["meta"] = _members(resource["meta"], ("versionId", "lastUpdated"))
    if "identifier" in resource and isinstance(resource["identifier"], list):
        reduced["identifier"] = [
            _members(item, ("system", "value")) for item in resource["identifier"] if isinstance(item, dict)
        ]
    if kind == "AllergyIntolerance":
        reduced |= _allergen(resource)
    if kind == "Patient" and isinstance(resource.get("link"), list):
        reduced["link"] = [_members(link, ("type",)) for link in resource["link"] if isinstance(link, dict)]
        reduced.pop("identifier", None)
    if "contained" in resource and _points(resource):
        reduced["contained"] = [
            _members(part, (*_ALWAYS, *_MEDICATION)) for part in resource["contained"] if isinstance(part, dict)
        ]
    return reduced


def _points(resource: Resource) -> bool:
    return isinstance(resource["contained"], list) and any(name in resource for name in _POINTING)


def _allergen(resource: Resource) -> Resource:
    """What tells what an allergy is to: the reactions, and for an entry without a code what is written beside it."""
    told = {} if "code" in resource else _members(resource, _TOLD_BESIDE)
    reactions = resource.get("reaction")
    if isinstance(reactions, list):
        parts = ("substance", "description")
        told["reaction"] = [_members(reaction, parts) for reaction in reactions if isinstance(reaction, dict)]
    return told


@cache
def _subject_of(kind: str) -> str:
    return SHAPES[kind].subject if kind in SHAPES else ""


@cache
def _names_of(kind: str) -> Collection[str]:
    if kind == "Patient":
        return frozenset((*_ALWAYS, *_PATIENT))
    if kind == "Medication":
        return frozenset((*_ALWAYS, *_MEDICATION))
    shape, later = SHAPES[kind], FIFTH[kind]
    read = [name for each in (shape, later) for name, mender in each.elements.items() if mender is not None]
    return frozenset((*_ALWAYS, *read, shape.coded, shape.subject, *_POINTING))


def _members(value: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value}

"""What FHIR R5 says, in the words of R4: nobody behind this room needs to know two releases.

The values were validated by the models of R5. Only names change here, and for a MedicationStatement the status: R5
says in `status` whether the record stands and in `adherence` whether the drug is taken (R-19).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.fhir.bins import Resource
from cds_service.fhir.lean_models import LeanCodeableConcept, LeanExtension, taken_over
from cds_service.fhir.parts import ADHERENCE
from cds_service.fhir.shapes import SHAPES

RECORDED = "recorded"
_NOT_STANDING = frozenset({"draft", "entered-in-error"})
_NOT_AS_DIRECTED = "-not-as-directed"
_AS_DIRECTED = "-as-directed"
# The codes of http://hl7.org/fhir/CodeSystem/medication-statement-adherence, without how well it is followed.
_STATUS = {
    "taking": "active",
    "not-taking": "not-taken",
    "on-hold": "on-hold",
    "stopped": "stopped",
    "unknown": "unknown",
}
_OTHERWISE = LeanCodeableConcept(text="non-adherent")

_extension = taken_over(LeanExtension, ("url", "extension", "valueCodeableConcept", "valueDateTime"))

HandOver = Callable[[Any], Any]


def handing_over(
    kind: str, renamed: Mapping[str, str] | None = None, otherwise: Callable[[Any], Resource] | None = None
) -> HandOver:
    """How a resource of R5 becomes one of R4. `renamed` leads from a name in R4 to the name in R5.

    `otherwise` gives the values that need more than another name.
    """
    shape = SHAPES[kind]
    read = {name for name, mender in shape.elements.items() if mender is not None and not name.startswith("_")}
    names = sorted({*read, shape.coded, shape.subject})
    sources = tuple({**{name: name for name in names}, **(renamed or {})}.items())
    make = taken_over(shape.model, names)

    def hand_over(resource: Any) -> Any:
        values = {name: getattr(resource, source, None) for name, source in sources}
        return make(values if otherwise is None else {**values, **otherwise(resource)})

    return hand_over


def of_statement(statement: Any) -> Resource:
    """A MedicationStatement: drug, reasons, and what `status` and `adherence` say together."""
    told, status, as_directed = statement.adherence, statement.status, True
    if told is not None and status not in _NOT_STANDING:
        status, as_directed = _status_told(told.code)
    elif status == RECORDED:
        status = _without_adherence(statement)
    reason = told.reason if told is not None else None
    extensions = list(statement.extension or ())
    if not as_directed:
        extensions.append(_taken_otherwise(statement.dateAsserted))
    return {
        **of_drug(statement),
        "status": status,
        "statusReason": [reason] if reason is not None else None,
        "extension": extensions,
    }


def of_request(request: Any) -> Resource:
    """A MedicationRequest. What another than the requester told is a report, unless it says that it is none."""
    informed = request.informationSource if request.reported is not False else None
    return {**of_drug(request), "reportedReference": next(iter(informed or ()), None)}


def of_drug(record: Any) -> Resource:
    """What every medication record says: which drug, and for what."""
    return {
        "medicationCodeableConcept": record.medication.concept,
        "reasonCode": [reason.concept for reason in record.reason or () if reason.concept is not None],
    }


def of_allergy(allergy: Any) -> Resource:
    """An AllergyIntolerance, of which R5 writes the type as a CodeableConcept."""
    codings = allergy.type.coding if allergy.type is not None else None
    return {"type": codings[0].code if codings else None}


def _without_adherence(statement: Any) -> str:
    """The record of a drug that is taken, of which nobody says how it goes on: open only where its period is."""
    period = statement.effectivePeriod
    return "active" if period is not None and period.start and not period.end else "completed"


def _status_told(concept: Any) -> tuple[str, bool]:
    """The status in R4, and whether it is as directed. Codes that are not known, or disagree, say "unknown"."""
    codes = [coding.code for coding in concept.coding or () if coding.code]
    spoken = [*codes, *([concept.text.strip().casefold().replace(" ", "-")] if concept.text and not codes else ())]
    found = {status for code in spoken if (status := status_by_adherence(code))}
    if len(found) != 1:
        return "unknown", True
    return found.pop(), not any(code.endswith(_NOT_AS_DIRECTED) for code in spoken)


def status_by_adherence(code: str) -> str:
    """The status in R4 of a code of adherence; empty for one that is not known."""
    return _STATUS.get(code.removesuffix(_NOT_AS_DIRECTED).removesuffix(_AS_DIRECTED), "")


def _taken_otherwise(asserted: Any) -> Any:
    """The extension by which R4 says of a drug that it is not taken as directed."""
    parts = [_extension({"url": "medicationAdherence", "valueCodeableConcept": _OTHERWISE})]
    if asserted is not None:
        parts.append(_extension({"url": "dateAsserted", "valueDateTime": asserted}))
    return _extension({"url": ADHERENCE, "extension": parts})

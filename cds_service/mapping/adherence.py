"""The US Core extension by which a medication record says whether it is taken as directed (terminology.md 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cds_service.case.model import NotTaken
from cds_service.mapping.dates import last_day
from cds_service.mapping.terminology import Terminology

URL = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medication-adherence"
_ANSWER = "medicationAdherence"
_WHEN = "dateAsserted"


def taken_otherwise(source: str, record: Any, agent: str, terminology: Terminology) -> Iterator[NotTaken]:
    """Evidence that the drug is not taken as directed, dated by the day it was asserted.

    "Taken as directed" leads to nothing: the record itself says that it is taken. A code that the tables do
    not know leads to nothing either.
    """
    for extension in record.extension or ():
        if extension.url != URL:
            continue
        parts = {part.url: part for part in extension.extension or ()}
        answer = parts[_ANSWER].valueCodeableConcept if _ANSWER in parts else None
        if answer is not None and _word(answer, terminology) == "non-adherent":
            asserted = parts[_WHEN].valueDateTime if _WHEN in parts else None
            yield NotTaken(agent, source, last_day(asserted))


def _word(answer: Any, terminology: Terminology) -> str:
    for coding in answer.coding or ():
        word = terminology.answer("adherence", coding.code, coding.system) if coding.code and coding.system else None
        if word:
            return word
    return (terminology.answer("adherence", answer.text) if answer.text else None) or ""

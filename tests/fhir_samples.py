"""Small R4 resources and a reader of charts, for the tests of `fhir` and `mapping`."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from cds_service.case.model import Case
from cds_service.fhir.chart import ChartData, read_chart
from cds_service.mapping.chart import build_case
from cds_service.mapping.location import mappings_root
from cds_service.mapping.terminology import Terminology, load

ON = date(2026, 11, 22)
ME = "pat-a"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
OURS = "https://nextline-cds.org/CodeSystem/finding"
UCUM = "http://unitsofmeasure.org"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
PROTEINURIA, UPCR, UACR = "2889-4", "2890-2", "9318-7"
RITUXIMAB, TACROLIMUS, MYCOPHENOLATE, LISINOPRIL = "121191", "42316", "68149", "29046"

Resource = dict[str, Any]


@cache
def terminology() -> Terminology:
    """The shipped mappings."""
    return load(mappings_root())


def day(text: str) -> int:
    """`2026-11-12` -> ordinal."""
    return date.fromisoformat(text).toordinal()


def coded(system: str, code: str, **more: Any) -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}], **more}


def made(kind: str, whose: str = "subject", /, **elements: Any) -> Resource:
    """A resource of the patient. An element given as None is left out."""
    whole = {"resourceType": kind, "id": f"{kind[:3].lower()}-1", whose: {"reference": f"Patient/{ME}"}, **elements}
    return {name: value for name, value in whole.items() if value is not None}


def patient(**elements: Any) -> Resource:
    """The patient."""
    return {"resourceType": "Patient", "id": ME, "gender": "female", "birthDate": "1974-03-02", **elements}


def observation(value: Any = 7.6, unit: str | None = "g/d", code: Any = PROTEINURIA, **elements: Any) -> Resource:
    """A final proteinuria of ten days ago, unless told otherwise. `code` is a LOINC code or a CodeableConcept."""
    about = coded(LOINC, code) if isinstance(code, str) else code
    quantity = {"valueQuantity": {"value": value, **({"unit": unit} if unit else {})}} if value is not None else {}
    standard = {"status": "final", "code": about, "effectiveDateTime": "2026-11-12", **quantity}
    return made("Observation", **{**standard, **elements})


def finding(concept: str, **elements: Any) -> Resource:
    """An observation under our own code, without a value unless one is given."""
    return observation(None, None, coded(OURS, concept), **elements)


def statement(code: str = TACROLIMUS, **elements: Any) -> Resource:
    """An active MedicationStatement since April."""
    standard = {
        "status": "active",
        "medicationCodeableConcept": coded(RXNORM, code),
        "effectivePeriod": {"start": "2026-04-21"},
    }
    return made("MedicationStatement", **{**standard, **elements})


def request(code: str = TACROLIMUS, **elements: Any) -> Resource:
    """An active order of April."""
    standard = {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": coded(RXNORM, code),
        "authoredOn": "2026-04-21",
    }
    return made("MedicationRequest", **{**standard, **elements})


def administration(code: str = RITUXIMAB, **elements: Any) -> Resource:
    """A rituximab infusion of April."""
    standard = {
        "status": "completed",
        "medicationCodeableConcept": coded(RXNORM, code),
        "effectiveDateTime": "2026-04-21",
        "dosage": {"dose": {"value": 1000, "unit": "mg"}},
    }
    return made("MedicationAdministration", **{**standard, **elements})


def condition(code: Any = "722119002", system: str = SNOMED, **elements: Any) -> Resource:
    """Membranous nephropathy, confirmed and active."""
    standard = {
        "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "code": coded(system, code) if isinstance(code, str) else code,
        "onsetDateTime": "2024-12-22",
    }
    return made("Condition", **{**standard, **elements})


def verified(word: str) -> Resource:
    """A verificationStatus."""
    return coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", word)


def bundle(*resources: Resource, **elements: Any) -> Resource:
    """A searchset."""
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **elements}


def numbered(*resources: Resource) -> list[Resource]:
    """The same resources with ids of their own."""
    return [{**resource, "id": f"r{number}"} for number, resource in enumerate(resources, start=1)]


def chart(*resources: Resource, **more: Any) -> ChartData:
    """The chart of these resources in one Bundle."""
    return chart_of({"all": bundle(*resources)}, **more)


def chart_of(prefetch: Resource, **more: Any) -> ChartData:
    """The chart of a prefetch object."""
    words = terminology()
    options = {"knows": words.look_up, "names": words.drug_by_name, "keep": {}, "on": ON, **more}
    return read_chart(prefetch, ME, **options)


def case(*resources: Resource, **more: Any) -> Case:
    """The case of these resources and the patient."""
    return build_case(chart(patient(), *resources, **more), terminology(), ON)


def reasons(read: Case | ChartData) -> list[str]:
    """Why resources were set aside."""
    return [item.reason for item in (read.set_aside if isinstance(read, Case) else read.unread)]


def add_up(read: Case) -> bool:
    """Every resource is in one bin."""
    bins = read.bins
    return bins.total == len(bins.used) + len(bins.superseded) + bins.not_relevant + bins.set_aside

"""Charts of treated patients, to lay traps in: every resource has a name, so that one can be taken out or replaced.

A chart is a dictionary from the id of a resource to the resource. Days are counted from the day of the call, and the
past is negative.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from fhir_samples import LOINC, ME, ON, OURS, RXNORM, SNOMED, UCUM, Resource, bundle, coded, condition, made, patient

from cds_service.stories.convert import BY_TYPE

ATC = "http://www.whocc.no/atc"
CPT = "http://www.ama-assn.org/go/cpt"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"

PROTEINURIA, UPCR, ALBUMIN, EGFR, ELISA = "2889-4", "2890-2", "1751-7", "98979-8", "73737-9"
CREATININE, MOLAR_CREATININE, CD19, HBSAG, ANTI_HBC = "2160-0", "14682-9", "8116-6", "5195-3", "13952-7"
TACROLIMUS_TROUGH, CYCLOSPORINE_TROUGH, PREGNANCY_TEST, IGG = "77348-1", "53828-0", "2106-3", "2465-3"
RITUXIMAB, TACROLIMUS, CYCLOSPORINE, CYCLOPHOSPHAMIDE = "121191", "42316", "3008", "3002"
MOFETIL, HYDROXYCHLOROQUINE, METHYLPREDNISOLONE, LISINOPRIL = "68149", "5521", "6902", "29046"
PRIMARY_MEMBRANOUS, LUPUS_NEPHRITIS, LUPUS, BIOPSY = "722119002", "68815009", "55464009", "7246002"

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "patient-view"

Chart = dict[str, Resource]


def day(days: int) -> str:
    """The date so many days from the day of the call."""
    return (ON + timedelta(days=days)).isoformat()


# -- one resource ----------------------------------------------------------------------------------------


def codings(*pairs: tuple[str, str]) -> Resource:
    """A CodeableConcept of several codings."""
    return {"coding": [{"system": system, "code": code} for system, code in pairs]}


def lab(code: str | Resource, days: int, value: float | None = None, unit: str | None = None, **more: Any) -> Resource:
    """A final result. `code` is a LOINC code or a CodeableConcept; without a value there is no valueQuantity."""
    about = coded(LOINC, code) if isinstance(code, str) else code
    quantity = {"value": value, **({"unit": unit} if unit else {})}
    result = {} if value is None else {"valueQuantity": quantity}
    return made("Observation", **{"status": "final", "code": about, "effectiveDateTime": day(days), **result, **more})


def answered(code: str | Resource, days: int, word: str, **more: Any) -> Resource:
    """A result that is a word."""
    return lab(code, days, valueCodeableConcept={"text": word}, **more)


def problem(code: str | Resource, system: str = SNOMED, since: int | None = -700, **more: Any) -> Resource:
    """A confirmed and active problem."""
    onset = {} if since is None else {"onsetDateTime": day(since)}
    about = coded(system, code) if isinstance(code, str) else code
    return condition(about, **{"onsetDateTime": None, **onset, **more})


def drug(code: str | Resource, system: str = RXNORM) -> Resource:
    """The element that says which medicine."""
    return {"medicationCodeableConcept": coded(system, code) if isinstance(code, str) else code}


def taken(code: str | Resource, since: int, until: int | None = None, mg: float | None = None, **more: Any) -> Resource:
    """A MedicationStatement; `mg` is the dose of a day."""
    period = {"start": day(since)} if until is None else {"start": day(since), "end": day(until)}
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    dose = {"timing": daily, "doseAndRate": [{"doseQuantity": _milligrams(mg)}]}
    written = {} if mg is None else {"dosage": [dose]}
    status = "active" if until is None else "completed"
    medicine = drug(code, more.pop("system", RXNORM))
    return made("MedicationStatement", **{"status": status, **medicine, "effectivePeriod": period, **written, **more})


def infused(code: str | Resource, days: int, mg: float | None = 1000, **more: Any) -> Resource:
    """A completed MedicationAdministration of one dose."""
    dose = {} if mg is None else {"dosage": {"dose": _milligrams(mg)}}
    medicine = drug(code, more.pop("system", RXNORM))
    given = {"status": "completed", **medicine, "effectiveDateTime": day(days), **dose}
    return made("MedicationAdministration", **{**given, **more})


def ordered(code: str | Resource, days: int, mg: float | None = None, **more: Any) -> Resource:
    """An active MedicationRequest; `mg` is one dose."""
    dose = {} if mg is None else {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": _milligrams(mg)}]}]}
    medicine = drug(code, more.pop("system", RXNORM))
    standard = {"status": "active", "intent": "order", **medicine, "authoredOn": day(days)}
    return made("MedicationRequest", **{**standard, **dose, **more})


def _milligrams(mg: float | None) -> Resource:
    return {"value": mg, "unit": "mg", "system": UCUM, "code": "mg"}


def done(code: str | Resource, days: int, system: str = SNOMED, **more: Any) -> Resource:
    """A completed procedure."""
    about = coded(system, code) if isinstance(code, str) else code
    return made("Procedure", **{"status": "completed", "code": about, "performedDateTime": day(days), **more})


def allergy(code: str | Resource, system: str = RXNORM) -> Resource:
    """An active and confirmed allergy."""
    terms = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
    about = coded(system, code) if isinstance(code, str) else code
    known = {"clinicalStatus": coded(terms + "clinical", "active")}
    verified = coded(terms + "verification", "confirmed")
    return made("AllergyIntolerance", "patient", **known, verificationStatus=verified, code=about)


# -- whole charts ----------------------------------------------------------------------------------------


def named(chart: Chart) -> Chart:
    """The same chart, each resource with its name as id."""
    return {name: {**resource, "id": name} for name, resource in chart.items()}


def without(chart: Chart, *names: str) -> Chart:
    """The chart less what these names begin: `egfr` takes out `egfr-before` and `egfr-now`."""
    kept = {name: resource for name, resource in chart.items() if not name.startswith(names)}
    assert len(kept) < len(chart), f"nothing to take out: {names}"
    return kept


def diagnosed(chart: Chart, *diagnoses: Resource) -> Chart:
    """The chart with these problems, `diagnosis-0` and so on, in place of its diagnosis."""
    return without(chart, "diagnosis") | named({f"diagnosis-{n}": found for n, found in enumerate(diagnoses)})


def _membranous() -> Chart:
    """PLA2R disease: 8.4 g/d fell to 7.6 g/d in seven months, antibody high, eGFR steady at about 80."""
    return {
        ME: patient(gender="male"),
        "diagnosis": problem(PRIMARY_MEMBRANOUS),
        "biopsy": done(BIOPSY, -695),
        "stain": answered(coded(OURS, "pla2r_stain"), -695, "positive"),
        "lisinopril": taken(LISINOPRIL, -690),
        "hbsag": answered(HBSAG, -60, "negative"),
        "anti-hbc": answered(ANTI_HBC, -60, "negative"),
        "proteinuria-before": lab(PROTEINURIA, -220, 8.4, "g/d"),
        "proteinuria-then": lab(PROTEINURIA, -120, 8.0, "g/d"),
        "proteinuria-now": lab(PROTEINURIA, -10, 7.6, "g/d"),
        "albumin-before": lab(ALBUMIN, -220, 22, "g/L"),
        "albumin-now": lab(ALBUMIN, -10, 24, "g/L"),
        "egfr-before": lab(EGFR, -220, 82, "mL/min/1.73m2"),
        "egfr-then": lab(EGFR, -120, 80, "mL/min/1.73m2"),
        "egfr-now": lab(EGFR, -10, 79, "mL/min/1.73m2"),
        "antibody-before": lab(ELISA, -220, 180, "RU/mL"),
        "antibody-now": lab(ELISA, -10, 165, "RU/mL"),
    }


def untreated() -> Chart:
    """No drug of a line ever: MN-04 (albumin below 25 g/L), rituximab first."""
    return named(_membranous())


def on_tacrolimus() -> Chart:
    """Seven months of tacrolimus at good troughs without response: MN-07, rituximab."""
    levels = {f"trough-{n}": lab(TACROLIMUS_TROUGH, days, 6, "ng/mL") for n, days in enumerate((-150, -90, -20))}
    return named({**_membranous(), "tacrolimus": taken(TACROLIMUS, -215, mg=6), **levels})


def on_cyclosporine() -> Chart:
    """The same with cyclosporine: MN-07, rituximab."""
    levels = {f"trough-{n}": lab(CYCLOSPORINE_TROUGH, days, 160, "ng/mL") for n, days in enumerate((-150, -90, -20))}
    return named({**_membranous(), "cyclosporine": taken(CYCLOSPORINE, -215, mg=300), **levels})


def after_rituximab() -> Chart:
    """Two infusions of 1 g, B cells gone, no response: MN-30, cyclophosphamide."""
    infusions = {"infusion-1": infused(RITUXIMAB, -215), "infusion-2": infused(RITUXIMAB, -201)}
    return named({**_membranous(), **infusions, "b-cells": lab(CD19, -150, 2, "cells/uL")})


def after_cyclophosphamide() -> Chart:
    """Sixteen weeks of oral cyclophosphamide without response: MN-32, rituximab. The line begins on day -215."""
    return named({**_membranous(), "cyclophosphamide": taken(CYCLOPHOSPHAMIDE, -215, -100, mg=100)})


def in_remission() -> Chart:
    """Tacrolimus worked, 0.9 g/d: partial remission, MN-11."""
    better = {"proteinuria-now": lab(PROTEINURIA, -10, 0.9, "g/d"), "albumin-now": lab(ALBUMIN, -10, 36, "g/L")}
    return named({**on_tacrolimus(), **better})


def lupus_nephritis(mycophenolate: Resource | None = None) -> Chart:
    """A woman of 34 with class IV nephritis and no response to seven months of full-dose mycophenolate: LN-20c."""
    return named(
        {
            ME: patient(birthDate="1992-03-02"),
            "diagnosis": problem(LUPUS_NEPHRITIS),
            "biopsy": done(BIOPSY, -230),
            "class": answered(coded(OURS, "ln_class"), -230, "IV"),
            "hydroxychloroquine": taken(HYDROXYCHLOROQUINE, -690),
            "mycophenolate": mycophenolate or taken(MOFETIL, -215, mg=2000),
            "hbsag": answered(HBSAG, -60, "negative"),
            "anti-hbc": answered(ANTI_HBC, -60, "negative"),
            "pregnancy-test": answered(PREGNANCY_TEST, -5, "negative"),
            "upcr-before": lab(UPCR, -220, 2.4, "g/g"),
            "upcr-then": lab(UPCR, -120, 2.3, "g/g"),
            "upcr-now": lab(UPCR, -10, 2.2, "g/g"),
            "egfr-before": lab(EGFR, -220, 92, "mL/min/1.73m2"),
            "egfr-then": lab(EGFR, -120, 91, "mL/min/1.73m2"),
            "egfr-now": lab(EGFR, -10, 90, "mL/min/1.73m2"),
        }
    )


def story(name: str) -> Chart:
    """The chart of a story of the fixtures."""
    request = json.loads((FIXTURES / name / "request.json").read_text(encoding="utf-8"))
    given = request["prefetch"].values()
    found = [entry["resource"] for value in given for entry in value.get("entry", [{"resource": value}])]
    return {resource["id"]: resource for resource in found if resource["resourceType"] != "Bundle"}


def prefetch_of(chart: Chart) -> dict[str, Resource]:
    """The prefetch object of a call: one key for each kind of resource."""
    resources = list(chart.values())
    whose = next(resource for resource in resources if resource["resourceType"] == "Patient")
    filled: dict[str, list[Resource]] = {key: [] for key in (*BY_TYPE.values(), "observations")}
    for resource in resources:
        if resource is not whose:
            filled.setdefault(BY_TYPE.get(resource["resourceType"], "observations"), []).append(resource)
    return {"patient": whose, **{key: bundle(*found) for key, found in filled.items()}}

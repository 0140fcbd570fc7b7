"""Vignette -> CDS Hooks `patient-view` request with a full prefetch, or a plain Bundle (FHIR R4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cds_service.stories.codings import Writings
from cds_service.stories.resources import Resource, patient_id, patient_of, resources_of
from cds_service.stories.vignette import INDEX_DATE, StoryFault, Vignette

BASE = "https://stories.nextline-cds.org/fhir"
USER = "Practitioner/story-clinician"

BY_TYPE: Mapping[str, str] = {
    "Condition": "conditions",
    "Procedure": "procedures",
    "AllergyIntolerance": "allergies",
    "MedicationStatement": "statements",
    "MedicationRequest": "requests",
    "MedicationAdministration": "administrations",
}
# One row per prefetch key of Observations; a test compares it with the templates of the discovery answer.
OBSERVATIONS: Mapping[str, tuple[str, ...]] = {
    "proteinuria": ("proteinuria_24h", "upcr"),
    "kidney-function": ("creatinine", "egfr", "albumin"),
    "antibodies": (
        "anti_pla2r_elisa",
        "anti_pla2r_iif",
        "pla2r_stain",
        "anti_rituximab_ab",
        "anti_dsdna",
        "c3",
        "c4",
    ),
    "drug-levels": ("tacrolimus_trough", "cyclosporine_trough", "cd19_count", "igg", "wbc", "neutrophils"),
    "screening": ("hbsag", "anti_hbc", "hcv_ab", "hiv", "pregnancy_test"),
    "biopsy-findings": (
        "ln_class",
        "ln_activity_index",
        "ln_chronicity_index",
        "crescents_pct",
        "fibrinoid_necrosis",
        "tma_on_biopsy",
        "kidney_length",
        "sediment_active",
        "urine_rbc",
        "urine_rbc_casts",
    ),
    "vital-signs": ("sbp", "dbp", "blood_pressure_panel", "weight", "height", "bsa"),
    "patient-reported": ("adherence", "fertility_wish", "cyc_cumulative_prior"),
}
# Needs whose codes do not fit one template are advertised in numbered parts.
PARTS: Mapping[str, int] = {"procedures": 2}
# What no template asks for and a server may still send along with what was asked.
STRAY: Mapping[str, str] = {"urine_albumin_creatinine_ratio": "proteinuria"}
KEYS: tuple[str, ...] = tuple(
    key if part == 1 else f"{key}-{part}"
    for key in (*BY_TYPE.values(), *OBSERVATIONS)
    for part in range(1, PARTS.get(key, 1) + 1)
)


def key_of(resource_type: str, concept: str) -> str:
    """The prefetch key a fact travels under. Raises StoryFault when no template would bring it."""
    if resource_type in BY_TYPE:
        return BY_TYPE[resource_type]
    for key, concepts in OBSERVATIONS.items():
        if concept in concepts:
            return key
    if concept in STRAY:
        return STRAY[concept]
    raise StoryFault(f"no prefetch key brings {resource_type} {concept}")


def request_of(vignette: Vignette, writings: Writings) -> Resource:
    """The request a CDS client would send at chart open; the same vignette always gives the same bytes."""
    filed: dict[str, list[Resource]] = {key: [] for key in KEYS}
    for fact, resource in resources_of(vignette, writings):
        filed[key_of(fact.r, fact.concept)].append(resource)
    prefetch: dict[str, Any] = {"patient": patient_of(vignette)}
    prefetch.update({key: searchset(resources) for key, resources in filed.items()})
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid5(NAMESPACE_URL, f"{BASE}/stories/{vignette.name}")),
        "context": {"userId": USER, "patientId": patient_id(vignette)},
        "extension": {"org.nextline-cds.as-of": INDEX_DATE.isoformat()},
        "prefetch": prefetch,
    }


def bundle_of(vignette: Vignette, writings: Writings) -> Resource:
    """The whole chart as one collection Bundle, the Patient first."""
    resources = [patient_of(vignette), *(resource for _, resource in resources_of(vignette, writings))]
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(r) for r in resources]}


def searchset(resources: Iterable[Resource]) -> Resource:
    """A search answer; without matches it has no `entry`, because FHIR has no empty arrays."""
    entries = [{**_entry(resource), "search": {"mode": "match"}} for resource in resources]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    if entries:
        bundle["entry"] = entries
    return bundle


def _entry(resource: Resource) -> Resource:
    return {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource}

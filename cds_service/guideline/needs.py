"""What the guidelines need to know, declared once: prefetch templates, pre-selection and docs derive from it.

A need is `required` when losing it could change state, action or rule; such data must be given or the
call is refused (412). The others feed notes and vetoes: without them the card says what was not checked.
`keep` is how many of the newest values of each measure the rules can look at; None means all of them,
because treatment lines reach back to the first baseline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """One prefetch key: a resource type, and the concepts wanted of it (empty: the whole type)."""

    key: str
    resource: str
    concepts: tuple[str, ...]
    required: bool
    keep: int | None
    why: str


NEEDS: tuple[Need, ...] = (
    Need("patient", "Patient", (), True, None, "age, sex, identity"),
    Need("conditions", "Condition", (), True, None, "which disease, scope, pregnancy, infection, malignancy, relapses"),
    Need("statements", "MedicationStatement", (), True, None, "treatment lines"),
    Need("requests", "MedicationRequest", (), True, None, "treatment lines"),
    Need("administrations", "MedicationAdministration", (), True, None, "infusions: treatment lines and doses"),
    Need("proteinuria", "Observation", ("proteinuria_24h", "upcr"), True, None, "response, relapse, resistance"),
    Need("kidney-function", "Observation", ("creatinine", "egfr", "albumin"), True, None, "trend, toxicity, response"),
    Need(
        "antibodies",
        "Observation",
        ("anti_pla2r_elisa", "anti_pla2r_iif", "pla2r_stain", "anti_rituximab_ab", "anti_dsdna", "c3", "c4"),
        True,
        None,
        "immunologic remission and resistance, complement at a flare",
    ),
    Need(
        "drug-levels",
        "Observation",
        ("tacrolimus_trough", "cyclosporine_trough", "cd19_count", "igg", "wbc", "neutrophils"),
        True,
        60,
        "adequacy of a line, holds before the next",
    ),
    Need(
        "biopsy-findings",
        "Observation",
        (
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
        True,
        20,
        "lupus nephritis class, scarring, thrombotic microangiopathy",
    ),
    Need(
        "patient-reported",
        "Observation",
        ("adherence", "fertility_wish", "cyc_cumulative_prior"),
        False,
        10,
        "adherence before resistance, wish for children, earlier cyclophosphamide",
    ),
    Need("procedures", "Procedure", ("kidney_biopsy", "dialysis", "kidney_transplant"), False, None, "biopsy, scope"),
    Need("allergies", "AllergyIntolerance", (), False, None, "vetoes"),
    Need("screening", "Observation", ("hbsag", "anti_hbc", "hcv_ab", "hiv", "pregnancy_test"), False, 5, "holds"),
    Need(
        "vital-signs",
        "Observation",
        ("sbp", "dbp", "blood_pressure_panel", "weight", "height", "bsa"),
        False,
        5,
        "blood pressure for the CNI veto",
    ),
)

KEEP: Mapping[str, int | None] = {concept: need.keep for need in NEEDS for concept in need.concepts}

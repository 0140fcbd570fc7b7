"""Why safety removed a class (clinical-spec 7.2): `short` fits a clause, `sentence` explains."""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.cards.escape import chart_text


@dataclass(frozen=True, slots=True)
class VetoWording:
    """Both forms of one reason."""

    short: str
    sentence: str


VETOES: dict[str, VetoWording] = {
    "PREGNANCY": VetoWording("pregnancy", "Pregnancy is on record."),
    "MALIGNANCY": VetoWording("active malignancy", "An active malignancy is on record."),
    "INTOLERANCE": VetoWording("intolerance", "It was stopped for intolerance, or an intolerance is on record."),
    "ALLERGY": VetoWording("allergy", "An allergy is on record."),
    "CUMULATIVE_DOSE": VetoWording(
        "lifetime dose", "Another course would pass the lifetime ceiling of 36 g cyclophosphamide (C-08)."
    ),
    "FERTILITY": VetoWording(
        "wish for children", "With a wish for children another course would pass 10 g cyclophosphamide."
    ),
    "EGFR": VetoWording("eGFR too low", "eGFR is below the floor for this class."),
    "BLOOD_PRESSURE": VetoWording("blood pressure", "Blood pressure is above 165 systolic or 105 diastolic."),
    "FAILED": VetoWording("already failed", "It has already failed in this patient."),
    "INFECTION": VetoWording("serious infection", "A serious infection is active."),
}


def veto_wording(reason: str) -> VetoWording:
    """The wording of a reason; one without an entry is said in its own word."""
    known = VETOES.get(reason)
    if known:
        return known
    plain = chart_text(reason.replace("_", " ").lower(), 40)
    return VetoWording(plain, f"Ruled out: {plain}.")

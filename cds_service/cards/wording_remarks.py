"""Remarks of a guideline that limit an answer without changing it; other remarks are shown as they come."""

from __future__ import annotations

REMARKS: dict[str, str] = {
    "PROBLEM_LIST_REMISSION_CONTRADICTED": "The problem list says remission; proteinuria says otherwise and decides.",
    "VERIFICATION_NOT_STATED": "The diagnosis is recorded without saying whether it is confirmed; taken as confirmed.",
    "INFUSION_DOSE_ASSUMED": "An anti-CD20 infusion is recorded without a dose; counted as a standard one (1 g).",
    "INFUSIONS_NOT_DOCUMENTED": "Anti-CD20 therapy is recorded without its infusions; exposure was taken as adequate.",
    "LINE_START_IMPRECISE": "The day a drug was begun is not recorded; counted from the last day it can be. Check it.",
    "RELAPSE_UNDATED": "A relapse on the problem list has no exact day; where it matters it counts as an earlier one.",
    "LINE_END_NOT_STATED": "A drug record says that it ended but not when; only its first day is counted. Check it.",
    "DRUG_KNOWN_FROM_TEXT_ONLY": "A drug was recognised by its name only, without a code; check that it was meant.",
    "MIXED_RELEASES": "The records came in two releases of FHIR, R4 and R5; each was read by its own release.",
    "MIXED_PROTEINURIA_METHODS": "24-hour proteinuria and UPCR are compared (1 g/g counted as 1 g/d).",
}

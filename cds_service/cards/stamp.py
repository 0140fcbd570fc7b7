"""What a card must carry besides the assessment: who asked, which versions answered, and what the site allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cds_service.cards.approval import NOT_SIGNED, Approval
from cds_service.guideline.assessment import Severity

FhirVersion = Literal["R4", "R4B", "R5"]


# Not frozen: one is made for every call, and a frozen one is three times as dear to make. Nobody changes one.
@dataclass(slots=True)
class Stamp:
    """The circumstances of one call, as plain values.

    `indicator_cap` is the highest indicator a client may be shown (contract section 3: `warning` on patient-view).
    `smart_app` True adds the `smart` link to `{public_base_url}/launch`. `changed_thresholds` names the site's own
    thresholds, which the card says aloud. `quiet_rules` are rule ids the site has silenced (ruling R-01).
    `fhir_version` is the client's: drafts are written in it. `approval` is the site's sign-off of the knowledge.
    """

    service_version: str
    knowledge_version: str
    mappings_version: str
    hook_instance: str
    patient_id: str
    public_base_url: str
    indicator_cap: Severity = "warning"
    smart_app: bool = False
    changed_thresholds: tuple[str, ...] = ()
    quiet_rules: frozenset[str] = frozenset()
    fhir_version: FhirVersion = "R4"
    approval: Approval = NOT_SIGNED

    def of_call(self, hook_instance: str, patient_id: str, fhir_version: FhirVersion) -> Stamp:
        """The stamp of one call: the same service, somebody's question about somebody."""
        return Stamp(
            self.service_version,
            self.knowledge_version,
            self.mappings_version,
            hook_instance,
            patient_id,
            self.public_base_url,
            self.indicator_cap,
            self.smart_app,
            self.changed_thresholds,
            self.quiet_rules,
            fhir_version,
            self.approval,
        )

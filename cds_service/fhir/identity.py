"""Patient identity is a gate, not a filter at the end (reliability-security decision 4, cases PAT-01 to PAT-18)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.errors import PatientMismatch
from cds_service.fhir.bins import Bins, Resource
from cds_service.fhir.prefetch_data import Opened

OTHER_PATIENT = "OTHER_PATIENT"
NO_SUBJECT = "NO_SUBJECT"

_MISMATCH = "The prefetched data belong to another patient than context.patientId."
_REFERENCE = re.compile(
    r"(?:(?P<server>https?://[^\s?#]+)/)?Patient/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?",
    re.ASCII,
)
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Gate:
    """Who the chart may be about. `accepted` are the spellings that need no closer look."""

    patient_id: str
    server: str
    accepted: frozenset[str]

    def fault(self, subject: Any) -> str:
        """Empty when the subject is the patient, else OTHER_PATIENT or NO_SUBJECT.

        Ids are compared to the letter: `PAT-A` is not `pat-a` (PAT-18). A Group, a Device or a
        reference that names nobody we can tell is NO_SUBJECT: it cannot be shown to be this patient's.
        """
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if not isinstance(reference, str) or len(reference) > _LONGEST:
            return NO_SUBJECT
        if reference in self.accepted:
            return ""
        named = _REFERENCE.fullmatch(reference)
        if named is None:
            return NO_SUBJECT
        server = named["server"]
        ours = named["id"] == self.patient_id and (not server or not self.server or _spelled(server) == self.server)
        return "" if ours else OTHER_PATIENT


def gate_for(patient_id: str, fhir_server: str | None, opened: Iterable[Opened]) -> Gate:
    """The gate of one call; refuses a Patient or an Encounter of somebody else at once.

    An entry's fullUrl counts as a name of the patient, so that `urn:uuid:` references resolve.
    Errors: PatientMismatch.
    """
    accepted = {f"Patient/{patient_id}"}
    encounters: list[Resource] = []
    for key in opened:
        by_kind = key.by_kind
        if "Patient" in by_kind and any(patient.get("id") != patient_id for patient in by_kind["Patient"]):
            raise PatientMismatch(_MISMATCH, expression="prefetch")
        if "Encounter" in by_kind:
            encounters += by_kind["Encounter"]
        if key.full_urls:
            accepted.update(url for url, resource in key.full_urls if _names_patient(url, resource, patient_id))
    gate = Gate(patient_id, _spelled(fhir_server) if fhir_server else "", frozenset(accepted))
    # DSTU2 said `patient` where R4 says `subject`.
    if any(gate.fault(encounter.get("subject", encounter.get("patient"))) == OTHER_PATIENT for encounter in encounters):
        raise PatientMismatch(_MISMATCH, expression="prefetch")
    return gate


def own_resources(
    gate: Gate, opened: Iterable[Opened], subjects: Mapping[str, str], bins: Bins
) -> dict[str, list[Resource]]:
    """The resources of these kinds that are the patient's, by kind; strays go to their bin.

    `subjects` names, by kind, the element that says whose it is.
    Errors: PatientMismatch when nothing is the patient's, or when all of several resources under one
    key are somebody else's: then it was a search for another patient, not a stray (PAT-10).
    """
    own: dict[str, list[Resource]] = {kind: [] for kind in subjects}
    strays = 0
    for key in opened:
        ours, faults = 0, []
        for kind, resources in key.by_kind.items():
            if kind in subjects:
                faulty = _let_in(gate, resources, subjects[kind], own[kind], bins)
                ours += len(resources) - len(faulty)
                faults += faulty
        if not ours and faults.count(OTHER_PATIENT) > 1:
            raise PatientMismatch(_MISMATCH, expression="prefetch")
        strays += len(faults)
    if strays and not any(own.values()):
        raise PatientMismatch(_MISMATCH, expression="prefetch")
    return own


def _let_in(gate: Gate, resources: Sequence[Resource], element: str, own: list[Resource], bins: Bins) -> list[str]:
    accepted, faults = gate.accepted, []
    for resource in resources:
        subject = resource.get(element)
        try:
            fault = "" if subject["reference"] in accepted else gate.fault(subject)  # type: ignore[index]
        except (KeyError, TypeError):
            fault = gate.fault(subject)
        if fault:
            faults.append(fault)
            bins.set_aside(resource, fault)
        else:
            own.append(resource)
    return faults


def _names_patient(url: str, resource: Resource, patient_id: str) -> bool:
    """A fullUrl that names this patient. One that names another id is no alias, whatever it is written on."""
    is_patient = resource["resourceType"] == "Patient"
    return is_patient and (url.startswith(("urn:uuid:", "urn:oid:")) or url.endswith(f"/Patient/{patient_id}"))


def _spelled(server: str) -> str:
    """A base URL with scheme and host in small letters and no slash at the end."""
    scheme, _, rest = server.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/")

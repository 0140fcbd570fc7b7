"""Patient identity is a gate, not a filter at the end (reliability-security decision 4, cases PAT-01 to PAT-18)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

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


class Gate(NamedTuple):
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
        for patient in by_kind.get("Patient", ()):
            if patient.get("id") != patient_id:
                raise PatientMismatch(_MISMATCH, expression="prefetch")
        if "Encounter" in by_kind:
            encounters += by_kind["Encounter"]
        for url, resource in key.full_urls:
            if _names_patient(url, resource, patient_id):
                accepted.add(url)
    gate = Gate(patient_id, _spelled(fhir_server) if fhir_server else "", frozenset(accepted))
    # DSTU2 said `patient` where R4 says `subject`.
    for encounter in encounters:
        if gate.fault(encounter.get("subject", encounter.get("patient"))) == OTHER_PATIENT:
            raise PatientMismatch(_MISMATCH, expression="prefetch")
    return gate


def own_resources(
    gate: Gate, opened: Iterable[Opened], subjects: Mapping[str, str], bins: Bins
) -> dict[str, list[Resource]]:
    """The resources of these kinds that are the patient's, by the kinds that came; strays go to their bin.

    `subjects` names, by kind, the element that says whose it is.
    Errors: PatientMismatch when nothing is the patient's, or when nothing under one key is and something is
    somebody else's: then it was a search for another patient, not a stray among the patient's own (PAT-02, PAT-10).
    """
    own: dict[str, list[Resource]] = {}
    strays = 0
    for key in opened:
        ours, faults = 0, []
        for kind, resources in key.by_kind.items():
            if kind in subjects:
                faulty = _let_in(gate, resources, subjects[kind], own.setdefault(kind, []), bins)
                ours += len(resources) - len(faulty)
                faults += faulty
        if not ours and OTHER_PATIENT in faults:
            raise PatientMismatch(_MISMATCH, expression="prefetch")
        strays += len(faults)
    if strays and not any(own.values()):
        raise PatientMismatch(_MISMATCH, expression="prefetch")
    return own


def _let_in(gate: Gate, resources: Sequence[Resource], element: str, own: list[Resource], bins: Bins) -> list[str]:
    faults: list[str] = []
    try:
        if {resource[element]["reference"] for resource in resources} <= gate.accepted:
            own += resources
            return faults
    except (KeyError, TypeError):
        pass
    for resource in resources:
        fault = gate.fault(resource.get(element))
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

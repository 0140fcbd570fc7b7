"""One prefetch to one chart: opened, shown to be the patient's, selected, validated, and every resource binned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from cds_service.fhir.allergens import select_allergies
from cds_service.fhir.bins import Bins, Resource, Unread, reference_of
from cds_service.fhir.candidates import Candidate, with_status
from cds_service.fhir.codes import FindName, Knows, Memory, meanings_by
from cds_service.fhir.copies import without_copies
from cds_service.fhir.fifth_shapes import FIFTH, MOVED
from cds_service.fhir.identity import gate_for, own_resources
from cds_service.fhir.medication_references import Medications, medications_of
from cds_service.fhir.prefetch_data import Opened, State, open_key
from cds_service.fhir.reason_references import Reasons
from cds_service.fhir.releases import DEFAULT, FhirVersion, Release, release_by_results, release_of
from cds_service.fhir.resources import read_patient
from cds_service.fhir.selection import select_coded, select_drugs, select_observations
from cds_service.fhir.shapes import SHAPES
from cds_service.fhir.validation import Read, validated

_SUBJECTS: Mapping[str, str] = {kind: shape.subject for kind, shape in SHAPES.items()}
_MEDICATIONS = ("MedicationStatement", "MedicationRequest", "MedicationAdministration")
_BINNED_BY_NAME = frozenset(_SUBJECTS) | {"Patient"}
_CODED = ("Condition", "Procedure")


class ChartData(NamedTuple):
    """What can be read of one chart.

    `resources` holds, by type, (reference, fhir.resources model) of what passed, for the mappings to
    read. The rest is in bins: `unread` with reasons, `superseded`, `not_relevant`; with what is
    handed on, and `supporting` (Medications that a handed-on record points at), they add up to `total`.
    `opened` says what came under each prefetch key, `repairs` counts by name what was mended, and `merged`
    says that the patient record was replaced by another. `fhir_version` is the client's, `mixed_releases` says that
    not everything was written in it.
    """

    patient: Any | None
    patient_reference: str
    resources: Mapping[str, tuple[Read, ...]]
    unread: tuple[Unread, ...]
    superseded: tuple[str, ...]
    supporting: tuple[str, ...]
    not_relevant: int
    total: int
    opened: Mapping[str, Opened]
    repairs: Mapping[str, int]
    merged: bool = False
    fhir_version: FhirVersion = DEFAULT
    mixed_releases: bool = False
    set_aside: int = 0
    told_twice: Collection[str] = ()

    @property
    def states(self) -> dict[str, State]:
        """The state of every prefetch key."""
        return {key: value.state for key, value in self.opened.items()}

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The prefetch keys of which there is more than came."""
        return tuple(key for key, value in self.opened.items() if value.incomplete)

    @property
    def warnings(self) -> int:
        """How many OperationOutcomes came that are no error."""
        return sum([key.warnings for key in self.opened.values()])


def read_chart(
    prefetch: Mapping[str, Any],
    patient_id: str,
    *,
    knows: Knows,
    keep: Mapping[str, int | None],
    on: date,
    fhir_server: str | None = None,
    names: FindName | None = None,
    told_version: str | None = None,
) -> ChartData:
    """Read the chart of one patient.

    `knows(system, code)` says what a code means, `names(text)` which drug a text names, `keep` how many
    newest values of a measure are enough (None: all); after `on` lies the future. `told_version` is the
    `fhirVersion` that the server says of itself, or the name of a release.
    Errors: PatientMismatch, UnsupportedRelease.
    """
    opened = {key: open_key(value) for key, value in prefetch.items()}
    keys = [key for key in opened.values() if key.by_kind or key.unusable]
    gate = gate_for(patient_id, fhir_server, keys)
    release = release_of(keys, told_version)
    bins = Bins()
    patient, patients = _read_patient(keys, bins)
    own = own_resources(gate, keys, _SUBJECTS, bins)
    reasons = Reasons(own.get("Condition", ()), keys, (fhir_server or "").rstrip("/"))
    candidates = _selected(own, meanings_by(knows), medications_of(keys, fhir_server), reasons, names, bins)
    if not release.said:
        release = release_by_results(candidate.resource for candidate in candidates)
    resources = validated(candidates, keep, on, patient_id, bins, FIFTH if release.version == "R5" else MOVED)
    _bin_the_rest(keys, bins)
    return _chart(
        bins,
        release,
        patient=patient,
        patient_reference=reference_of(patients[0]) if patients else "",
        resources=resources,
        opened=opened,
        merged=any(map(_is_merged, patients)),
    )


def _chart(bins: Bins, release: Release, **read: Any) -> ChartData:
    return ChartData(
        unread=tuple(bins.unread),
        superseded=tuple(bins.superseded),
        supporting=tuple(bins.supporting),
        not_relevant=bins.not_relevant,
        total=bins.total,
        repairs=dict(bins.repairs),
        fhir_version=release.version,
        mixed_releases=release.mixed,
        set_aside=bins.aside,
        told_twice=bins.told_twice,
        **read,
    )


def _selected(
    own: Mapping[str, list[Resource]],
    known: Memory,
    medications: Medications,
    reasons: Reasons,
    names: FindName | None,
    bins: Bins,
) -> list[Candidate]:
    candidates = select_observations(own.get("Observation", ()), known, bins)
    for kind in _CODED:
        if kind in own:
            candidates += select_coded(own[kind], known, bins)
    if "AllergyIntolerance" in own:
        candidates += select_allergies(own["AllergyIntolerance"], known, names, bins)
    for kind in _MEDICATIONS:
        if kind in own:
            candidates += select_drugs(own[kind], known, medications.concept_of, names, bins, reasons.with_reasons)
    if reasons.told:
        # A problem that only says for what a drug was given is kept with it. It was counted as not relevant.
        bins.supporting += sorted(reasons.told.difference(reference_of(found.resource) for found in candidates))
    return with_status(without_copies(candidates, bins), bins)


def _read_patient(keys: Iterable[Opened], bins: Bins) -> tuple[Any | None, list[Resource]]:
    patients = [patient for key in keys for patient in key.by_kind.get("Patient", ())]
    if not patients:
        return None, []
    bins.superseded += [reference_of(copy) for copy in patients[1:]]
    patient = read_patient(patients[0], bins.repairs)
    if patient is None:
        bins.set_aside(patients[0], "UNREADABLE")
    return patient, patients


def _bin_the_rest(keys: Iterable[Opened], bins: Bins) -> None:
    """The count, resource types that no rule reads, Medications nobody points at, entries without a resource."""
    others = 0
    for key in keys:
        bins.total += key.unusable
        for kind, resources in key.by_kind.items():
            bins.total += len(resources)
            if kind not in _BINNED_BY_NAME:
                others += len(resources)
        if key.unusable:
            bins.unread += [Unread("Bundle.entry", "UNREADABLE")] * key.unusable
            bins.aside += key.unusable
    bins.not_relevant += others - len(bins.supporting)


def _is_merged(patient: Resource) -> bool:
    links = patient.get("link")
    if not isinstance(links, list):
        return False
    return any(isinstance(link, dict) and link.get("type") == "replaced-by" for link in links)

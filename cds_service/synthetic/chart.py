"""One invented chart, written in FHIR R4 as it grows. Days count from the index day, negative is the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from cds_service.synthetic import codes
from cds_service.synthetic.codes import Coding

Resource = dict[str, Any]
_YEAR = 365.25


@dataclass(slots=True)
class Chart:
    """Every method adds what a laboratory, a ward or a clinic would write."""

    patient: str
    on: date
    dice: Random
    site: str
    sex: str = "female"
    age: int = 50
    resources: list[Resource] = field(default_factory=list)

    def begin(self) -> None:
        """The patient's own record."""
        born = self.on - timedelta(days=int(self.age * _YEAR) + 40 + self.dice.randrange(200))
        self.resources.append(
            {
                "resourceType": "Patient",
                "id": self.patient,
                "meta": self._meta(0),
                "active": True,
                "name": [{"use": "official", "text": f"Invented {self.patient}"}],
                "gender": self.sex,
                "birthDate": born.isoformat(),
                "managingOrganization": {"reference": f"Organization/{self.site}"},
            }
        )

    def day(self, offset: int) -> str:
        """The date of a day."""
        return (self.on + timedelta(days=offset)).isoformat()

    def problem(self, name: str, onset: int, verification: str = "confirmed") -> None:
        """An active problem."""
        self._add(
            "Condition",
            onset,
            clinicalStatus=codes.status_concept("condition-clinical", "active"),
            verificationStatus=codes.status_concept("condition-ver-status", verification),
            category=[codes.status_concept("condition-category", "problem-list-item")],
            code=codes.concept_of(codes.PROBLEMS[name][0]),
            subject=self._subject(),
            onsetDateTime=self.day(onset),
            recordedDate=self.day(onset),
        )

    def lab(self, name: str, *values: tuple[int, float]) -> None:
        """A measure on some days."""
        lab = codes.LABS[name]
        for day, value in values:
            number = round(value, lab.digits)
            quantity: Resource = {"value": int(number) if not lab.digits else number, "unit": lab.unit}
            if lab.ucum:
                quantity |= {"system": codes.UCUM, "code": lab.ucum}
            coding = {"system": codes.LOINC, "code": lab.code, "display": lab.name}
            self._observe(coding, day, valueQuantity=quantity)

    def finding(self, concept: str, day: int, word: str) -> None:
        """An answer that is a word."""
        self._observe(codes.finding(concept), day, valueCodeableConcept={"text": word})

    def biopsy(self, day: int) -> None:
        """A kidney biopsy."""
        self._add(
            "Procedure",
            day,
            status="completed",
            code=codes.concept_of(codes.BIOPSY),
            subject=self._subject(),
            performedDateTime=self.day(day),
        )

    def taken(self, drug: str, start: int, end: int | None = None, milligrams: float = 0, reason: str = "") -> None:
        """A drug taken daily; `reason` is why it ended."""
        period = {"start": self.day(start)} | ({} if end is None else {"end": self.day(end)})
        record: Resource = {"status": "active" if end is None else "stopped" if reason else "completed"}
        if reason:
            record["statusReason"] = [
                {"coding": [{"system": codes.LINE_END, "code": reason}], "text": reason.replace("-", " ")}
            ]
        record |= {"medicationCodeableConcept": codes.concept_of(codes.DRUGS[drug][0]), "subject": self._subject()}
        record |= {"effectivePeriod": period, "dateAsserted": self.day(start)}
        if milligrams:
            dose = {"value": milligrams, "unit": "mg", "system": codes.UCUM, "code": "mg"}
            timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
            record["dosage"] = [{"timing": timing, "doseAndRate": [{"doseQuantity": dose}]}]
        self._add("MedicationStatement", start, **record)

    def infused(self, drug: str, milligrams: float, *days: int) -> None:
        """Infusions."""
        dose = {"value": milligrams, "unit": "mg", "system": codes.UCUM, "code": "mg"}
        for day in days:
            self._add(
                "MedicationAdministration",
                day,
                status="completed",
                medicationCodeableConcept=codes.concept_of(codes.DRUGS[drug][0]),
                subject=self._subject(),
                effectiveDateTime=self.day(day),
                dosage={"dose": dose},
            )

    def visits(self, days: Iterable[int]) -> None:
        """What every visit leaves behind: the encounter, blood pressure, and laboratory values that no rule reads."""
        for day in days:
            self._add(
                "Encounter",
                day,
                status="finished",
                **{"class": {"system": f"{codes.TERMINOLOGY}/v3-ActCode", "code": "AMB"}},
                subject=self._subject(),
                period={"start": f"{self.day(day)}T09:00:00Z", "end": f"{self.day(day)}T09:20:00Z"},
            )
            for code, name, unit, low, high in codes.ROUTINE:
                quantity = {"value": round(self.dice.uniform(low, high), 1), "unit": unit}
                self._observe({"system": codes.LOINC, "code": code, "display": name}, day, valueQuantity=quantity)

    def _observe(self, coding: Coding, day: int, **value: Any) -> None:
        self._add(
            "Observation",
            day,
            status="final",
            category=[codes.status_concept("observation-category", "laboratory")],
            code=codes.concept_of(coding),
            subject=self._subject(),
            effectiveDateTime=f"{self.day(day)}T08:{self.dice.randrange(10, 60)}:00Z",
            issued=f"{self.day(day)}T15:00:00.000Z",
            performer=[{"reference": f"Organization/{self.site}"}],
            **value,
        )

    def _add(self, kind: str, day: int, **members: Any) -> None:
        identifier = f"{self.patient}-{len(self.resources):03d}"
        self.resources.append({"resourceType": kind, "id": identifier, "meta": self._meta(day), **members})

    def _meta(self, day: int) -> Resource:
        return {"versionId": "1", "lastUpdated": f"{self.day(min(day, 0))}T18:00:00.000Z"}

    def _subject(self) -> Mapping[str, str]:
        return {"reference": f"Patient/{self.patient}"}

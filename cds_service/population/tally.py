"""What the report is drawn from, counted while the charts are judged: counters that can be added up over heaps.

A counter's key is a tuple of words; on the way to the report it travels as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from cds_service.case.model import Case
from cds_service.fhir.codes import codings_of
from cds_service.population.judged import Judged
from cds_service.population.rows import Row

Counters = dict[str, Counter[tuple[str, ...]]]

MOST_STEPS = 4
_UNMAPPED = "CODE_UNMAPPED"
_LONGEST = 80
_DRUG_KEYS = ("medicationCodeableConcept", "medication")
# Elements of a chart with the measures that fill them and for how many days (clinical-spec 2.1); 0: at any time.
ELEMENTS: Mapping[str, Mapping[str, tuple[tuple[str, ...], int]]] = {
    "MN": {
        "proteinuria": (("proteinuria_24h", "upcr"), 90),
        "eGFR or creatinine": (("egfr", "creatinine"), 90),
        "albumin": (("albumin",), 90),
        "anti-PLA2R": (("anti_pla2r_elisa", "anti_pla2r_iif"), 120),
        "B cells": (("cd19_count",), 180),
        "IgG": (("igg",), 180),
        "hepatitis B": (("hbsag", "anti_hbc"), 365),
    },
    "LN": {
        "UPCR": (("proteinuria_24h", "upcr"), 90),
        "eGFR or creatinine": (("egfr", "creatinine"), 90),
        "class of nephritis": (("ln_class",), 0),
        "complement": (("c3", "c4"), 120),
        "anti-dsDNA": (("anti_dsdna",), 120),
        "IgG": (("igg",), 180),
        "hepatitis B": (("hbsag", "anti_hbc"), 365),
    },
}
OF_EVERYBODY = ("birth date", "sex", "verified diagnosis", "treatment line")


class Tally:
    """Add the patients of a heap, then ask for the counters."""

    def __init__(self) -> None:
        self._counters: Counters = {}

    def add(self, row: Row, judged: Judged) -> None:
        """One patient with one disease."""
        disease = row["disease"]
        self.count("states", disease, row["state"])
        self.count("rules", disease, row["rule"], row["state"], row["action"])
        self.count("actions", disease, row["action"])
        self.count("severity", row["severity"] if row["card"] else "none")
        for name in ("notes", "missing"):
            for word in row[name]:
                self.count(name, disease, word)
        self._count_lines(disease, row["lines"])
        self._count_elements(disease, row["site"], judged.found.case, row, judged)
        self._count_unmapped(judged)

    def count(self, name: str, *key: str, times: int = 1) -> None:
        """One more of a counter."""
        counter = self._counters.setdefault(name, Counter())
        counter[key] += times

    def told(self) -> dict[str, list[list[Any]]]:
        """The counters, for JSON."""
        return {
            name: [[*key, number] for key, number in sorted(counter.items())]
            for name, counter in sorted(self._counters.items())
        }

    def _count_lines(self, disease: str, lines: Iterable[Row]) -> None:
        before = "diagnosis"
        for step, line in enumerate(lines, start=1):
            if step > MOST_STEPS:
                break
            after = f"{step} {' + '.join(line['classes'])}"
            self.count("lines", disease, before, after)
            self.count("outcomes", disease, " + ".join(line["classes"]), line["outcome"])
            before = after

    def _count_elements(self, disease: str, site: str, case: Case, row: Row, judged: Judged) -> None:
        today = date.fromisoformat(row["asOf"]).toordinal()
        for element, (measures, days) in ELEMENTS[disease].items():
            last = max(_days_of(case, measures), default=0)
            there = last > 0 and (not days or today - last <= days)
            self.count("elements", disease, element, site, "there" if there else "missing")
        said = (
            case.patient.born is not None,
            case.patient.sex != "unknown",
            any(condition.verification == "confirmed" for condition in case.conditions),
            bool(row["lines"]),
        )
        for element, there in zip(OF_EVERYBODY, said, strict=True):
            self.count("elements", disease, element, site, "there" if there else "missing")

    def _count_unmapped(self, judged: Judged) -> None:
        """Codes that looked like something a rule reads and are in no table. Free text stays where it is."""
        aside = {item.resource: item for item in judged.found.case.set_aside}
        for reason in Counter([item.reason for item in judged.found.case.set_aside]).items():
            self.count("set aside", reason[0], times=reason[1])
        wanted = {resource: item.concept for resource, item in aside.items() if item.reason == _UNMAPPED}
        for resource in judged.chart.resources if wanted else ():
            concept = wanted.get(f"{resource['resourceType']}/{resource.get('id')}")
            if concept is not None:
                for system, code, display in _codings(resource):
                    self.count("unmapped", resource["resourceType"], concept, system, code, display)


def merged(parts: Iterable[Mapping[str, list[list[Any]]]]) -> Counters:
    """The counters of many heaps added up."""
    found: Counters = {}
    for part in parts:
        for name, rows in part.items():
            counter = found.setdefault(name, Counter())
            for *key, number in rows:
                counter[tuple(key)] += number
    return found


def _days_of(case: Case, measures: Iterable[str]) -> Iterator[int]:
    for measure in measures:
        for series in (case.series(measure), case.answers(measure)):
            if series:
                yield series[-1].day


def _codings(resource: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    concept = next((resource[key] for key in ("code", *_DRUG_KEYS) if key in resource), None)
    codings = codings_of(concept)
    for coding in codings:
        told = (coding.get(name) for name in ("system", "code", "display"))
        system, code, display = (part[:_LONGEST] if isinstance(part, str) else "" for part in told)
        yield system, code, display
    if not codings:
        yield "", "", "(text only)"

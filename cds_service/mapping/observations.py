"""Observations to dated numbers and dated answers (clinical-spec 2.1, R-14 to R-20; terminology.md 3.2).

One observation can hold several results (components), and each is read on its own. What cannot be read
is set aside with its reason; nothing is guessed, and a missing value is never zero or normal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cds_service.case.model import Day, Finding, Quantity, SetAside
from cds_service.mapping.concepts import Concept
from cds_service.mapping.dates import Taken, taken, written_instant
from cds_service.mapping.lupus_class import lupus_class
from cds_service.mapping.quantities import (
    VALUE_UNREADABLE,
    Written,
    comparator,
    converted,
    written_integer,
    written_quantity,
    written_text,
)
from cds_service.mapping.readings import About, Fact, Reading, about, refused
from cds_service.mapping.terminology import Meaning, Terminology

# BCP and immunometric assays read about 5 g/L lower than BCG in nephrosis (clinical-spec 2.1, C-11).
BCG_OFFSET = 5.0
_READS_LOW = frozenset({"BCP", "immunometric"})
_ELISA, _IIF = "anti_pla2r_elisa", "anti_pla2r_iif"
_CASTS, _SEDIMENT = "urine_rbc_casts", "sediment_active"
_NUMBERS = ("valueQuantity", "valueInteger", "valueString")
_WORDS = ("valueCodeableConcept", "valueString", "valueBoolean")
_OTHER_VALUES = ("valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod")
_BY_ISSUE = " (dated by its release)"


def read_observation(source: str, observation: Any, terminology: Terminology, today: Day) -> Reading:
    """One validated Observation whose status counts."""
    whole = about(observation.code, terminology)
    if whole.fault and whole.meaning is not None:
        return refused(source, whole.fault, concept=whole.meaning.concept)
    if whole.distracted and whole.meaning is not None:
        # One coding says it is the measure, another that it only looks like it.
        return refused(source, "CODE_CONFLICT", concept=whole.meaning.concept)
    when = taken(observation, today)
    if when.fault:
        concept = whole.meaning.concept if whole.meaning else ""
        return refused(source, when.fault, concept=concept, day=when.day or None)
    issued = written_instant(observation.issued)
    facts: list[Fact] = []
    set_aside: list[SetAside] = []
    for part, meant, meaning in _parts(observation, whole, terminology):
        measure = terminology.concepts[meaning.concept]
        result_of = _Part(source, part, meant, meaning, measure, when, issued, observation.method, terminology)
        for result in result_of.read():
            if isinstance(result, SetAside):
                set_aside.append(result)
            else:
                facts.append(result)
    return Reading(source, tuple(facts), tuple(set_aside))


def _parts(observation: Any, whole: About, terminology: Terminology) -> Iterator[tuple[Any, About, Meaning]]:
    """The observation itself where it holds a value, or where it has no components to hold one; then these."""
    components = observation.component or ()
    if whole.meaning is not None and (not components or _has_value(observation)):
        yield observation, whole, whole.meaning
    for component in components:
        meant = about(component.code, terminology)
        if meant.meaning is not None:
            yield component, meant, meant.meaning


def _has_value(part: Any) -> bool:
    return part.valueQuantity is not None or any(
        getattr(part, name) is not None for name in (*_NUMBERS, *_WORDS, *_OTHER_VALUES)
    )


@dataclass(slots=True)
class _Part:
    """One result: an observation, or one of its components with the date and the method of the whole."""

    source: str
    part: Any
    about: About
    meaning: Meaning
    concept: Concept
    when: Taken
    issued: str
    method: Any
    terminology: Terminology

    def read(self) -> Iterator[Fact | SetAside]:
        """The facts of this result, or why there is none."""
        part, values = self.part, self.concept.values
        is_number = "quantity" in values
        if "Observation" not in self.concept.resources or not (is_number or "word" in values):
            return
        if self.about.fault:
            yield self._refused(self.about.fault)
        elif part.dataAbsentReason is not None or not (_has_value(part) or part.interpretation):
            yield self._refused("VALUE_ABSENT")
        elif is_number:
            yield from self._number()
        else:
            word = self._word(self.concept)
            yield self._refused(VALUE_UNREADABLE) if word is None else self._finding(self.concept.key, word)

    def _number(self) -> Iterator[Fact | SetAside]:
        written = self._written()
        if written is None:
            yield from self._answer_to_a_number()
            return
        found = converted(written, self.concept, self.meaning, self.terminology)
        if found.fault:
            yield self._refused(found.fault, str(written))
            return
        method = self._albumin_method() if self.concept.key == "albumin" else ""
        yield Quantity(
            measure=self.concept.key,
            day=self.when.day,
            value=found.value + (BCG_OFFSET if method in _READS_LOW else 0.0),
            unit=self.concept.unit,
            source=self.source,
            stated=f"{written}{_BY_ISSUE if self.when.by_issue else ''}",
            bound=comparator(written),
            issued=self.issued,
            method=method,
        )
        if self.concept.key == _CASTS and found.value > 0 and written.bound in ("", ">", ">="):
            yield self._finding(_SEDIMENT, "positive")

    def _answer_to_a_number(self) -> Iterator[Fact | SetAside]:
        """A word where a number belongs. Of an anti-PLA2R it is read as the qualitative test (section 12 bridge)."""
        concept = self.terminology.concepts[_IIF] if self.concept.key == _ELISA else self.concept
        word = self._word(concept) if "word" in concept.values else None
        if word is None:
            yield self._refused(VALUE_UNREADABLE)
            return
        yield self._finding(concept.key, word)
        if concept.key == _CASTS and word == "positive":
            # Casts prove an active sediment; that none were seen does not disprove it.
            yield self._finding(_SEDIMENT, "positive")

    def _written(self) -> Written | None:
        part = self.part
        if part.valueQuantity is not None:
            return written_quantity(part.valueQuantity)
        if part.valueString is not None:
            return written_text(part.valueString)
        return None if part.valueInteger is None else written_integer(part.valueInteger)

    def _word(self, concept: Concept) -> str | None:
        """The one answer given: coded, in words, as yes or no, else as interpretation POS or NEG (R-20)."""
        part, answer = self.part, self.terminology.answer
        stated = part.valueCodeableConcept
        if stated is not None:
            words = {answer(concept.key, c.code, c.system) for c in stated.coding or () if c.code and c.system} - {None}
            if words:
                return words.pop() if len(words) == 1 else None
            return self._spoken(concept, stated.text) if stated.text else None
        if part.valueString is not None:
            return self._spoken(concept, part.valueString)
        if part.valueBoolean is not None:
            return answer(concept.key, "true" if part.valueBoolean else "false")
        if any(getattr(part, name) is not None for name in _OTHER_VALUES):
            return None
        marks = [coding for mark in part.interpretation or () for coding in mark.coding or ()]
        words = {answer(concept.key, c.code, c.system) for c in marks if c.code and c.system} - {None}
        return words.pop() if len(words) == 1 else None

    def _spoken(self, concept: Concept, text: str) -> str | None:
        word = self.terminology.answer(concept.key, text)
        return lupus_class(text) if word is None and concept.key == "ln_class" else word

    def _albumin_method(self) -> str:
        """BCG, BCP or immunometric, from the code or else from what is written; empty is taken as BCG."""
        implied = dict(self.about.implies).get("method")
        if implied or self.method is None:
            return implied or ""
        names = (self.method.text, *(coding.display for coding in self.method.coding or ()))
        return next((found for name in names if name and (found := self.terminology.method(name))), "")

    def _finding(self, measure: str, word: str) -> Finding:
        return Finding(measure, self.when.day, word, self.source, self.issued)

    def _refused(self, reason: str, shown: str = "") -> SetAside:
        return SetAside(self.source, reason, self.concept.key, self.when.day, shown)

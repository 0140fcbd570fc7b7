"""Observations to dated numbers and dated answers (clinical-spec 2.1, R-14 to R-20; terminology.md 3.2).

One observation can hold several results (components), and each is read on its own. What cannot be read
is set aside with its reason; nothing is guessed, and a missing value is never zero or normal.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_OTHER_VALUES = ("valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod")
_NOT_A_QUANTITY = ("valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", *_OTHER_VALUES)
_BY_ISSUE = " (dated by its release)"


def read_observation(source: str, observation: Any, terminology: Terminology, today: Day) -> Reading:
    """One validated Observation whose status counts."""
    whole = about(observation.code, terminology)
    meaning = whole.meaning
    if meaning is not None and (whole.fault or whole.distracted):
        # Two measures at once, or one coding says it is the measure, another that it only looks like it.
        return refused(source, whole.fault or "CODE_CONFLICT", concept=meaning.concept)
    when = taken(observation, today)
    components = observation.component or ()
    if when.fault:
        named = _measures(observation, meaning, terminology)
        return Reading(source, (), tuple([SetAside(source, when.fault, key, when.day or None) for key in named]))
    if meaning is not None and whole.is_number and not components:
        number = _plain_number(source, observation, whole, meaning, when, terminology)
        if number is not None:
            return Reading(source, (number,))
    result = _Result(source, observation, when, terminology)
    # The observation itself where it holds a value, or where it has no components to hold one.
    if meaning is not None and (not components or _has_value(observation)):
        result.read(observation, whole, meaning)
    for component in components:
        meant = about(component.code, terminology)
        if meant.meaning is not None:
            result.read(component, meant, meant.meaning)
    if meaning is not None and not (result.facts or result.set_aside):
        result.say_that_it_is_empty(observation, meaning)
    return Reading(source, tuple(result.facts), tuple(result.set_aside))


def _measures(observation: Any, meaning: Meaning | None, terminology: Terminology) -> Sequence[str]:
    """What an observation is about: its components, and itself where it holds a value or has no components."""
    parts = [about(part.code, terminology).meaning for part in observation.component or ()]
    named = [part.concept for part in parts if part is not None]
    if meaning is not None and (not named or _has_value(observation)):
        named.append(meaning.concept)
    return tuple(dict.fromkeys(named)) or ("",)


def _plain_number(
    source: str, observation: Any, whole: About, meaning: Meaning, when: Taken, terminology: Terminology
) -> Quantity | None:
    """The usual result: one number that needs nothing but its factor. None sends it the long way round."""
    key, quantity = meaning.concept, observation.valueQuantity
    if quantity is None or key == _CASTS or observation.dataAbsentReason is not None:
        return None
    if key == "albumin" and (whole.implies or observation.method is not None):
        return None
    written = written_quantity(quantity)
    if written is None:
        return None
    concept = terminology.concepts[key]
    found = converted(written, concept, meaning, terminology)
    if found.fault:
        return None
    stated = f"{written}{_BY_ISSUE}" if when.by_issue else str(written)
    issued = written_instant(observation.issued)
    return Quantity(key, when.day, found.value, concept.unit, source, stated, comparator(written), issued)


def _has_value(part: Any) -> bool:
    # Most results are a quantity: the other dozen is asked only where there is none.
    return part.valueQuantity is not None or any(getattr(part, name) is not None for name in _NOT_A_QUANTITY)


class _Result:
    """What one observation says: its own value, and those of its components with its date and its method."""

    __slots__ = ("facts", "issued", "observation", "set_aside", "source", "terminology", "when")

    def __init__(self, source: str, observation: Any, when: Taken, terminology: Terminology) -> None:
        self.source, self.observation, self.when, self.terminology = source, observation, when, terminology
        self.issued = written_instant(observation.issued)
        self.facts: list[Fact] = []
        self.set_aside: list[SetAside] = []

    def read(self, part: Any, meant: About, meaning: Meaning) -> None:
        """Add the facts of the observation or of one component, or why there is none."""
        concept = self.terminology.concepts[meaning.concept]
        is_number = "quantity" in concept.values
        if "Observation" not in concept.resources or not (is_number or "word" in concept.values):
            return
        if meant.fault:
            self._refuse(concept, meant.fault)
        elif part.dataAbsentReason is not None or not (_has_value(part) or part.interpretation):
            self._refuse(concept, "VALUE_ABSENT")
        elif is_number:
            self._read_number(part, meant, meaning, concept)
        else:
            self._found(concept.key, self._word(part, concept), concept)

    def say_that_it_is_empty(self, panel: Any, meaning: Meaning) -> None:
        """A panel of ours without a component that could be read: named, like every other missing value."""
        concept = self.terminology.concepts[meaning.concept]
        if "components" in concept.values:
            self._refuse(concept, VALUE_UNREADABLE if _has_value(panel) else "VALUE_ABSENT")

    def _read_number(self, part: Any, meant: About, meaning: Meaning, concept: Concept) -> None:
        written = _written(part)
        if written is None:
            self._read_answer_to_a_number(part, concept)
            return
        found = converted(written, concept, meaning, self.terminology)
        if found.fault:
            self._refuse(concept, found.fault, str(written))
            return
        key, when = concept.key, self.when
        method = self._albumin_method(meant) if key == "albumin" else ""
        value = found.value + BCG_OFFSET if method in _READS_LOW else found.value
        stated = f"{written}{_BY_ISSUE}" if when.by_issue else str(written)
        bound = comparator(written)
        self.facts.append(Quantity(key, when.day, value, concept.unit, self.source, stated, bound, self.issued, method))
        if key == _CASTS and found.value > 0 and written.bound in ("", ">", ">="):
            self._found(_SEDIMENT, "positive", concept)

    def _read_answer_to_a_number(self, part: Any, measured: Concept) -> None:
        """A word where a number belongs. Of an anti-PLA2R it is read as the qualitative test (section 12 bridge)."""
        concept = self.terminology.concepts[_IIF] if measured.key == _ELISA else measured
        word = self._word(part, concept) if "word" in concept.values else None
        self._found(concept.key, word, measured)
        if concept.key == _CASTS and word == "positive":
            # Casts prove an active sediment; that none were seen does not disprove it.
            self._found(_SEDIMENT, "positive", concept)

    def _word(self, part: Any, concept: Concept) -> str | None:
        """The one answer given: coded, in words, as yes or no, else as interpretation POS or NEG (R-20)."""
        answer = self.terminology.answer
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

    def _albumin_method(self, meant: About) -> str:
        """BCG, BCP or immunometric, from the code or else from what is written; empty is taken as BCG."""
        implied, method = dict(meant.implies).get("method"), self.observation.method
        if implied or method is None:
            return implied or ""
        names = (method.text, *(coding.display for coding in method.coding or ()))
        return next((found for name in names if name and (found := self.terminology.method(name))), "")

    def _found(self, measure: str, word: str | None, asked: Concept) -> None:
        if word is None:
            self._refuse(asked, VALUE_UNREADABLE)
        else:
            self.facts.append(Finding(measure, self.when.day, word, self.source, self.issued))

    def _refuse(self, concept: Concept, reason: str, shown: str = "") -> None:
        self.set_aside.append(SetAside(self.source, reason, concept.key, self.when.day, shown))


def _written(part: Any) -> Written | None:
    if part.valueQuantity is not None:
        return written_quantity(part.valueQuantity)
    if part.valueString is not None:
        return written_text(part.valueString)
    return None if part.valueInteger is None else written_integer(part.valueInteger)

"""A result in another unit, with the code that belongs to it (clinical-spec 2.1, R-15, terminology.md section 4)."""

from __future__ import annotations

from random import Random

from tests.properties.spellings.chart import Resource, Spelling, one_by_one, replaced
from tests.properties.spellings.tables import Code, Unit, code_of, synonyms, unit_named, units, written_in

UCUM = "http://unitsofmeasure.org"
MICRO_SIGNS = ("\u00b5", "\u03bc")


def in_another_unit(observation: Resource, dice: Random) -> Resource | None:
    """Any accepted unit string of the measure, and the value to the last digit."""
    if "component" in observation and "valueQuantity" not in observation:
        parts = [_restated(part, dice) or part for part in observation["component"]]
        return replaced(observation, "component", component=parts) if parts != observation["component"] else None
    return _restated(observation, dice)


def with_a_micro_sign(observation: Resource, dice: Random) -> Resource | None:
    """The letter u of micro as one of the two micro signs."""
    quantity = observation.get("valueQuantity", {})
    spelled = {name: _micro(quantity[name], dice) for name in ("unit", "code") if name in quantity}
    if not spelled or all(quantity[name] == text for name, text in spelled.items()):
        return None
    return replaced(observation, "valueQuantity", valueQuantity={**quantity, **spelled})


def unit_of(quantity: Resource, concept: str) -> Unit | None:
    """The one unit that a Quantity names; None for an unknown one, and for two that differ."""
    texts = [quantity[name] for name in ("code", "unit") if name in quantity]
    known = [unit for text in texts if (unit := unit_named(concept, text)) is not None]
    return known[0] if len({unit.factor for unit in known}) == 1 else None


def _restated(part: Resource, dice: Random) -> Resource | None:
    code = code_of(part["code"])
    quantity = part.get("valueQuantity")
    unit = unit_of(quantity, code.concept) if code and quantity else None
    if code is None or quantity is None or unit is None:
        return None
    other = dice.choice(units()[code.concept])
    value = written_in(quantity["value"], unit, other)
    coded = _code_for(code, other, dice)
    if value is None or coded is None:
        return None
    changed = replaced(part, "valueQuantity", valueQuantity=_quantity(value, quantity, code.concept, other, dice))
    if coded is not code:
        changed["code"] = {"coding": [{"system": coded.system, "code": coded.code}]}
    return changed


def _code_for(code: Code, unit: Unit, dice: Random) -> Code | None:
    """The code, or one of its synonyms whose dimension goes with the unit."""
    if not unit.dimension or not code.dimension or unit.dimension == code.dimension:
        return code
    fitting = [other for other in synonyms()[code.meaning] if other.dimension == unit.dimension]
    return dice.choice(fitting) if fitting else None


def _quantity(value: float, old: Resource, concept: str, unit: Unit, dice: Random) -> Resource:
    kept = {name: old[name] for name in ("comparator",) if name in old}
    if not unit.text:
        return {**kept, "value": value}
    forms: list[Resource] = [{"unit": unit.text}]
    if " " not in unit.text:
        coded = {"system": UCUM, "code": unit.text}
        twin = dice.choice([other.text for other in units()[concept] if other.factor == unit.factor and other.text])
        forms += [coded, {**coded, "unit": unit.text}, {**coded, "unit": twin}]
    return {**kept, "value": value, **dice.choice(forms)}


def _micro(text: str, dice: Random) -> str:
    sign = dice.choice(MICRO_SIGNS)
    for unit in ("umol", "ug", "uL"):
        text = text.replace(unit, sign + unit[1:])
    return text


SPELLINGS: dict[str, Spelling] = {
    "in another unit": one_by_one(in_another_unit, "Observation"),
    "with a micro sign": one_by_one(with_a_micro_sign, "Observation"),
}

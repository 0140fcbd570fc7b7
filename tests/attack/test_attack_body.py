"""Cases JSON-01 to JSON-35: bodies that are no JSON, mean two things, or are meant to keep the service busy."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.attack.attacker import Attack
from tests.attack.case_table import case
from tests.attack.charts import (
    CREATININE,
    OTHER,
    PROTEIN_24H,
    UPCR,
    Json,
    add,
    membranous,
    membranous_by_ratio,
    newest,
    observation,
    quantity,
    resources,
    written,
)

MARK = "@@"
LIMIT = 8 * 1024 * 1024


def with_creatinine(raw: str) -> bytes:
    """The base call with one more creatinine, whose value is this text."""
    call = add(membranous(), "kidney-function", observation("odd", CREATININE, "2026-11-12", MARK, "mg/dL"))
    return written(call, MARK, raw)


def replaced(old: str, new: str) -> bytes:
    body = json.dumps(membranous())
    assert old in body
    return body.replace(old, new, 1).encode()


@case("JSON-01")
@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"prefetch":' + b"[" * 100_000],
    ids=["arrays", "objects", "closed arrays", "inside the prefetch"],
)
def test_a_body_nested_without_end_is_refused_at_once(attack: Attack, body: bytes) -> None:
    attack.send(body, 400)


@case("JSON-03")
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "nan"])
def test_a_word_for_no_number_is_refused(attack: Attack, value: str) -> None:
    attack.send(with_creatinine(value), 400)


@case("JSON-05")
@pytest.mark.parametrize(
    "twice",
    ['"patientId": "pat-a", "patientId": "pat-b"', '"patientId": "pat-b", "p\\u0061tientId": "pat-a"'],
    ids=["plain", "escaped"],
)
def test_a_patient_named_twice_is_refused(attack: Attack, twice: str) -> None:
    said = attack.send(replaced('"patientId": "pat-a"', twice), 400)
    assert OTHER not in said.text


@case("JSON-06")
@pytest.mark.parametrize("twice", ['"value": 0.5, "value": 5', '"value": 0.5, "valu\\u0065": 5'])
def test_a_value_given_twice_is_refused(attack: Attack, twice: str) -> None:
    attack.send(replaced('"value": 7.6', twice), 400)


@case("JSON-08")
@pytest.mark.parametrize(
    "octets", [b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"], ids=lambda octets: octets.hex()
)
def test_octets_that_are_no_utf_8_are_refused(attack: Attack, octets: bytes) -> None:
    attack.send(json.dumps(membranous()).encode().replace(b"Practitioner/prac-1", octets), 400)


@case("JSON-10")
def test_a_byte_order_mark_is_forgiven(attack: Attack) -> None:
    marked = attack.send(b"\xef\xbb\xbf" + json.dumps(membranous()).encode())
    assert marked.text == attack.send(membranous()).text


@case("JSON-12")
@pytest.mark.parametrize("where", ["note", "unit", "drug", "name"])
def test_a_null_character_in_a_text_breaks_nothing(attack: Attack, where: str) -> None:
    call, text = membranous(), "a\x00b"
    latest = newest(call, PROTEIN_24H)
    if where == "note":
        latest["note"] = [{"text": text}]
    elif where == "unit":
        latest["valueQuantity"]["unit"] = f"g/d{text}"
    elif where == "drug":
        next(one for one in resources(call) if one["id"] == "s-01-07")["medicationCodeableConcept"]["text"] = text
    else:
        call["prefetch"]["patient"]["name"] = [{"text": text}]
    assert "\\u0000" not in attack.send(call, {200, 400}).text


@case("JSON-14")
@pytest.mark.parametrize("value", ["1E+1000000", "1e400", "-1E+1000000", "1E-1000000", "1E+300", "1E+31"])
def test_a_number_beyond_all_measure_is_refused_or_set_aside_and_takes_no_time(attack: Attack, value: str) -> None:
    said = attack.send(with_creatinine(value), {200, 400})
    if said.status == 200:
        assert set(said.set_aside) == {"Observation/odd"}
        assert "Creatinine 2026-11-12" in said.detail


@case("JSON-16")
@pytest.mark.parametrize("digits", [5000, 4000, 400])
def test_a_count_of_thousands_of_digits_is_refused(attack: Attack, digits: int) -> None:
    call = membranous()
    call["prefetch"]["proteinuria"]["total"] = MARK
    attack.send(written(call, MARK, "9" * digits), 400)


@case("JSON-18")
def test_one_octet_over_the_limit_is_too_large(attack: Attack) -> None:
    body = json.dumps(membranous()).encode()
    attack.send(body + b" " * (LIMIT + 1 - len(body)), 413)
    assert attack.line["fault"] == "BodyTooLarge"


@case("JSON-20")
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity"])
def test_a_content_coding_is_not_taken(attack: Attack, coding: str) -> None:
    attack.send(gzip.compress(json.dumps(membranous()).encode()), 415, {"Content-Encoding": coding})


@case("JSON-22")
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"]
)
def test_another_media_type_is_not_taken(attack: Attack, kind: str) -> None:
    attack.send(membranous(), 415, {"Content-Type": kind})


@case("JSON-23")
@pytest.mark.parametrize(
    "kind", ["application/fhir+json", "application/json; charset=utf-8", 'application/json;charset="UTF-8"']
)
def test_the_other_names_of_json_are_taken(attack: Attack, kind: str) -> None:
    assert attack.send(membranous(), headers={"Content-Type": kind}).text == attack.send(membranous()).text


@case("JSON-24")
@pytest.mark.parametrize("charset", ["utf-7", "latin-1", "utf-16"])
def test_another_character_set_is_not_taken(attack: Attack, charset: str) -> None:
    attack.send(membranous(), {400, 415}, {"Content-Type": f"application/json; charset={charset}"})


@case("JSON-25")
@pytest.mark.parametrize("body", ["", " ", "null", "[]", '"x"', "7", "true", "{}", "[{}]"])
def test_a_body_that_is_no_object_or_an_empty_one_is_refused(attack: Attack, body: str) -> None:
    attack.send(body.encode(), 400)


@case("JSON-27")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("context", None),
        ("context", "pat-a"),
        ("context", ["pat-a"]),
        ("prefetch", [{"patient": {}}]),
        ("prefetch", "all"),
        ("hookInstance", "not-a-uuid-canary"),
        ("hookInstance", 7),
        ("hook", ["patient-view"]),
    ],
)
def test_a_member_of_the_wrong_shape_is_refused_by_its_name(attack: Attack, member: str, value: Any) -> None:
    said = attack.send(membranous() | {member: value}, 400)
    assert said.issue["expression"] == [member]
    assert "canary" not in said.text


def bad_among_two_hundred(bad: Json) -> Json:
    """The base chart, 199 ratios of older weeks, and the bad resource in the middle of them."""
    call = membranous_by_ratio()
    filling = [
        observation(f"good-{week}", UPCR, f"{2000 + week // 12}-{week % 12 + 1:02}-15", 8.1, "g/g")
        for week in range(199)
    ]
    return add(call, "proteinuria", *filling[:100], bad, *filling[100:])


@case("JSON-32")
@pytest.mark.parametrize(
    "odd",
    [
        {"foo": 1},
        {"triggeredBy": [{"observation": {"reference": "Observation/x"}, "type": "reflex"}]},
        {"valueQuantity": {"value": "low", "unit": "g/g"}},
        {"valueQuantity": [0.2]},
    ],
    ids=["unknown element", "element of R5", "word for a number", "list for an object"],
)
def test_one_bad_resource_among_two_hundred_is_said_and_the_others_are_used(attack: Attack, odd: Json) -> None:
    said = attack.send(bad_among_two_hundred(observation("bad", UPCR, "2026-11-20", 0.2, "g/g") | odd))
    assert set(said.set_aside) == {"Observation/bad"}
    assert "UPCR" in next(line for line in said.detail.splitlines() if "not used:" in line)
    assert "221 records read: 220 used" in said.detail
    assert said.rule == "MN-07"


@case("JSON-32")
def test_a_bad_resource_that_could_not_matter_is_not_talked_about(attack: Attack) -> None:
    said = attack.send(bad_among_two_hundred(observation("haemoglobin", "718-7", "2026-11-20", "x", "g/dL", foo=1)))
    assert said.set_aside == {}
    assert "1 not relevant" in said.detail


@case("JSON-35")
@pytest.mark.parametrize("unit", ["mg" + "/g" * 50_000, "[" * 100_000, "mg " * 33_000])
def test_a_unit_without_end_takes_no_time_and_is_said(attack: Attack, unit: str) -> None:
    call = membranous_by_ratio()
    newest(call, UPCR)["valueQuantity"] = quantity(3.5, unit)
    said = attack.send(call)
    assert set(said.set_aside) == {"Observation/s-01-10"}
    assert "unit missing or not accepted" in said.detail or "could not be read" in said.detail
    assert len(said.text) < 60_000


@case("JSON-35")
@pytest.mark.parametrize("text", ["6 mg daily " * 95_000, "1" * 1_000_000 + " mg", "mg/" * 350_000])
def test_a_dosage_text_without_end_takes_no_time(attack: Attack, text: str) -> None:
    call = membranous()
    next(one for one in resources(call) if one["id"] == "s-01-07")["dosage"] = [{"text": text}]
    said = attack.send(call)
    assert said.rule == "MN-07"
    assert len(said.text) < 60_000

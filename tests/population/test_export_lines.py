"""Every line of an export is in one bin, and the broken ones are named by place, never by what is in them."""

import gzip
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.population.export import find_export
from cds_service.population.faults import ScreeningFault
from tests.population.exports import STORIES, rows, screened, story, write_lines

PLACE = next(place for place in STORIES if place.name == "tacrolimus-failed-so-rituximab-is-next")
PATIENT, RESOURCES, _ = story(PLACE)
SECRET = "Jane-Secret-Doe"


def line(resource: Any) -> bytes:
    return orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE)


def of(kind: str) -> dict[str, Any]:
    return next(resource for resource in RESOURCES if resource["resourceType"] == kind)


OBSERVATION = of("Observation")
# What is added to a clean chart: the bin that it must come into.
ODD: dict[str, tuple[bytes, str]] = {
    "cut off": (line(OBSERVATION)[:60] + b"\n", "broken"),
    "no JSON": (f"{SECRET}\n".encode(), "broken"),
    "a list": (b"[1, 2]\n", "broken"),
    "no type": (b'{"id": "x"}\n', "broken"),
    "a key twice": (line(OBSERVATION).replace(b'"status"', b'"status":"final","status"', 1), "broken"),
    "no number at all": (line(OBSERVATION).rstrip(b"}\n") + b', "x": NaN}\n', "broken"),
    "the same line again": (line(OBSERVATION), "duplicate"),
    "another type": (line({"resourceType": "Encounter", "id": "e", "subject": OBSERVATION["subject"]}), "other_type"),
    "no subject": (line({key: value for key, value in OBSERVATION.items() if key != "subject"}), "without_patient"),
    "a group": (line({**OBSERVATION, "subject": {"reference": "Group/1"}}), "without_patient"),
    "a subject of another shape": (line({**OBSERVATION, "id": "odd", "subject": "Patient/x"}), "without_patient"),
    "somebody else": (line({**OBSERVATION, "subject": {"reference": "Patient/healthy"}}), "neither_disease"),
    "a drug": (line({"resourceType": "Medication", "id": "m1", "code": {"text": "aspirin"}}), "medication"),
    "another laboratory value": (line({**OBSERVATION, "id": "na", "code": {"text": "sodium"}}), "not_relevant"),
}


def clean(folder: Path) -> None:
    write_lines(folder / "everything.ndjson", RESOURCES)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("clean")
    clean(folder / "export")
    counts = screened(folder / "export", folder / "out")
    return counts["lines"], rows(folder / "out" / "screening.ndjson")[0]


@pytest.mark.parametrize("what", ODD)
def test_an_odd_line_comes_into_its_bin_and_changes_no_answer(what: str, untouched: Any, tmp_path: Path) -> None:
    before, answer = untouched
    content, name = ODD[what]
    clean(tmp_path / "export")
    (tmp_path / "export" / "odd.ndjson").write_bytes(b"\n" + content)
    counts = screened(tmp_path / "export", tmp_path / "out")
    changed = {key: number - before[key] for key, number in counts["lines"].items() if number != before[key]}
    assert changed == {"read": 1, name: 1}
    row = rows(tmp_path / "out" / "screening.ndjson")[0]
    assert row | {"resources": 0} == answer | {"resources": 0}
    told = rows(tmp_path / "out" / "broken.ndjson")
    assert [(one["file"], one["line"]) for one in told] == ([("odd.ndjson", 2)] if name == "broken" else [])
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert SECRET.encode() not in written


def test_packed_files_with_windows_line_ends_and_a_byte_order_mark_are_read(untouched: Any, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    content = b"\xef\xbb\xbf" + b"\r\n".join(line(resource).strip() for resource in RESOURCES)
    (tmp_path / "export" / "all.ndjson.gz").write_bytes(gzip.compress(content))
    counts = screened(tmp_path / "export", tmp_path / "out")
    assert counts["lines"] == untouched[0]
    assert rows(tmp_path / "out" / "screening.ndjson") == [untouched[1]]


def test_a_packed_file_that_breaks_off_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    clean(tmp_path / "export")
    packed = gzip.compress(b"".join(line({**OBSERVATION, "id": f"o{n}"}) for n in range(2000)))
    (tmp_path / "export" / "more.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    counts = screened(tmp_path / "export", tmp_path / "out")
    assert counts["lines"]["broken"] == 1
    assert rows(tmp_path / "out" / "broken.ndjson")[0]["file"] == "more.ndjson.gz"


def test_addresses_before_the_patient_and_drugs_by_reference_are_understood(untouched: Any, tmp_path: Path) -> None:
    changed: list[dict[str, Any]] = []
    for resource in RESOURCES:
        resource = dict(resource)
        if "subject" in resource:
            resource["subject"] = {"reference": f"https://ehr.example.org/fhir/Patient/{PATIENT}"}
        if "medicationCodeableConcept" in resource:
            drug = {
                "resourceType": "Medication",
                "id": f"m-{resource['id']}",
                "code": resource["medicationCodeableConcept"],
            }
            del resource["medicationCodeableConcept"]
            resource["medicationReference"] = {"reference": f"https://ehr.example.org/fhir/Medication/{drug['id']}"}
            changed.append(drug)
        changed.append(resource)
    write_lines(tmp_path / "export" / "all.ndjson", changed)
    counts = screened(tmp_path / "export", tmp_path / "out")
    assert rows(tmp_path / "out" / "screening.ndjson") == [untouched[1]]
    assert counts["lines"]["medication"] == len(changed) - len(RESOURCES)


def test_a_problem_in_a_file_where_nobody_looks_for_one_is_found_all_the_same(untouched: Any, tmp_path: Path) -> None:
    others = [resource for resource in RESOURCES if resource["resourceType"] != "Condition"]
    strangers = [{**OBSERVATION, "id": f"o{n}", "subject": {"reference": "Patient/x"}} for n in range(4000)]
    hidden = [resource for resource in RESOURCES if resource["resourceType"] == "Condition"]
    write_lines(tmp_path / "export" / "Observation.ndjson", [*strangers, *hidden])
    write_lines(tmp_path / "export" / "rest.ndjson", others)
    screened(tmp_path / "export", tmp_path / "out")
    assert rows(tmp_path / "out" / "screening.ndjson") == [untouched[1]]


def test_a_manifest_says_which_files_there_are_how_many_lines_and_what_is_gone(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.ndjson", RESOURCES)
    write_lines(tmp_path / "labels.ndjson", [{"patient": PATIENT}])
    gone = {"request": {"method": "DELETE", "url": f"Observation/{OBSERVATION['id']}"}}
    write_lines(tmp_path / "gone.ndjson", [{"resourceType": "Bundle", "type": "transaction", "entry": [gone]}])
    manifest = {
        "output": [{"type": "Mixed", "url": "https://ehr.example.org/bulk/7/a.ndjson", "count": 5}],
        "deleted": [{"type": "Bundle", "url": "gone.ndjson"}],
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    for number, given in enumerate((tmp_path, tmp_path / "manifest.json")):
        counts = screened(given, tmp_path / f"out{number}")
        assert counts["lines"]["deleted"] == 1
        assert counts["lines"]["read"] == len(RESOURCES)
        assert counts["files"]["not_as_many_as_told"] == [{"file": "a.ndjson", "told": 5, "lines": len(RESOURCES)}]


def test_a_manifest_in_pages_is_followed_and_what_failed_is_no_unknown_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.ndjson", RESOURCES[::2])
    write_lines(tmp_path / "deeper" / "b%.ndjson", RESOURCES[1::2])
    write_lines(tmp_path / "failed.ndjson", [{"resourceType": "OperationOutcome"}])
    write_lines(tmp_path / "other.ndjson", [{}])
    failed = {"error": [{"type": "OperationOutcome", "url": "failed.ndjson"}]}
    onward = [{"relation": "self", "url": "manifest.json"}, {"relation": "next", "url": "https://x.test/1/second.json"}]
    first = {"output": [{"type": "Mixed", "url": "a.ndjson"}], "link": onward, **failed}
    (tmp_path / "manifest.json").write_text(json.dumps(first))
    with pytest.raises(ScreeningFault, match=r"goes on in second\.json"):
        find_export(str(tmp_path / "manifest.json"))
    second = {"output": [{"type": "Mixed", "url": "deeper/b%25.ndjson"}], **failed}
    (tmp_path / "second.json").write_text(json.dumps(second))
    found = find_export(str(tmp_path))
    assert [file.name for file in found.files] == ["a.ndjson", "deeper/b%.ndjson"]
    assert ([file.name for file in found.errors], found.errors_told) == (["failed.ndjson"], 1)
    assert found.not_named == ("other.ndjson",)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such folder"), ({"output": [{"url": "b.ndjson"}]}, "b.ndjson"), ({"entry": []}, "no manifest")],
)
def test_what_is_no_export_is_said(content: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(json.dumps(content))
    with pytest.raises(ScreeningFault, match=said):
        find_export(str(path))

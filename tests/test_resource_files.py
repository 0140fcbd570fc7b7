"""Resources out of files: Bundles, requests, lines, plain or packed; what is broken is named, the rest is read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.resource_files import Broken, ResourceFiles, resources_in

A, B = {"resourceType": "Condition", "id": "a"}, {"resourceType": "Observation", "id": "b"}
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": A}, {"resource": B}]}
REQUEST = {"hook": "patient-view", "context": {"patientId": "p"}, "prefetch": {"one": A, "many": BUNDLE, "none": None}}
MEDICATION = {"resourceType": "Medication", "id": "m"}


def ids(resources: Any) -> str:
    return "".join(resource["id"] for resource in resources)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (A, "a"),
        ([A, B], "ab"),
        (BUNDLE, "ab"),
        ({"resourceType": "Bundle", "entry": [{"resource": BUNDLE}, {"resource": A}]}, "aba"),
        ({"resourceType": "Bundle", "entry": [None, {"response": {}}, {"resource": "x"}, {"resource": B}]}, "b"),
        ({"resourceType": "Bundle", "entry": {"resource": A}}, ""),
        ({"resourceType": "Parameters", "parameter": [{"resource": A}]}, "a"),
        ({**B, "contained": [MEDICATION]}, "bm"),
        (REQUEST, "aab"),
        (REQUEST["prefetch"], "aab"),
        ({"hook": "order-sign", "context": {"draftOrders": BUNDLE}}, "ab"),
        ({"a": 1}, ""),
        (3, ""),
    ],
)
def test_resources_are_found_in_any_document_in_their_order(document: Any, found: str) -> None:
    assert ids(resources_in(document)) == found


@pytest.mark.parametrize("name", ["one.json", "one.json.gz", "one.ndjson", "one.ndjson.gz", "one.jsonl", "one.txt"])
def test_lines_and_documents_are_told_apart_packed_or_not(tmp_path: Path, name: str) -> None:
    text = f"{json.dumps(A)}\n{json.dumps(B)}\n".encode()
    file = tmp_path / name
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    files = ResourceFiles(file)
    assert (ids(files), files.broken) == ("ab", [])


def test_a_document_over_many_lines_is_one(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(BUNDLE, indent=2), encoding="utf-8-sig")
    assert ids(ResourceFiles(tmp_path / "x.json")) == "ab"


def test_a_folder_is_read_in_the_order_of_its_names_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "2.ndjson").write_text(json.dumps(B))
    (tmp_path / "1.json").write_text(json.dumps(A))
    (tmp_path / "notes.txt").write_text("nothing")
    files = ResourceFiles(tmp_path)
    assert (ids(files), len(files.files), files.broken) == ("ab", 2, [])


def test_broken_lines_are_named_by_file_and_line_and_the_others_are_read(tmp_path: Path) -> None:
    lines = [json.dumps(A), "{broken", "", "3", '{"a": 1}', json.dumps(B), "\xff\xfe"]
    (tmp_path / "x.ndjson").write_bytes("\n".join(lines).encode("latin-1"))
    files = ResourceFiles(tmp_path)
    assert ids(files) == "ab"
    assert files.broken == [
        Broken("x.ndjson", 2, "is not JSON"),
        Broken("x.ndjson", 4, "holds no FHIR resource"),
        Broken("x.ndjson", 5, "holds no FHIR resource"),
        Broken("x.ndjson", 7, "is not JSON"),
    ]


def test_a_thousand_broken_lines_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_text("{\n" * 1000)
    files = ResourceFiles(tmp_path)
    assert (ids(files), files.broken_lines, len(files.broken)) == ("", 1000, 20)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(json.dumps(A).encode() * 50)[:-20], "cannot be read to its end"),
        (b"not packed at all", "cannot be read to its end"),
        (b"", ""),
    ],
    ids=["cut", "not packed", "empty"],  # the packed bytes hold the time
)
def test_an_archive_that_is_cut_or_none_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "x.ndjson.gz").write_bytes(content)
    files = ResourceFiles(tmp_path)
    list(files)
    assert [reason in one.reason for one in files.broken] == ([True] if reason else [])


def test_what_is_too_large_is_named_and_what_follows_is_read(tmp_path: Path) -> None:
    long = json.dumps({**A, "note": "x" * 1000})
    (tmp_path / "1.ndjson").write_text(f"{long}\n{json.dumps(B)}\n")
    (tmp_path / "2.json").write_text(long)
    files = ResourceFiles(tmp_path, longest_line=100, largest_document=100)
    assert ids(files) == "b"
    assert [(one.file, one.line) for one in files.broken] == [("1.ndjson", 1), ("2.json", 0)]


def test_progress_adds_up_to_the_size_of_the_files(tmp_path: Path) -> None:
    lines = "".join(json.dumps({**A, "id": str(number)}) + "\n" for number in range(2000)).encode()
    (tmp_path / "1.ndjson").write_bytes(lines)
    (tmp_path / "2.ndjson.gz").write_bytes(gzip.compress(lines))
    (tmp_path / "3.json").write_text(json.dumps(BUNDLE))
    done: list[int] = []
    files = ResourceFiles(tmp_path, done.append)
    assert len(list(files)) == 4002
    assert sum(done) == files.size

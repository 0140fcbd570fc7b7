"""The registry: the same bytes each time, and screening finds the state that a patient was built to show."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cds_service.synthetic import lupus, membranous
from cds_service.synthetic.export import write_export
from cds_service.synthetic.registry import patient, registry
from tests.population.exports import ON, rows, screened

NUMBER = 400


@pytest.fixture(scope="module", params=["R4", "R5"])
def registered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = tmp_path_factory.mktemp("registry")
    write_export(registry(NUMBER, 11, ON), folder / "export", 11, ON, request.param, lambda done: None)
    screened(folder / "export", folder / "out")
    found = {row["patient"]: row for row in rows(folder / "out" / "screening.ndjson")}
    return rows(folder / "export" / "labels.ndjson"), (request.param, found)


def test_screening_gives_back_the_label_of_every_chart_that_can_be_read(registered: Any) -> None:
    labels, (_, found) = registered
    readable = [label for label in labels if label["readable"]]
    wrong = [
        (label["course"], label["mess"], found[label["patient"]]["state"])
        for label in readable
        if found[label["patient"]]["state"] != label["state"]
    ]
    assert not wrong
    assert NUMBER > len(readable) > NUMBER * 0.8
    assert any(label["mess"] for label in readable)


def test_every_course_is_there_and_the_release_is_told(registered: Any) -> None:
    labels, (release, found) = registered
    assert {label["course"] for label in labels} == {
        course.__name__ for course in (*membranous.COURSES, *lupus.COURSES)
    }
    with_drugs = [row for row in found.values() if row["lines"]]
    assert {row["fhirVersion"] for row in with_drugs} == {release}


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    def bytes_of(name: str, seed: int) -> dict[str, str]:
        write_export(registry(30, seed, ON), tmp_path / name, seed, ON, "R4", lambda done: None)
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / name).iterdir()}

    assert bytes_of("a", 1) == bytes_of("b", 1) != bytes_of("c", 2)


def test_a_patient_does_not_depend_on_how_many_there_are() -> None:
    assert list(registry(5, 1, ON))[4] == patient(4, 1, ON)

"""The table of docs/integrating.md says exactly what is read from each release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_service.fhir.fifth_shapes import FIFTH
from cds_service.fhir.shapes import PATIENT, SHAPES, Shape

PAGE = Path(__file__).resolve().parents[2] / "docs" / "integrating.md"
# Read before anything is validated: what a record points at, and whether a patient record was merged.
BESIDE = {"medicationReference", "reasonReference", "link"}
CHOICE = re.compile(r"(.+)\[x\]")


def row_of(kind: str) -> list[set[str]]:
    """The elements in each column of one row."""
    [line] = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {kind} | `")]
    return [{name.partition(".")[0] for name in re.findall(r"`([a-zA-Z.\[\]]+)`", cell)} for cell in line_cells(line)]


def line_cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")][1:]


def read_by(shape: Shape) -> set[str]:
    read = {name for name, mender in shape.elements.items() if mender is not None and not name.startswith("_")}
    return (read | {shape.coded, shape.subject}) - {""}


def unfolded(names: set[str], elements: set[str]) -> set[str]:
    """`onset[x]` stands for every element that begins so and goes on with a capital letter."""
    whole = set()
    for name in names:
        choice = CHOICE.fullmatch(name)
        begins = [element for element in elements if choice and re.fullmatch(f"{choice[1]}[A-Z]\\w*", element)]
        assert begins or not choice, name
        whole |= set(begins) if choice else {name}
    return whole


@pytest.mark.parametrize("kind", SHAPES)
def test_the_table_says_what_is_read_of(kind: str) -> None:
    both, fourth, fifth = row_of(kind)
    for shape, own in ((SHAPES[kind], fourth), (FIFTH[kind], fifth)):
        read = read_by(shape)
        assert unfolded(both | own - BESIDE, read) == read


def test_the_table_says_what_is_read_of_a_patient() -> None:
    both, _, _ = row_of("Patient")
    assert both - BESIDE == read_by(PATIENT)

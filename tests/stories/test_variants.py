"""The same patient written in another way gets the same recommendation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.stories.agreement import RECOMMENDATION
from cds_service.stories.codings import Writings
from cds_service.stories.shapes import SHAPES, shaped
from cds_service.stories.vignette import StoryFault, Vignette, load_vignettes

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
VIGNETTES = load_vignettes(FIXTURES / "vignettes")
AS_WRITTEN = "as-written"
MEMBERS = ("disease", "state", "action", "nextClass", "alternatives", "vetoed", "rule", "severity", "notes", "missing")


def recommendations(client: FlaskClient, request: dict[str, Any]) -> list[dict[str, Any]]:
    reply = client.post("/cds-services/next-therapy", json=request)
    assert reply.status_code == 200, reply.get_json()
    halves = [card["extension"].get(RECOMMENDATION) for card in reply.get_json()["cards"]]
    return [{member: half.get(member) for member in MEMBERS} for half in halves if half]


@pytest.fixture(scope="module")
def as_written(client: FlaskClient, writings: Writings) -> dict[str, list[dict[str, Any]]]:
    return {v.name: recommendations(client, shaped(v, writings, AS_WRITTEN)) for v in VIGNETTES}


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != AS_WRITTEN])
@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda vignette: vignette.name)
def test_the_recommendation_does_not_depend_on_the_writing(
    vignette: Vignette,
    shape: str,
    client: FlaskClient,
    writings: Writings,
    as_written: dict[str, list[dict[str, Any]]],
) -> None:
    assert recommendations(client, shaped(vignette, writings, shape)) == as_written[vignette.name]


def test_every_shape_changes_something(writings: Writings) -> None:
    pulses = next(vignette for vignette in VIGNETTES if vignette.id == "S-04")
    plain = str(shaped(pulses, writings, AS_WRITTEN))
    assert [shape for shape in SHAPES if str(shaped(pulses, writings, shape)) == plain] == [AS_WRITTEN]


def test_a_shape_nobody_knows_is_refused(writings: Writings) -> None:
    with pytest.raises(StoryFault, match="no shape sideways"):
        shaped(VIGNETTES[0], writings, "sideways")

"""Every model is used once before the first call."""

from __future__ import annotations

from cds_service.fhir.fifth_shapes import MOVED
from cds_service.fhir.shapes import SHAPES
from cds_service.fhir.warming import warm


def test_each_resource_of_each_kind_can_be_read() -> None:
    assert warm() == 3 * len(SHAPES) + 1 + 2 * len(MOVED) + 1


def test_the_usual_sets_of_elements_have_their_validators() -> None:
    warm()
    for kind, shape in (*SHAPES.items(), *MOVED.items()):
        assert any(plan is not None for plan in shape.plans.values()), kind

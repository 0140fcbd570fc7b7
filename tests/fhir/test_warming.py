"""Every model is used once before the first call."""

from __future__ import annotations

from cds_service.fhir.resources import SHAPES
from cds_service.fhir.warming import warm


def test_one_resource_of_each_kind_can_be_read() -> None:
    assert warm() == len(SHAPES) + 1
